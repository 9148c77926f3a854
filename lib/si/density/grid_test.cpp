#include "si/density/grid.hpp"

#include <doctest/doctest.h>

#include "scratch.hpp"
#include "si/base/error.hpp"

using namespace si;

TEST_CASE("columns of whole steps are found, and others are left alone") {
    Matrix x(4, 4);
    x << 0.1, -0.2, 0.35, 0.7,  // continuous
        3, 0, 1, 2,             // counts
        0.5, 1.5, -0.5, 1.5,    // steps from a half
        2.5, 2.5, 2.5, 2.5;     // one number, which is no whole one
    GridSearch search(1, false);
    search.add(x.leftCols(1));
    search.add(x.rightCols(3));
    const Grid grid = search.found();
    CHECK(grid == Grid{1, {std::nullopt, 0.0, -0.5, std::nullopt}});
    CHECK(grid.widths(4) == Vector{{0, 1, 1, 0}});
    Matrix noisy = x;
    noisy.row(1).array() += 0.999 - 1e-3;
    noisy.row(2).array() += 0.25;
    grid.snap(noisy);
    CHECK(noisy == x);
}

TEST_CASE("pixels have one grid, whatever rounds them") {
    Matrix x(2, 3);
    for (Index i = 0; i < 6; ++i) {
        x.data()[i] = static_cast<double>(static_cast<float>(-1 + 2.0 / 255 * (40 * i + 3)));
    }
    GridSearch search(0.00784314, true);
    search.add(x);
    const Grid grid = search.found();
    REQUIRE(grid.origins.size() == 1);
    CHECK(*grid.origins[0] == x(0, 0));
    CHECK(grid.widths(2) == Vector{{0.00784314, 0.00784314}});
    GridSearch wrong(0.0625, true);
    wrong.add(x);
    CHECK(failure([&] { wrong.found(); })
              .starts_with("65 --dequantize 0.0625: the numbers are not "
                           "whole steps of it apart; -0.97647"));
}

TEST_CASE("a step that no column has is refused") {
    GridSearch search(1, false);
    search.add(Matrix{{0.25, 0.5, 1.25}});
    CHECK(
        failure([&] { search.found(); }) ==
        "65 --dequantize 1: no column is whole steps of it apart; column 1 has 0.25, and row 2 has "
        "0.5");
}

TEST_CASE("a column that a few numbers keep off the grid is named with the first of them") {
    Matrix x(1, 100);
    for (Index j = 0; j < 100; ++j) x(0, j) = static_cast<double>(j % 7);
    GridSearch whole(1, false);
    whole.add(x);
    CHECK(whole.near_misses().empty());
    x(0, 41) = 2.5;
    GridSearch nearly(1, false);
    nearly.add(x);
    CHECK(nearly.near_misses() ==
          std::vector<std::string>{
              "column 1 is whole steps of 1 apart but for 1 number, 2.5 in row 42"});
}
