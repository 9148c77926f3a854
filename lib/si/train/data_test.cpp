#include "si/train/data.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "si/density/degenerate.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normal(Index n) {
    Matrix x(2, n);
    fill_normal({5, Purpose::data, 1}, 0, x);
    return x;
}

std::set<double> firsts_of(const Matrix& x) { return {x.row(0).begin(), x.row(0).end()}; }

}  // namespace

TEST_CASE("rows that repeat are held out together, and others as ever") {
    const Matrix x = normal(100);
    const auto plain = held_out_rows(100, 0.2, 3, 0);
    CHECK(held_out_together(first_equals(x), 0.2, 3, 0) == plain);
    // Every sample three times over, as after drawing with replacement.
    TrainData data;
    data.x1().samples = x.replicate(1, 3);
    hold_out(data, 0.2, 3);
    const auto trained = firsts_of(data.x1().samples), held = firsts_of(data.x1().valid);
    std::vector<double> both;
    std::set_intersection(trained.begin(), trained.end(), held.begin(), held.end(),
                          std::back_inserter(both));
    CHECK(both.empty());
    CHECK(data.x1().valid.cols() == 60);
    CHECK(data.x1().samples.cols() == 240);
    CHECK(held.size() == 20);
}

TEST_CASE("a set of a few atoms is split as if its samples differed") {
    Matrix x = normal(100);
    x = (x.array() > 0).cast<double>().matrix().eval();
    CHECK(held_out_together(first_equals(x), 0.2, 3, 0) == held_out_rows(100, 0.2, 3, 0));
}

TEST_CASE("pairs stay together when rows repeat") {
    TrainData data;
    data.x1().samples = normal(50).replicate(1, 2);
    data.x0().samples.resize(2, 100);
    data.x0().samples = data.x1().samples.array() + 10;
    hold_out(data, 0.3, 3);
    CHECK(data.x0().samples == Matrix(data.x1().samples.array() + 10));
    CHECK(data.x0().valid == Matrix(data.x1().valid.array() + 10));
}
