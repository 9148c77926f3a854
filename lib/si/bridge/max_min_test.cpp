#include "si/bridge/max_min.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace si;

namespace {

GaussianLaw normal(Index d, double variance, double mean = 0) {
    return {Vector::Constant(d, mean), variance * Matrix::Identity(d, d)};
}

/// The action of the bridge itself between centred N(0, a) and N(0, b): half of the integral of
/// (C' / 2 - sigma^2 / 2)^2 / C with C = (1 - t)^2 a + t^2 b + t (1 - t) sqrt(4 a b + sigma^4).
double bridge_action(double a, double b, double noise) {
    const double root = std::sqrt(4 * a * b + noise * noise);
    constexpr int kTimes = 20000;
    double sum = 0;
    for (int k = 0; k < kTimes; ++k) {
        const double t = (k + 0.5) / kTimes;
        const double c = (1 - t) * (1 - t) * a + t * t * b + t * (1 - t) * root;
        const double half = -(1 - t) * a + t * b + (0.5 - t) * root - noise / 2;
        sum += half * half / c;
    }
    return sum / kTimes / 2;
}

}  // namespace

// The table of actions is by an independent computation; the last column is that of path linear.
TEST_CASE("actions of the bridge and of the linear path are those of the table") {
    struct Row {
        double epsilon, a, b, bridge, linear;
    };
    for (const Row& row :
         {Row{0.05, 1, 1, 0.00124974, 0.19246669}, Row{0.5, 1, 1, 0.12257192, 0.19770011},
          Row{0.5, 1, 0.25, 0.70515360, 0.72157359}, Row{0.5, 1, 4, 0.21560683, 0.46225004},
          Row{1, 1, 1, 0.46716002, 0.5}}) {
        CAPTURE(row.epsilon);
        CAPTURE(row.b);
        const double noise = 2 * row.epsilon;
        CHECK(bridge_action(row.a, row.b, noise) == doctest::Approx(row.bridge).epsilon(1e-6));
        InterpolantSpec linear;
        linear.gamma = Choice<gammas>::from_json({{"kind", "brownian"}, {"a", noise}});
        CHECK(path_action(normal(1, row.a), normal(1, row.b), noise, Interpolant(linear)) ==
              doctest::Approx(row.linear).epsilon(1e-6));
    }
}

// Property 28 and T42: never below the bridge, and 1e-4 from it with a few modes.
TEST_CASE("the best path of sines is the bridge of Gaussians") {
    for (const auto& row : {std::pair{0.5, 0.25}, {0.5, 4.0}, {1.0, 1.0}}) {
        const auto& epsilon = std::get<0>(row);
        const auto& b = std::get<1>(row);
        CAPTURE(epsilon);
        CAPTURE(b);
        const double noise = 2 * epsilon, bridge = bridge_action(1, b, noise);
        double before = INFINITY;
        for (const Index modes : {1, 2, 4}) {
            const auto best = least_action(normal(1, 1), normal(1, b), noise, modes);
            CHECK(best.action >= bridge * (1 - 1e-6));
            CHECK(best.action <= before * (1 + 1e-9));
            CHECK(best.action <= best.initial_action);
            before = best.action;
            if (modes < 4) continue;
            CHECK(best.action == doctest::Approx(bridge).epsilon(1e-4));
            const Interpolant path(best.interpolant);
            const GaussianBridge exact(normal(1, 1), normal(1, b), noise);
            for (const double t : {0.1, 0.3, 0.5, 0.8}) {
                const auto c = path.at(t);
                const double variance =
                    c.alpha() * c.alpha() + c.beta() * c.beta() * b + c.gamma * c.gamma;
                CHECK(variance == doctest::Approx(exact.at(t).covariance(0, 0)).epsilon(1e-3));
            }
        }
    }
}

TEST_CASE("a shift of the mean costs half of its square, and no more") {
    const double noise = 1;
    const auto still = least_action(normal(2, 1), normal(2, 1), noise, 3);
    const auto moved = least_action(normal(2, 1), normal(2, 1, 1), noise, 3);
    CHECK(still.action == doctest::Approx(2 * bridge_action(1, 1, noise)).epsilon(1e-3));
    // Scalar coefficients serve mean and variance at once, so it costs at least what both do apart.
    CHECK(moved.action >= 2 * bridge_action(1, 1, noise) + 0.5 * 2 * (1 - 1e-9));
}
