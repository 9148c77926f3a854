#include "si/flow/field_errors.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "support/altered.hpp"
#include "support/examples.hpp"

using namespace si;

namespace {

/// THEORY T33: N(0, 1) to N(1, 1/2), linear, gamma^2 = t (1 - t), so that x_t is N(t, C) with
/// C = 1 - t + t^2 / 2; and b + 0.15 - 0.1 x in the place of b, 0.9 s in that of s.
double variance_at(double t) { return 1 - t + t * t / 2; }

/// By the midpoint rule.
template <class Function>
double integral(const Function& f) {
    constexpr int kCells = 10000;
    double sum = 0;
    for (int i = 0; i < kCells; ++i) sum += f((i + 0.5) / kCells);
    return sum / kCells;
}

/// Mean and variance at t = 1 of dX = (b^ + epsilon s^) dt + sqrt(2 epsilon) dW, with
/// b = 1 + (C' / 2 C)(x - t) and s = -(x - t) / C: a Gaussian, by Runge-Kutta steps.
struct Law {
    double mean = 0, variance = 1;

    explicit Law(double epsilon) {
        constexpr int kSteps = 2000;
        constexpr double h = 1.0 / kSteps;
        const auto rate = [&](double t, double m, double c) {
            const double slope = ((t - 1) / 2 - 0.9 * epsilon) / variance_at(t);
            return std::pair{1.15 - 0.1 * m + slope * (m - t), 2 * (slope - 0.1) * c + 2 * epsilon};
        };
        for (int k = 0; k < kSteps; ++k) {
            const double t = k * h;
            const auto [m1, c1] = rate(t, mean, variance);
            const auto [m2, c2] = rate(t + h / 2, mean + h / 2 * m1, variance + h / 2 * c1);
            const auto [m3, c3] = rate(t + h / 2, mean + h / 2 * m2, variance + h / 2 * c2);
            const auto [m4, c4] = rate(t + h, mean + h * m3, variance + h * c3);
            mean += h / 6 * (m1 + 2 * m2 + 2 * m3 + m4);
            variance += h / 6 * (c1 + 2 * c2 + 2 * c3 + c4);
        }
    }
    /// KL(N(1, 1/2) | this)
    double divergence() const {
        const double ratio = 0.5 / variance;
        return (ratio + (1 - mean) * (1 - mean) / variance - 1 - std::log(ratio)) / 2;
    }
};

}  // namespace

TEST_CASE("errors of fields bound the divergence of the SDE (T33)") {
    const MixtureField exact(examples::interpolant("linear", "brownian"),
                             GaussianMixture::standard_normal(1),
                             examples::on_a_line({1}, {1}, {0.5}));
    const examples::Altered field(exact, 0.15, -0.1, 0.9);
    Threads threads(2);
    const Index n = 200'000;
    const auto bound = divergence_bound(field_errors(field, exact, n, 0, 1, threads));
    REQUIRE(bound.has_value());

    // (b^ - b)^2 = (0.15 - 0.1 x)^2 and (s^ - s)^2 = 0.01 s^2 at x of N(t, C). Points are
    // stratified in t, which makes the spread of their mean smaller than that of their squares:
    // sqrt(E f^4 - (E f^2)^2), where for f of N(m, v), E f^2 = m^2 + v and
    // E f^4 = m^4 + 6 m^2 v + 3 v^2.
    const auto check = [&](double found, const auto& mean, const auto& variance) {
        const double second = integral([&](double t) { return mean(t) * mean(t) + variance(t); });
        const double fourth = integral([&](double t) {
            const double m = mean(t) * mean(t), v = variance(t);
            return m * m + 6 * m * v + 3 * v * v;
        });
        const double error = std::sqrt((fourth - second * second) / static_cast<double>(n));
        CHECK(std::abs(2 * found - second) < 5 * error);
        return second / 2;
    };
    const double excess_b = check(
        bound->excess_b, [](double t) { return 0.15 - 0.1 * t; },
        [](double t) { return 0.01 * variance_at(t); });
    const double excess_s = check(
        bound->excess_s, [](double) { return 0.0; },
        [](double t) { return 0.01 / variance_at(t); });

    const DivergenceBound paper{excess_b, excess_s};
    CHECK(paper.best_epsilon() == doctest::Approx(1.0555).epsilon(5e-5));
    CHECK(bound->best_epsilon() == doctest::Approx(1.0555).epsilon(0.02));
    CHECK(paper.least() == doctest::Approx(paper.at(paper.best_epsilon())));

    // The model's law with epsilon = 0.7 as in THEORY A.7.
    CHECK(Law(0.7).mean == doctest::Approx(1.04617632).epsilon(1e-8));
    CHECK(Law(0.7).variance == doctest::Approx(0.50849108).epsilon(1e-8));
    double last = Law(0.05).divergence();
    for (const double epsilon : {0.1, 0.3, 0.7, 1.0, 1.0555, 2.0, 5.0, 20.0}) {
        CAPTURE(epsilon);
        const double divergence = Law(epsilon).divergence();
        CHECK(divergence <= paper.at(epsilon));
        CHECK(paper.least() <= paper.at(epsilon) * (1 + 1e-12));
        if (epsilon <= 1) CHECK(divergence < last);
        if (epsilon > 2) CHECK(divergence > last);
        last = divergence;
    }
}

TEST_CASE("the printed constants are no bound, these are (T34)") {
    // rho(t) = N(0, 1) at all times, b^ - b = c and s^ - s = c / epsilon: the divergence is
    // 2 c^2 (1 - exp(-epsilon))^2 / epsilon^2.
    const double c = 0.3;
    for (const double epsilon : {0.2, 1.0, 3.0}) {
        const DivergenceBound bound{c * c / 2, c * c / (2 * epsilon * epsilon)};
        const double decay = 1 - std::exp(-epsilon);
        const double divergence = 2 * c * c * decay * decay / (epsilon * epsilon);
        CHECK(bound.best_epsilon() == doctest::Approx(epsilon));
        CHECK(divergence <= bound.at(epsilon));
        if (epsilon == 1) CHECK(divergence > bound.at(epsilon) / 2);
    }
}

TEST_CASE("without a score there is no bound; exact fields leave nothing") {
    CHECK(!divergence_bound({{"b", 0.1, 0.1, 1}, {"v", 0.1, 0.1, 1}}).has_value());
    const auto base = examples::spatial_base();
    const MixtureField exact(examples::interpolant("linear", "brownian"), base,
                             examples::spatial_target());
    Threads threads(2);
    const auto bound = divergence_bound(field_errors(exact, exact, 1000, 0.01, 1, threads));
    REQUIRE(bound.has_value());
    CHECK(bound->least() == 0);
}
