#include "si/metric/wild.hpp"

#include <cmath>
#include <functional>
#include <numbers>

#include <doctest/doctest.h>

#include "si/metric/units.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix uniform(Index d, Index n, std::uint32_t step) {
    Matrix u(d, n);
    fill_uniform({79, Purpose::check, step}, 0, u);
    return u;
}

Matrix normal(Index d, Index n, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({79, Purpose::check, step}, 0, x);
    return x;
}

/// How many of 200 pairs of sets of one law have a wild sample. `of` makes samples of uniform
/// numbers between 0 and 1.
int alarms(Index n, Index m, const std::function<double(double)>& of) {
    int count = 0;
    for (std::uint32_t k = 0; k < 200; ++k) {
        const Matrix x = uniform(2, n, 2 * k).unaryExpr(of),
                     y = uniform(2, m, 2 * k + 1).unaryExpr(of);
        count += wild_columns(x, y, k % 2 == 1).empty() ? 0 : 1;
        count += stray_columns(y, k % 2 == 1).empty() ? 0 : 1;
    }
    return count;
}

}  // namespace

// The chance of one is 1e-3 for each of two rules; of 200 draws 0.4 have one, with the deviation
// 0.63, and 5 of these above are 3.6.
TEST_CASE("samples of one law are hardly ever wild, however far its tail") {
    const auto cauchy = [](double u) { return std::tan(std::numbers::pi * (u - 0.5)); };
    const auto student2 = [](double u) { return (2 * u - 1) / std::sqrt(2 * u * (1 - u)); };
    const auto pareto = [](double u) { return std::pow(u, -3); };  // P(x > s) = s^(-1/3)
    const auto even = [](double u) { return u; };
    const auto rare = [](double u) { return u < 0.99 ? 0 : -std::log(100 * (1 - u)); };
    const auto counts = [](double u) { return std::floor(-std::log(1 - u) / 2); };
    const auto seldom = [](double u) { return u < 0.98 ? 0.0 : 1.0; };
    const auto lognormal = [](double u) { return std::exp(2 * std::log(u / (1 - u)) / 1.7); };
    using Sizes = std::pair<Index, Index>;
    for (const Sizes& sizes : {Sizes{500, 1000}, Sizes{100, 200}, Sizes{700, 300}}) {
        const Index n = sizes.first, m = sizes.second;
        CAPTURE(n);
        CHECK(alarms(n, m, cauchy) <= 3);
        CHECK(alarms(n, m, student2) <= 3);
        CHECK(alarms(n, m, pareto) <= 3);
        CHECK(alarms(n, m, even) <= 3);
        CHECK(alarms(n, m, rare) <= 3);
        CHECK(alarms(n, m, counts) <= 3);
        CHECK(alarms(n, m, seldom) <= 3);
        CHECK(alarms(n, m, lognormal) <= 3);
    }
}

TEST_CASE("a sample that blew up is wild, in whichever coordinate and unit") {
    for (const Index m : {30, 200, 2000}) {
        CAPTURE(m);
        for (const double unit : {1e-200, 1e-6, 1.0, 1e200}) {
            Matrix x = normal(3, m / 2, 1000), y = normal(3, m, 1001);
            CHECK(wild_columns(x, y, false).empty());
            CHECK(wild_columns(x, y, true).empty());
            x(1, 7) = -1e6;
            x.row(1) *= unit;
            y.row(1) *= unit;
            CHECK(wild_columns(x, y, false) == std::vector<Index>{7});
            if (unit == 1) CHECK(wild_columns(x, y, true) == std::vector<Index>{7});
        }
    }
    // With a far one in the reference, too, it is nothing new.
    Matrix x = normal(2, 500, 1002), y = normal(2, 1000, 1003);
    x(0, 3) = y(0, 800) = 1e6;
    CHECK(wild_columns(x, y, false).empty());
    CHECK(wild_columns(y, normal(2, 1000, 1004), false) == std::vector<Index>{800});
}

TEST_CASE("fill values of the reference are far from its others, be they one or many") {
    for (const Index fills : {1, 3, 20}) {
        CAPTURE(fills);
        Matrix y = normal(2, 1000, 1010);
        for (Index j = 0; j < fills; ++j) y(1, 40 * j + 5) = -9999;
        const auto stray = stray_columns(y, false);
        REQUIRE(std::ssize(stray) == fills);
        CHECK(stray[0] == 5);
        CHECK(stray.back() == 40 * (fills - 1) + 5);
        CHECK(stray_columns(y, true) == stray);
    }
    CHECK(stray_columns(normal(2, 1000, 1010), false).empty());
    CHECK(stray_columns(Matrix::Zero(2, 50), false).empty());
    CHECK(stray_columns(Matrix::Ones(2, 1), false).empty());
}

TEST_CASE("units are those of the reference, and of a constant those of the samples") {
    Matrix x = normal(4, 300, 1005), y = normal(4, 600, 1006);
    y.row(2).setConstant(300.1);
    x.row(2).setConstant(300.1 * (1 + 1e-8));
    y.row(3).setZero();
    x.row(3) *= 1e-9;
    const Units plain = units_of(x, y, false);
    REQUIRE(plain.constant.size() == 2);
    CHECK(plain.constant[0].coordinate == 2);
    CHECK(plain.constant[0].value == 300.1);
    CHECK(plain.constant[0].others.empty());
    CHECK(plain.constant[1].others.size() == 300);
    CHECK(plain.scale[2] == 1);
    CHECK(plain.applied(x).row(3).squaredNorm() / 300 == doctest::Approx(1));
    const Matrix z = plain.applied(y);
    CHECK(z.row(0).sum() == doctest::Approx(0).epsilon(1e-9));
    CHECK(z.row(0).squaredNorm() / 600 == doctest::Approx(1).epsilon(1e-12));
    // The same for any unit, also where squares of the numbers have no double.
    for (const double unit : {1e-250, 1e6, 1e250}) {
        Matrix a = x, b = y;
        a.row(0) *= unit;
        b.row(0) *= unit;
        CHECK((units_of(a, b, false).applied(b).row(0) - z.row(0)).cwiseAbs().maxCoeff() < 1e-12);
    }
    // One unit for all: the root of the mean variance of all, constants among them.
    const Units common = units_of(x, y, true);
    const double all =
        std::sqrt((plain.scale[0] * plain.scale[0] + plain.scale[1] * plain.scale[1]) / 4);
    CHECK((common.scale.array() - all).abs().maxCoeff() < 1e-12);
    CHECK(too_many_new(9, 500, 1000, 10));
    CHECK_FALSE(too_many_new(2, 500, 1000, 10));
}
