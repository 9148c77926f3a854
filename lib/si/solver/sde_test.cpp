#include "si/solver/sde.hpp"

#include <cmath>
#include <numbers>
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
        drift(backward ? -1 : 1), [](double) { return kEpsilon; }, Noise{impulses}, {from, to}, x);
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

TEST_CASE("epsilon may be a plain number, and a constant is that number (T30)") {
    CHECK(Setting<EpsilonChoice>::from_text("0.5").choice ==
          Choice<epsilons>("constant,value=0.5"));
    CHECK(Setting<EpsilonChoice>::from_json(0.5).choice == Choice<epsilons>("constant,value=0.5"));
    // A latent and one side at once is no model, but has all that any epsilon is made from.
    const EpsilonContext context{{Interpolant({.gamma = "brownian"}), BaseLaw::one_sided},
                                 {{0.2, 0.8}, {1, 4}, {4, 1}}};
    for (const EpsilonRow& row : epsilons()) {
        CAPTURE(std::string(row.name));
        const auto epsilon = row.make(Json::object(), context);
        for (int i = 0; i <= 100; ++i) {
            const double value = epsilon(i / 100.0);
            CHECK(value >= 0);
            CHECK(std::isfinite(value));
        }
        CHECK_FALSE(vanishes(epsilon));
    }
    CHECK(vanishes(Setting<EpsilonChoice>::from_text("0").make(context)));
    CHECK(vanishes(Setting<EpsilonChoice>::from_text("taper,value=0").make(context)));
}

TEST_CASE("the best epsilon of one network is alpha^2 beta'/beta - alpha alpha' (T13)") {
    const auto best = [](const char* path) {
        return Choice<epsilons>("optimal,cap=100")
            .make(EpsilonContext{{Interpolant({.path = path}), BaseLaw::one_sided}, {}});
    };
    const auto vp = best("vp"), linear = best("linear"), trig = best("trig");
    for (const double t : {0.05, 0.3, 0.7, 0.99}) {
        CHECK(vp(t) == doctest::Approx(1 / t));
        CHECK(linear(t) == doctest::Approx((1 - t) / t));
        CHECK(trig(t) ==
              doctest::Approx(std::numbers::pi / 2 / std::tan(std::numbers::pi / 2 * t)));
    }
    CHECK(vp(0) == 100);
}

TEST_CASE("sbdm is the noise of the reverse diffusion, on every path") {
    const auto of = [](const char* epsilon, const char* path) {
        return Choice<epsilons>(epsilon).make(
            EpsilonContext{{Interpolant({.path = path}), BaseLaw::one_sided}, {}});
    };
    const auto vp = of("sbdm,cap=1000", "vp"), linear = of("sbdm,cap=1000", "linear"),
               finite = of("sbdm,value=0.5,cap=1000", "sit-vp"), kl = of("kl,cap=1000", "sit-vp");
    for (const double t : {0.0, 0.01, 0.3, 0.7, 1.0}) {
        // Reversed, dX = -(r/2) X dtau + sqrt(r) dW of rate r is driven by sqrt(2 epsilon), epsilon
        // = r/2, and r = 0.1 + 19.9 (1 - t) on this path.
        const double rate = 0.1 + 19.9 * (1 - t);
        CHECK(finite(t) == doctest::Approx(0.5 * rate / 2));
        CHECK(kl(t) == doctest::Approx(rate / 2));
        CHECK(vp(t) == doctest::Approx(t > 0 ? 1 / t : 1000));
        CHECK(linear(t) == doctest::Approx(t > 0 ? (1 - t) / t : 1000));
    }
    CHECK_THROWS_AS(
        Choice<epsilons>("sbdm").make(EpsilonContext{{Interpolant({.gamma = "brownian"})}, {}}),
        Error);
    CHECK(vanishes(of("sbdm,value=0", "vp")));
}

TEST_CASE("kl with eta makes the bound on KL plus the cost of noise least") {
    const FieldErrors errors{{0.2, 0.8}, {1.5, 0.4}, {1, 1}};
    for (const double eta : {1e-3, 0.1, 5.0}) {
        const auto epsilon = epsilons().at("kl").make(
            {{"eta", eta}, {"cap", 1e6}},
            EpsilonContext{{Interpolant({.path = "linear"}), BaseLaw::one_sided}, errors});
        for (const double t : {0.05, 0.4, 0.9}) {
            const double loss = t < 0.2 ? 1.5 : t > 0.8 ? 0.4 : 1.5 - 1.1 * (t - 0.2) / 0.6;
            const double best = 2 * (1 - t) / t;
            const auto bound = [&](double w) {
                return loss / (2 * w) * std::pow(1 + w / best, 2) + eta * w;
            };
            const double w = 2 * epsilon(t);
            for (const double off : {0.99, 1.01}) CHECK(bound(w) < bound(off * w));
        }
        CHECK(2 * epsilon(0) == doctest::Approx(std::sqrt(1.5 / (2 * eta))));
        CHECK(epsilon(1) == 0);
    }
    const auto nearly =
        Choice<epsilons>("kl,eta=1e-12,cap=1e6")
            .make(EpsilonContext{{Interpolant({.path = "linear"}), BaseLaw::one_sided}, errors});
    CHECK(nearly(0.3) == doctest::Approx(0.7 / 0.3));
}

TEST_CASE("the best epsilon of two networks follows from their errors") {
    const Setup two{Interpolant({.path = "linear", .gamma = "brownian"})};
    const EpsilonContext context{two, {{0.25, 0.75}, {1, 8}, {4, 2}}};
    const auto pointwise = Choice<epsilons>("optimal").make(context);
    CHECK(pointwise(0.1) == doctest::Approx(0.5));
    CHECK(pointwise(0.5) == doctest::Approx(1.25));  // half way from 1/2 to 2
    CHECK(pointwise(0.9) == doctest::Approx(2));
    const auto constant = Choice<epsilons>("optimal,constant=on").make(context);
    CHECK(constant(0.3) == doctest::Approx(std::sqrt(9.0 / 6)));
    CHECK_THROWS_AS(Choice<epsilons>("optimal").make(EpsilonContext{two, {}}), Error);
}

TEST_CASE("without noise, heun is the Heun of the ODE, bit for bit (T29)") {
    const Matrix x = Matrix::Random(1, 20);
    const TimeInterval interval{0, 1, {0.3}};
    const auto ode = Choice<ode_solvers>("heun,steps=37").make()(drift(1), interval, x);
    const auto sde =
        Choice<sde_steps>("heun,steps=37")
            .make()(
                drift(1), [](double) { return 0.0; }, Noise{[](Index, MatrixRef) {}}, interval, x);
    CHECK(ode.x == sde.x);
    CHECK(ode.at_stops[0] == sde.at_stops[0]);
}

TEST_CASE("stops are hit, and without noise the steps are those of an ODE") {
    for (const SdeRow& row : sde_steps()) {
        CAPTURE(std::string(row.name));
        const auto result = row.make({{"steps", 1000}})(
            drift(1), [](double) { return 0.0; },
            Noise{[](Index, MatrixRef out) { out.setConstant(1e9); }}, {0, 1, {0.25, 0.5, 1}},
            Matrix::Constant(1, 1, 0.3));
        CHECK(result.at_stops.size() == 3);
        CHECK(result.at_stops[2] == result.x);
        CHECK(std::abs(result.x(0, 0)) < 10);  // the increments were never asked for
    }
}

TEST_CASE("euler-maruyama takes drift and noise at the start of a step") {
    // Without drift, with epsilon = t: one step from 0 has no noise, and one from 1 back has 2.
    const Drift none = [](ConstVector, ConstMatrix, MatrixRef dx) { dx.setZero(); };
    const Noise ones{[](Index, MatrixRef out) { out.setOnes(); }};
    const auto step = sde_steps().at("euler-maruyama").make({{"steps", 1}});
    const auto moved = [&](double from, double to) {
        return step(
                   none, [](double t) { return t; }, ones, {from, to}, Matrix::Zero(1, 1))
            .x(0, 0);
    };
    CHECK(moved(0, 1) == 0);
    CHECK(moved(1, 0) == doctest::Approx(std::sqrt(2.0)).epsilon(1e-14));
}
