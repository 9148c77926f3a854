#include "si/plot/scale.hpp"

#include <cmath>
#include <set>

#include <doctest/doctest.h>

#include "si/random/draw.hpp"

using namespace si;
using namespace si::plot;

namespace {

/// Ranges of all sizes and places, from fixed random numbers.
std::vector<Range> many_ranges() {
    Matrix u(4, 400);
    fill_uniform({1, Purpose::check, 0}, 0, u);
    std::vector<Range> list{
        {0, 0},      {1, 1},           {-1e300, 1e300},      {1e308, 1.7e308}, {-1.7e308, 1.7e308},
        {0, 5e-324}, {1e10, 1e10 + 1}, {123456.7, 123456.8}, {-3, -3},         {}};
    for (const auto& c : u.colwise()) {
        const double size = std::pow(10, 30 * (c[0] - 0.5)), place = (c[1] - 0.5) * 10;
        list.push_back({size * (place - c[2]), size * (place + c[3])});
    }
    return list;
}

}  // namespace

TEST_CASE("a padded range has a finite length and holds what was put in") {
    for (const Range& range : many_ranges()) {
        INFO(range.low << " " << range.high);
        const Range wide = range.padded();
        CHECK(std::isfinite(wide.high - wide.low));
        CHECK(wide.high > wide.low);
        if (std::abs(range.low) < 1e307 && std::abs(range.high) < 1e307) {
            CHECK(wide.low <= range.low);
            CHECK(wide.high >= range.high);
        }
    }
}

TEST_CASE("ticks are inside, at equal nice steps, with labels that differ") {
    for (const Range& raw : many_ranges()) {
        const Range range = raw.padded();
        for (const int about : {2, 5, 8}) {
            INFO(range.low << " " << range.high << " " << about);
            const Ticks ticks = linear_ticks(range, about);
            const auto count = static_cast<int>(ticks.each.size());
            CHECK(count >= std::max(1, about / 2 - 1));
            CHECK(count <= 2 * about + 1);
            std::set<std::string> labels;
            const double length = range.high - range.low;
            for (const Tick& tick : ticks.each) {
                CHECK(tick.at >= range.low - 1e-6 * length);
                CHECK(tick.at <= range.high + 1e-6 * length);
                labels.insert(tick.label);
            }
            CHECK(static_cast<int>(labels.size()) == count);
            if (count < 2) continue;
            const double step = ticks.each[1].at - ticks.each[0].at;
            const double mantissa = step / std::pow(10, std::floor(std::log10(step) + 1e-6));
            const bool nice = std::abs(mantissa - 1) < 1e-3 || std::abs(mantissa - 2) < 1e-3 ||
                              std::abs(mantissa - 5) < 1e-3 || std::abs(mantissa - 10) < 1e-2;
            if (length > 1e-6 * std::abs(range.low)) CHECK(nice);
        }
    }
}

TEST_CASE("labels are what a person would write") {
    const auto labels = [](double low, double high, int about) {
        std::vector<std::string> list;
        for (const Tick& tick : linear_ticks({low, high}, about).each) list.push_back(tick.label);
        return list;
    };
    CHECK(labels(0, 1, 5) == std::vector<std::string>{"0", "0.2", "0.4", "0.6", "0.8", "1.0"});
    CHECK(labels(-4.2, 4.4, 5) == std::vector<std::string>{"-4", "-2", "0", "2", "4"});
    CHECK(labels(0, 3e-7, 3) == std::vector<std::string>{"0", "1e-7", "2e-7", "3e-7"});
    CHECK(linear_ticks({1e10, 1e10 + 1}, 5).offset == "+1e10");
    CHECK(short_number(0.25) == "0.25");
    CHECK(short_number(123456) == "123456");
    CHECK(short_number(1.5e-7) == "1.5e-7");
    CHECK(short_number(-2e12) == "-2e12");
}

TEST_CASE("decades have ticks too") {
    for (const Range& raw : {Range{1, 1000}, Range{0.3, 0.9}, Range{5, 5}, Range{1e-20, 1e20},
                             Range{0, 1}, Range{-3, -1}, Range{2.1, 2.2}}) {
        const Range range = raw.padded_decades();
        INFO(range.low << " " << range.high);
        CHECK(range.low > 0);
        CHECK(range.high > range.low);
        const Ticks ticks = decade_ticks(range, 6);
        CHECK(ticks.each.size() >= 2);
        CHECK(ticks.each.size() <= 12);
        for (const Tick& tick : ticks.each) CHECK(range.padded(1e-9).holds(tick.at));
    }
}
