#include "si/flow/sde.hpp"

#include <cmath>
#include <string>

#include <doctest/doctest.h>

using namespace si;

namespace {

// The setting of THEORY A.8: from N(0, 1) to N(2, 1/4), linear path, gamma^2 = 2 t (1 - t),
// epsilon = 1/2. x_t is N(m, C), b = m' + C'/(2 C) (x - m), s = -(x - m) / C.
constexpr double kEpsilon = 0.5;
double mean(double t) { return 2 * t; }
double variance(double t) { return (1 - t) * (1 - t) + t * t / 4 + 2 * t * (1 - t); }
double slope(double t) { return -2 * (1 - t) + t / 2 + 2 * (1 - 2 * t); }

Drift drift(double sign) {
    return [sign](ConstVector t, ConstMatrix x, MatrixRef dx) {
        for (Index j = 0; j < x.cols(); ++j) {
            const double c = variance(t[j]);
            dx.col(j) =
                2 + (slope(t[j]) / 2 - sign * kEpsilon) / c * (x.col(j).array() - mean(t[j]));
        }
    };
}

struct Moments {
    double mean, variance;
};

/// The exact moments of a scheme on a linear drift, from its impulse responses: column 0 starts
/// at 0 without noise, column 1 at 1, and column 2 + k at 0 with increment k equal to 1.
Moments moments(const SdeRow& row, Index steps, bool backward) {
    const Index most = 2 * steps;  // no scheme draws more than two increments a step
    Matrix x = Matrix::Zero(1, 2 + most);
    x(0, 1) = 1;
    const Increments impulses = [](Index draw, MatrixRef out) {
        out.setZero();
        out(0, 2 + draw) = 1;
    };
    const double from = backward ? 1 : 0, to = 1 - from;
    const auto solve = row.make({{"steps", steps}});
    const auto result = solve(
        drift(backward ? -1 : 1), [](double) { return kEpsilon; }, impulses, {from, to, {}}, x);
    const double offset = result.x(0, 0), gain = result.x(0, 1) - offset;
    const auto responses = result.x.row(0).tail(most).array() - offset;
    return {offset + gain * mean(from), gain * gain * variance(from) + responses.square().sum()};
}

double order_of(const SdeRow& row, bool backward) {
    const auto error = [&](Index n) {
        return moments(row, n, backward).variance - variance(backward ? 0 : 1);
    };
    return std::log2(std::abs(error(100) / error(200)));
}

}  // namespace

TEST_CASE("every step has the weak order that its row states, forward and backward (T27)") {
    for (const SdeRow& row : sde_steps()) {
        CAPTURE(std::string(row.name));
        for (const bool backward : {false, true}) {
            const double order = order_of(row, backward);
            CHECK(order > row.weak_order - 0.2);
            CHECK(order < row.weak_order + 0.4);
            const auto m = moments(row, 400, backward);
            CHECK(m.mean == doctest::Approx(mean(backward ? 0 : 1)).epsilon(1e-3).scale(1));
        }
    }
}

TEST_CASE("variance errors are the published ones of THEORY A.8") {
    const auto error = [](const char* name, Index n) {
        return moments(sde_steps().at(name), n, false).variance - 0.25;
    };
    CHECK(error("euler-maruyama", 100) == doctest::Approx(6.95e-3).epsilon(2e-3));
    CHECK(error("euler-maruyama", 200) == doctest::Approx(3.5e-3).epsilon(2e-2));
    CHECK(error("heun", 100) == doctest::Approx(-1.8e-4).epsilon(4e-2));
    CHECK(error("heun", 200) == doctest::Approx(-4.4e-5).epsilon(4e-2));
    CHECK(error("strang", 100) == doctest::Approx(3.7e-5).epsilon(4e-2));
    CHECK(error("strang", 200) == doctest::Approx(9.4e-6).epsilon(4e-2));
}

TEST_CASE("epsilon may be a plain number, and a constant is that number") {
    CHECK(Setting<EpsilonChoice>::from_text("0.5").choice ==
          Choice<epsilons>("constant,value=0.5"));
    CHECK(Setting<EpsilonChoice>::from_json(0.5).choice == Choice<epsilons>("constant,value=0.5"));
    for (const EpsilonRow& row : epsilons()) {
        CAPTURE(std::string(row.name));
        const auto epsilon = row.make(Json::object());
        for (double t = 0; t <= 1; t += 0.01) CHECK(epsilon(t) >= 0);
    }
}

TEST_CASE("stops are hit, and without noise the steps are those of an ODE") {
    for (const SdeRow& row : sde_steps()) {
        CAPTURE(std::string(row.name));
        const auto result = row.make({{"steps", 1000}})(
            drift(1), [](double) { return 0.0; },
            [](Index, MatrixRef out) { out.setConstant(1e9); }, {0, 1, {0.25, 0.5, 1}},
            Matrix::Constant(1, 1, 0.3));
        CHECK(result.at_stops.size() == 3);
        CHECK(result.at_stops[2] == result.x);
        CHECK(std::abs(result.x(0, 0)) < 10);  // the increments were never asked for
    }
}
