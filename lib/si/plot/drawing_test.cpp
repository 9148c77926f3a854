#include "si/plot/drawing.hpp"

#include <cmath>

#include <doctest/doctest.h>
#include <png.h>

#include "si/base/error.hpp"
#include "si/base/text.hpp"
#include "si/plot/glyphs.hpp"
#include "support/xml.hpp"

using namespace si;
using namespace si::plot;

namespace {

double contrast(Colour a, Colour b) {  // WCAG 2.1
    const auto luminance = [](Colour c) {
        const auto linear = [](std::uint8_t level) {
            const double v = level / 255.0;
            return v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
        };
        return 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
    };
    const double x = luminance(a) + 0.05, y = luminance(b) + 0.05;
    return std::max(x, y) / std::min(x, y);
}

Drawing square() {
    Drawing drawing;
    drawing.width = drawing.height = 20;
    drawing.title = "a <square>";
    drawing.add(Area{{{5, 5}, {15, 5}, {15, 15}, {5, 15}}, Ink::one, 1});
    return drawing;
}

}  // namespace

TEST_CASE("a PNG unpacks to its pixels") {
    for (const Index channels : {1, 3}) {
        Bitmap bitmap(5, 4, channels, 7);
        bitmap.at(4, 1, channels - 1) = 200;
        const std::string bytes = png(bitmap);
        CHECK(bytes == png(bitmap));
        CHECK(bytes[24] == 8);  // bits a channel
        CHECK(bytes[25] == (channels == 3 ? 2 : 0));
        png_image image{};
        image.version = PNG_IMAGE_VERSION;
        REQUIRE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) != 0);
        CHECK(image.width == 5);
        CHECK(image.height == 4);
        image.format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
        std::vector<std::uint8_t> levels(PNG_IMAGE_SIZE(image));
        REQUIRE(png_image_finish_read(&image, nullptr, levels.data(), 0, nullptr) != 0);
        CHECK(levels == bitmap.levels);
    }
    CHECK_THROWS_AS(png(Bitmap(0, 1)), Error);
    CHECK(pgm(Bitmap(3, 2)).substr(0, 11) == "P5\n3 2\n255\n");
}

TEST_CASE("the ending of a name decides what kind of picture a file is") {
    const auto drawn = [](const std::string& file) {
        return picture_format(file).encode(square(), 1, Theme::light);
    };
    CHECK(drawn("A.SVG") == svg(square(), Theme::light));
    CHECK(drawn("b/.svg") == svg(square(), Theme::light));
    CHECK(drawn("a.svg") == svg(square(), Theme::light));
    for (const char* file : {"a.png", "-", "a.b/c", "/dev/stdout"}) {
        CAPTURE(file);
        CHECK(drawn(file) == png(raster(square(), 1)));
    }
    CHECK(drawn("a.pgm") == pgm(grey(raster(square(), 1))));
    CHECK_THROWS_WITH_AS(drawn("a.gif"), "a.gif: ends with none of .png, .svg, .pgm", Error);
}

TEST_CASE("colours are told from the ground in both themes") {
    for (const Theme theme : {Theme::light, Theme::dark}) {
        const Colour paper = colour_of(Ink::paper, theme);
        CHECK(contrast(colour_of(Ink::text, theme), paper) > 7);
        for (std::size_t k = 0; k < 6; ++k) {
            INFO(k);
            CHECK(contrast(colour_of(series_ink(k), theme), paper) > 3);
        }
    }
    CHECK(style_sheet().find("prefers-color-scheme:dark") != std::string::npos);
}

TEST_CASE("shapes are where they are said to be, and the ground elsewhere") {
    const Bitmap pixels = raster(square(), 2);
    REQUIRE(pixels.width == 40);
    const auto colour = [&](Index x, Index y) {
        return Colour{pixels.at(x, y, 0), pixels.at(x, y, 1), pixels.at(x, y, 2)};
    };
    CHECK(colour(20, 20) == colour_of(Ink::one, Theme::light));
    CHECK(colour(10, 10) == colour_of(Ink::one, Theme::light));
    CHECK(colour(29, 29) == colour_of(Ink::one, Theme::light));
    CHECK(colour(9, 9) == colour_of(Ink::paper, Theme::light));
    CHECK(colour(30, 30) == colour_of(Ink::paper, Theme::light));
    CHECK(raster(square(), 2, Theme::dark).at(0, 0) == colour_of(Ink::paper, Theme::dark)[0]);
    CHECK_THROWS_AS(raster(square(), 1e6), Error);
}

TEST_CASE("what covers half a pixel has half of its colour, whatever it is") {
    Drawing drawing;
    drawing.width = drawing.height = 8;
    drawing.add(Area{{{2, 2}, {4.5, 2}, {4.5, 6}, {2, 6}}, Ink::text, 1});
    const int ink = colour_of(Ink::text, Theme::light)[0];
    CHECK(std::abs(raster(drawing, 1).at(4, 4) - (255 + ink) / 2) <= 2);
    drawing.shapes.clear();
    drawing.add(Stroke{{{0, 4}, {8, 4}}, Ink::text, 2});
    CHECK(raster(drawing, 1).at(4, 3) == ink);
    CHECK(raster(drawing, 1).at(4, 4) == ink);
    CHECK(raster(drawing, 1).at(4, 1) == 255);
}

TEST_CASE("dashes of 5 and gaps of 4 go on round a corner") {
    Drawing drawing;
    drawing.width = drawing.height = 40;
    drawing.add(Stroke{{{2, 4}, {32, 4}, {32, 36}}, Ink::text, 1, 1, true});
    const Bitmap pixels = raster(drawing, 1);
    const int ink = colour_of(Ink::text, Theme::light)[0], paper = 255;
    const auto level = [&](double along) {  // of the pixel on the line that far from its start
        return along < 30 ? pixels.at(static_cast<Index>(2 + along), 4)
                          : pixels.at(32, static_cast<Index>(4 + along - 30));
    };
    for (const int dash : {0, 9, 18, 36, 45}) {
        CHECK(std::abs(level(dash + 2) - (ink + paper) / 2) <= 2);  // half of it is in this row
        CHECK(level(dash + 7) == paper);
    }
}

TEST_CASE("every printable character has a shape of its own, inside its grid") {
    std::vector<std::string> seen;
    for (char c = ' '; c <= '~'; ++c) {
        std::string shape;
        for (const auto& line : glyph(c)) {
            for (const Spot& spot : line) {
                CHECK(spot.x >= 0);
                CHECK(spot.x <= glyph_advance(c));
                CHECK(spot.y >= 0);
                CHECK(spot.y <= 10);
                shape += text(spot.x, ",", spot.y, " ");
            }
            shape += ";";
        }
        INFO(c);
        CHECK(std::find(seen.begin(), seen.end(), shape) == seen.end());
        seen.push_back(shape);
    }
    CHECK(ascii("d\xC3\xA9j\xC3\xA0") == "d\1j\1");
    CHECK(width_of("ab", 10) == doctest::Approx(12));
}

TEST_CASE("SVG is well-formed, whatever the words") {
    Drawing drawing = square();
    drawing.description = "5 < 6 & \"7\" '8' \x01 \xFF\xC0 \xC3\xA9";
    drawing.add(Caption{{1, 1}, "<script>alert(1)</script>", 10});
    drawing.add(Inset{{0, 0}, 4, 4, Bitmap(2, 2), Ink::two});
    const std::string page = svg(drawing);
    CHECK(xml_fault(page) == "");
    CHECK(page.find("<script") == std::string::npos);
    CHECK(page.find("a &lt;square&gt;") != std::string::npos);
    CHECK(escaped("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(escaped("\xC3\xA9") == "\xC3\xA9");
    CHECK(xml_fault("<a><b></a>") != "");
    CHECK(xml_fault("<a>&nbsp;</a>") != "");
    CHECK(xml_fault("<a b=\"1\" b=\"2\"/>") != "");
}
