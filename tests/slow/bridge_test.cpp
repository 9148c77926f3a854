#include <cmath>

#include <doctest/doctest.h>

#include "si/bridge/bench.hpp"
#include "si/bridge/gaussian.hpp"
#include "si/bridge/light_fit.hpp"
#include "si/bridge/max_min.hpp"
#include "si/bridge/method.hpp"
#include "si/bridge/truth.hpp"
#include "si/density/generator.hpp"
#include "si/flow/transport.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

/// cBW2-UVP, in percent, of a light bridge fitted to n samples of each end of a known one.
double error_of_light(const char* pair, double e, const LightSpec& spec, Index n) {
    const auto truth = Choice<truths>(pair).make(e, std::uint64_t{0});
    const Index d = truth.start.dim();
    Matrix x0(d, n), x1(d, n), other(d, n);
    truth.sample(0, 0, 0, x0, other);
    truth.sample(0, 1, 0, other, x1);
    const double variance = GaussianLaw::of(x1).covariance.trace();
    const auto fitted = fit_light(x0, x1, e, spec, 0, 0);
    Matrix points(d, 500), unused(d, 500);
    truth.sample(0, 4, 0, points, unused);
    Threads threads;
    return conditional_error(
               truth, points, variance,
               [&](Index, const Vector& x) { return fitted.conditional(x); }, threads)
        .value;
}

}  // namespace

// Property 14 (THEORY E.2 and E.5). Masses of components are known to 1 / sqrt(n), and each part of
// x0 that goes to the wrong one costs 200 times itself, so that 100 000 samples are good to about
// 0.2 in percent where the noise is small.
TEST_CASE("light bridges of known pairs are near the truth") {
    const Index n = 100000;
    LightSpec diagonal;
    diagonal.covariance = "diagonal";
    diagonal.components = 50;
    const char* round = "mixture,dim=16,narrow=0.02,wide=0.02";
    CHECK(error_of_light(round, 0.1, diagonal, n) < 0.5);
    CHECK(error_of_light(round, 1, diagonal, n) < 0.2);
    CHECK(error_of_light(round, 10, diagonal, n) < 0.2);
}

TEST_CASE("conditional laws that are stretched across the axes need full shapes") {
    const Index n = 100000;
    LightSpec full, diagonal;
    full.components = 10;
    full.covariance = "full";
    diagonal.covariance = "diagonal";
    const char* stretched = "mixture,dim=16";
    CHECK(error_of_light(stretched, 0.1, full, n) < 0.5);
    CHECK(error_of_light(stretched, 0.1, diagonal, n) > 2);
}

// Properties 19 and 9: Cov(x0, x1) is 0.618 for N(0, I) to N(0, I) at sigma = 1. Independent pairs
// are as far from it as can be, and six rounds bring them there.
TEST_CASE("iterated Markovian fitting finds the covariance of the bridge from independent pairs") {
    const Index d = 2, n = 5000;
    Matrix x0(d, n), x1(d, n);
    fill_normal({61, Purpose::data, 0}, 0, x0);
    fill_normal({61, Purpose::data, 1}, 0, x1);
    Threads threads;
    Progress silent;
    const Model model = make_bridge("dsbm,first=independent,width=64,rounds=6",
                                    {x0, x1, {d}, {1}, false, 1}, threads, silent);
    TransportSpec along;
    along.sde = Choice<sde_steps>("heun,steps=100");
    along.epsilon = Setting<EpsilonChoice>::from_text("bridge");
    const Matrix y = model.transform.to_data(
        transport(model, *make_field(model), along, {.x = model.transform.from_data(x0), .seed = 9},
                  threads, silent)
            .x);
    const double cross = x0.cwiseProduct(y).sum() / static_cast<double>(d * n);
    // 5 standard errors of a mean of 10 000 products of variance 1 + c^2 are 0.06.
    CHECK(cross == doctest::Approx(0.618).epsilon(0.06 / 0.618));
    CHECK(GaussianLaw::of(y).covariance.trace() / d == doctest::Approx(1).epsilon(0.08));
}

// Properties 28 and T42 for networks: N(0, 1) to N(0, 4) at sigma = 1. The path that they start
// from has 1.6 times the action of the bridge.
TEST_CASE("the max-min of networks finds the action and the variances of the bridge of Gaussians") {
    const Index n = 50000, paths = 100000;
    Matrix x0(1, n), x1(1, n), from(1, paths);
    fill_normal({62, Purpose::data, 0}, 0, x0);
    fill_normal({62, Purpose::data, 1}, 0, x1);
    fill_normal({62, Purpose::data, 2}, 0, from);
    x1 *= 2;
    const auto start = GaussianLaw::of(x0), end = GaussianLaw::of(x1);
    const auto bridge = least_action(start, end, 1, 6);
    CHECK(bridge.initial_action > 1.5 * bridge.action);
    Threads threads;
    Progress silent;
    const Model model =
        make_bridge("neural-interpolant", {x0, x1, {1}, {1}, false, 1}, threads, silent);

    TransportSpec along;
    along.sde = Choice<sde_steps>("heun,steps=100");
    along.epsilon = Setting<EpsilonChoice>::from_text("bridge");
    constexpr int kTimes = 50;
    for (int k = 0; k < kTimes; ++k) along.trajectory.push_back((k + 0.5) / kTimes);
    const auto field = make_field(model);
    const auto there = transport(
        model, *field, along, {.x = model.transform.from_data(from), .seed = 1}, threads, silent);
    const auto evaluator = field->evaluator();
    const double unit = model.transform.scale[0] * model.transform.scale[0];
    const GaussianBridge exact(start, end, 1);
    Vector action = Vector::Zero(paths);
    FieldValues at;
    for (int k = 0; k < kTimes; ++k) {
        const double t = along.trajectory[static_cast<std::size_t>(k)];
        const Matrix& x = there.trajectory[static_cast<std::size_t>(k)];
        (*evaluator)(Vector::Constant(paths, t), x, kB | kS, at);
        // epsilon = sigma^2 / 2 in the model's units, and the square back in those of the data.
        const Matrix drift = at.b + at.s / (2 * unit);
        action += unit / (2 * kTimes) * drift.cwiseAbs2().row(0).transpose();
        const double variance = unit * (x.array() - x.mean()).square().mean();
        CAPTURE(t);
        CHECK(variance == doctest::Approx(exact.at(t).covariance(0, 0))
                              .epsilon(0.02 + 5 * std::sqrt(2.0 / paths)));
    }
    const double error =
        std::sqrt((action.array() - action.mean()).square().mean() / static_cast<double>(paths));
    MESSAGE("action ", action.mean(), " +- ", error, " against ", bridge.action, ", at first ",
            bridge.initial_action);
    CHECK(std::abs(action.mean() - bridge.action) < 0.02 * bridge.action + 5 * error);
}

// Where a linear path cannot be the bridge: the action of N(0, I) to two moons comes down to what
// the light bridge has, and the ends stay where they are.
TEST_CASE("the max-min of networks brings the action of moons down to that of their bridge") {
    const Index n = 10000;
    Matrix x0(2, n), x1(2, n), y0(2, 2 * n), y1(2, 2 * n);
    fill_normal({63, Purpose::data, 0}, 0, x0);
    fill_normal({63, Purpose::data, 1}, 0, y0);
    const auto moons = Choice<generators>("moons,noise=0.2").make();
    moons.fill(63, 0, x1);
    moons.fill(63, n, y1);
    x1 = (3 * x1.array() - 1).matrix();
    y1 = (3 * y1.array() - 1).matrix();
    Threads threads;
    Progress silent;
    const auto score = [&](const char* method) {
        const Model model = make_bridge(method, {x0, x1, {2}, {1}, false, 1}, threads, silent);
        BridgeBenchSpec spec;
        spec.transport = 5000;
        return bench_between(model, y0, y1, spec, 1, threads, silent);
    };
    const Json light = score("lightsb"), still = score("neural-interpolant,path_rate=0"),
               bent = score("neural-interpolant");
    MESSAGE("path energies: light ", light["path_energy"].dump(), ", still ",
            still["path_energy"].dump(), ", bent ", bent["path_energy"].dump(), "; W2 ",
            bent["w2"].dump(), ", floor ", bent["w2_floor"].dump());
    const auto energy = [](const Json& of) { return of["path_energy"].get<double>(); };
    CHECK(energy(still) > 1.2 * energy(light));
    CHECK(energy(bent) < energy(light) + 0.2 * (energy(still) - energy(light)));
    CHECK(bent["w2"].get<double>() - bent["w2_floor"].get<double>() < 0.15);  // property 22
}
