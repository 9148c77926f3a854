#include "si/plot/picture.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

using namespace si;

TEST_CASE("a PNG unpacks to its pixels") {
    Picture picture(3, 2, 7);
    picture.at(2, 1) = 200;
    const std::string bytes = png(picture);
    CHECK(bytes.substr(0, 8) == "\x89PNG\r\n\x1A\n");
    CHECK(bytes.substr(12, 4) == "IHDR");
    const auto at = bytes.find("IDAT");
    std::string rows(64, '\0');
    uLongf size = rows.size();
    REQUIRE(uncompress(reinterpret_cast<Bytef*>(rows.data()), &size,
                       reinterpret_cast<const Bytef*>(bytes.data() + at + 4),
                       static_cast<uLong>(bytes.size() - at - 4)) == Z_OK);
    rows.resize(size);
    CHECK(rows == std::string("\0\7\7\7\0\7\7\xC8", 8));
    CHECK(pgm(picture).substr(0, 11) == "P5\n3 2\n255\n");
}

TEST_CASE("a grid shows the first sample at the top left, in the levels of the first panel") {
    Matrix x = Matrix::Zero(4, 3);
    x.col(0) << 0, 1, 0.5, 1;
    const Panel panel{&x, {4}};
    const Picture picture = pictures().at("grid").draw(
        Json::parse(R"({"rows": 2, "columns": 2, "zoom": 1})"), {panel, panel});
    CHECK(picture.at(17, 17) == 0);
    CHECK(picture.at(18, 17) == 255);
    CHECK(picture.at(17, 18) == 128);
    CHECK_THROWS_WITH_AS(pictures().at("grid").draw(Json::parse(R"({"size": [3, 1]})"), {panel}),
                         "samples of 4 numbers are no grey images of 3 x 1", Error);
}

TEST_CASE("a density is dark where samples are, up is up") {
    Matrix x(2, 400);
    for (Index j = 0; j < 400; ++j) x.col(j) << (j < 399 ? 0.0 : 1.0), (j < 399 ? 1.0 : 0.0);
    const Picture picture =
        pictures().at("density").draw(Json::parse(R"({"pixels": 10})"), {{&x, {2}}});
    Index darkest_x = 0, darkest_y = 0;
    for (Index y = 16; y < 26; ++y) {
        for (Index c = 16; c < 26; ++c) {
            if (picture.at(c, y) < picture.at(darkest_x, darkest_y)) darkest_x = c, darkest_y = y;
        }
    }
    CHECK(darkest_x < 18);
    CHECK(darkest_y < 18);
}
