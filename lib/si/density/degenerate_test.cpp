#include "si/density/degenerate.hpp"

#include <doctest/doctest.h>

#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normal(Index d, Index n) {
    Matrix x(d, n);
    fill_normal({7, Purpose::data, 0}, 0, x);
    return x;
}

}  // namespace

TEST_CASE("samples with a density are not spoken of") {
    CHECK(look_for_degenerate(normal(5, 50)).none());
    Matrix small = 1e-9 * normal(2, 50);
    small.row(1).array() += 1;  // spread by 1e-9 of its size, which float64 holds
    CHECK(look_for_degenerate(small).none());
    // Strongly correlated, and no relation.
    Matrix close = normal(2, 50);
    close.row(1) = close.row(0) + 1e-3 * close.row(1);
    CHECK(look_for_degenerate(close).none());
}

TEST_CASE("columns that are constant up to rounding are named") {
    Matrix x = normal(3, 50);
    x.row(2).setConstant(0.1);
    x(2, 7) = 0.1 + 1.4e-17;
    const auto found = look_for_degenerate(x);
    CHECK(found.sentences() == std::vector<std::string>{"column 3 is constant (0.1)"});
    x.row(0).setZero();
    CHECK(look_for_degenerate(x).sentences() ==
          std::vector<std::string>{"columns 1 and 3 are constant"});
}

TEST_CASE("linear relations are named by the columns in them, float32 or not") {
    Matrix x = normal(4, 50);
    x.row(3) = 2 * x.row(1).array() + 1;
    const std::vector<std::string> right{"columns 2 and 4 are bound by a linear relation"};
    CHECK(look_for_degenerate(x).sentences() == right);
    const Matrix rounded = x.cast<float>().cast<double>();
    CHECK(look_for_degenerate(rounded).sentences() == right);
}

TEST_CASE("few samples and repeated ones are counted") {
    CHECK(look_for_degenerate(normal(40, 20)).sentences() ==
          std::vector<std::string>{"20 samples span no more than 19 of 40 dimensions"});
    const Matrix x = normal(2, 50);
    const Matrix twice = x.replicate(1, 2);
    CHECK(look_for_degenerate(twice).sentences() ==
          std::vector<std::string>{"50 of 100 rows repeat others"});
    CHECK(look_for_degenerate(twice, {0}).none());
    const auto firsts = first_equals(twice);
    for (std::size_t j = 0; j < 100; ++j) CHECK(firsts[j] == static_cast<Index>(j % 50));
}
