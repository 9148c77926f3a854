#include <cmath>

#include <doctest/doctest.h>

#include "si/bridge/gaussian.hpp"
#include "si/bridge/light_fit.hpp"
#include "si/bridge/method.hpp"
#include "si/bridge/truth.hpp"
#include "si/flow/transport.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

/// cBW2-UVP, in percent, of a light bridge fitted to n samples of each end of a known one.
double score_of_light(const char* pair, double e, const LightSpec& spec, Index n) {
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
    return conditional_score(
               truth, points, variance,
               [&](Index, const Vector& x) { return fitted.conditional(x); }, threads)
        .value;
}

}  // namespace

// Property 14 (BRIDGE 1d and 1f). Masses of components are known to 1 / sqrt(n), and each part of
// x0 that goes to the wrong one costs 200 times itself, so that 100 000 samples are good to about
// 0.2 in percent where the noise is small.
TEST_CASE("light bridges of known pairs are near the truth") {
    const Index n = 100000;
    LightSpec diagonal;
    diagonal.covariance = "diagonal";
    diagonal.components = 50;
    const char* round = "mixture,dim=16,narrow=0.02,wide=0.02";
    CHECK(score_of_light(round, 0.1, diagonal, n) < 0.5);
    CHECK(score_of_light(round, 1, diagonal, n) < 0.2);
    CHECK(score_of_light(round, 10, diagonal, n) < 0.2);
}

TEST_CASE("conditional laws that are stretched across the axes need full shapes") {
    const Index n = 100000;
    LightSpec full, diagonal;
    full.components = 10;
    full.covariance = "full";
    diagonal.covariance = "diagonal";
    const char* stretched = "mixture,dim=16";
    CHECK(score_of_light(stretched, 0.1, full, n) < 0.5);
    CHECK(score_of_light(stretched, 0.1, diagonal, n) > 2);
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
    const Matrix y =
        model.transform.to_data(transport(model, *make_field(model), along, Direction::forward,
                                          model.transform.from_data(x0), 9, 0, threads, silent)
                                    .x);
    const double cross = x0.cwiseProduct(y).sum() / static_cast<double>(d * n);
    // 5 standard errors of a mean of 10 000 products of variance 1 + c^2 are 0.06.
    CHECK(cross == doctest::Approx(0.618).epsilon(0.06 / 0.618));
    CHECK(GaussianLaw::of(y).covariance.trace() / d == doctest::Approx(1).epsilon(0.08));
}
