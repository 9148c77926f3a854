#include "si/energy/works.hpp"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "si/random/draw.hpp"

using namespace si;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Vector normal(Index n, std::uint32_t set) {
    Matrix x(1, n);
    fill_normal({11, Purpose::data, set}, 0, x);
    return x.row(0).transpose();
}

/// Of x from N(0, 1): the logarithm of the ratio of N(mean, deviation^2) to it.
Vector log_ratio(const Vector& x, double mean, double deviation) {
    const auto y = (x.array() - mean) / deviation;
    return (x.array().square() - y.square()) / 2 - std::log(deviation);
}

/// Works of two normal laws without a transport: N(0, 1) and N(2, .7^2), both normalised.
struct Plain {
    Works forward, backward;
    Plain(Index n_a, Index n_b, std::uint32_t set) {
        forward.a = log_ratio(normal(n_a, 2 * set), 2, 0.7);
        const Vector there = 2 + 0.7 * normal(n_b, 2 * set + 1).array();
        backward.a = -log_ratio(there, 2, 0.7);
    }
};

/// Standard deviation of estimates over the root of the mean of the squares reported.
struct Calibration {
    double sum = 0, squares = 0, reported = 0;
    int n = 0;
    void add(double value, double standard_error) {
        sum += value, squares += value * value, reported += standard_error * standard_error, ++n;
    }
    double ratio() const {
        const double mean = sum / n;
        return std::sqrt((squares / n - mean * mean) / (reported / n));
    }
};

}  // namespace

TEST_CASE("Bennett's estimate of plain works has the error and the overlap of theory") {
    // By quadrature: standard error .050694, overlap .341599 for 1000 and 3000 samples.
    const Plain plain(1000, 3000, 0);
    const auto found = estimate_free_energy(plain.forward, plain.backward);
    REQUIRE(found.bar.delta_f);
    CHECK(std::abs(*found.bar.delta_f) < 5 * 0.050694);
    CHECK(*found.bar.standard_error == doctest::Approx(0.050694).epsilon(0.15));
    CHECK(found.bar.overlap == doctest::Approx(0.341599).epsilon(0.1));
    for (Index row = 0; row < 2; ++row) {
        CHECK(found.bar.overlap_matrix.row(row).sum() == doctest::Approx(1));
    }
    CHECK(*found.lower < *found.bar.delta_f);
    CHECK(*found.upper > *found.bar.delta_f);
    // The equation holds to rounding, and is not that of equal numbers.
    const double m = -*found.bar.delta_f, c = std::log(3.0);
    double balance = 0;
    for (const double a : plain.forward.a) balance += 1 / (1 + std::exp(-(a - m + c)));
    for (const double b : plain.backward.a) balance -= 1 / (1 + std::exp(-(b + m - c)));
    CHECK(std::abs(balance) < 1e-9);
}

TEST_CASE("reported errors are those of repeats") {
    struct Case {
        Index n_a, n_b;
    };
    // 1000 repeats know their spread to 2.2 %: 5 standard errors are 11 %.
    for (const Case& one : {Case{200, 600}, Case{600, 200}, Case{400, 400}}) {
        Calibration bar;
        for (std::uint32_t set = 0; set < 1000; ++set) {
            const Plain plain(one.n_a, one.n_b, 1 + set);
            const auto found = estimate_free_energy(plain.forward, plain.backward);
            bar.add(*found.bar.delta_f, *found.bar.standard_error);
        }
        CAPTURE(one.n_a);
        CHECK(bar.ratio() > 0.85);
        CHECK(bar.ratio() < 1.15);
        CHECK(std::abs(bar.sum / bar.n) < 5 * std::sqrt(bar.squares) / bar.n);
    }
}

TEST_CASE("samples that depend on each other have their own error") {
    // AR(1) with .9 on both sides: errors of independent samples would be four times too small.
    const auto walk = [](Vector x) {
        for (Index i = 1; i < x.size(); ++i) x[i] = 0.9 * x[i - 1] + std::sqrt(0.19) * x[i];
        return x;
    };
    Calibration bar, naive;
    for (std::uint32_t set = 0; set < 400; ++set) {
        Works forward, backward;
        forward.a = log_ratio(walk(normal(2000, 2 * set)), 1, 0.8);
        backward.a = -log_ratio(1 + 0.8 * walk(normal(2000, 2 * set + 1)).array(), 1, 0.8);
        const auto found = estimate_free_energy(forward, backward);
        bar.add(*found.bar.delta_f, *found.bar.standard_error);
        const auto blind = estimate_free_energy(forward, backward, {.inefficiency = 1});
        naive.add(*blind.bar.delta_f, *blind.bar.standard_error);
    }
    CHECK(bar.ratio() > 0.85);
    CHECK(bar.ratio() < 1.15);
    CHECK(naive.ratio() > 2.5);
}

TEST_CASE("the inefficiency of a series is that of its correlations, run by run") {
    Vector x = normal(200'000, 0);
    CHECK(statistical_inefficiency(x) == doctest::Approx(1).epsilon(0.05));
    for (Index i = 1; i < x.size(); ++i) x[i] = 0.9 * x[i - 1] + std::sqrt(0.19) * x[i];
    // (1 + r) / (1 - r) = 19; sd of the estimate by Madras and Sokal, about 3 %.
    CHECK(statistical_inefficiency(x) == doctest::Approx(19).epsilon(0.16));
    // Four runs one after another do not depend on each other.
    std::vector<Index> runs{0, 50'000, 100'000, 150'000};
    CHECK(statistical_inefficiency(x, runs) == doctest::Approx(19).epsilon(0.16));
    CHECK(statistical_inefficiency(Vector::Constant(50, 0.1)) == 1);
    CHECK(statistical_inefficiency(Vector::Constant(1, 3)) == 1);
}

TEST_CASE("equal works are known without an error") {
    const Works forward{Vector::Constant(10, 1.5)}, backward{Vector::Constant(40, -1.5)};
    const auto found = estimate_free_energy(forward, backward);
    CHECK(*found.bar.delta_f == doctest::Approx(-1.5).epsilon(1e-14));
    CHECK(*found.bar.standard_error < 1e-15);
    CHECK(found.bar.overlap == doctest::Approx(1));
    CHECK(*found.forward.delta_f == doctest::Approx(-1.5));
    CHECK(*found.backward.standard_error < 1e-15);
    CHECK(!found.crooks.slope);
}

TEST_CASE("behind walls the ratio is right, and exponential averages are told") {
    // Flat on [0, 2] and on [1, 4]: Z_b / Z_a = 3 / 2, and half of a lies in b, a third of b in a.
    Works forward{Vector(1000)}, backward{Vector(1500)};
    for (Index i = 0; i < 1000; ++i) forward.a[i] = i % 2 == 0 ? 0 : -kInfinity;
    for (Index i = 0; i < 1500; ++i) backward.a[i] = i % 3 == 0 ? 0 : -kInfinity;
    const auto found = estimate_free_energy(forward, backward, {.inefficiency = 1});
    CHECK(*found.bar.delta_f == doctest::Approx(-std::log(1.5)));
    CHECK(*found.bar.standard_error > 0.01);
    CHECK(*found.forward.delta_f == doctest::Approx(std::log(2.0)));
    CHECK(*found.backward.delta_f == doctest::Approx(-std::log(3.0)));
    CHECK(found.forward.infinite == 500);
    CHECK(found.backward.infinite == 1000);
    CHECK(!found.upper);
    CHECK(!found.lower);
}

TEST_CASE("works at any scale have a root, and none without a finite one") {
    const Works far{Vector::Constant(3, -1e300)}, back{Vector::Constant(2, 1e300)};
    CHECK(*estimate_free_energy(far, back).bar.delta_f == doctest::Approx(1e300));
    const Works none{Vector::Constant(3, -kInfinity)};
    const auto found = estimate_free_energy(none, back);
    CHECK(!found.bar.delta_f);
    CHECK(!found.forward.delta_f);
    CHECK(found.backward.delta_f);
    const auto alone = estimate_free_energy(back, {});
    CHECK(*alone.forward.delta_f == doctest::Approx(-1e300));
    CHECK(!alone.lower);
    const Works single{Vector::Constant(1, 0.5)}, other{Vector::Constant(1, -0.25)};
    const auto pair = estimate_free_energy(single, other);
    CHECK(*pair.bar.delta_f == doctest::Approx(-0.375));
    CHECK(!pair.bar.standard_error);
    CHECK(!pair.forward.standard_error);
}

TEST_CASE("the slope of Crooks's relation is 1, and that of the units where they are wrong") {
    // Normal works of variance 2 about delta_f + 1, and about -delta_f + 1 backward.
    const double delta_f = 0.7;
    const Index n = 4000;
    Works forward{-(delta_f + 1 + std::sqrt(2.0) * normal(n, 0).array())};
    Works backward{-(-delta_f + 1 + std::sqrt(2.0) * normal(2 * n, 1).array())};
    for (const double units : {1.0, 1.3}) {
        const Works f{units * forward.a}, b{units * backward.a};
        const auto found = estimate_free_energy(f, b).crooks;
        REQUIRE(found.slope);
        CHECK(std::abs(*found.slope - 1 / units) < 5 * *found.standard_error);
        CHECK(*found.standard_error < 0.05);
    }
}
