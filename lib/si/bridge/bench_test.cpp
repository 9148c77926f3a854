#include "si/bridge/bench.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "si/bridge/end_moments.hpp"
#include "si/bridge/method.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normals(Index d, Index n, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({71, Purpose::data, step}, 0, x);
    return x;
}

GaussianLaw unit(Index d) { return {Vector::Zero(d), Matrix::Identity(d, d)}; }

}  // namespace

TEST_CASE("the divergence of Gaussians is the formula of one dimension, coordinate by coordinate") {
    const GaussianLaw p{Eigen::Vector2d(1, 0), Eigen::Vector2d(4, 0.5).asDiagonal()};
    const double by_hand = (4 - 1 - std::log(4) + 1) / 2 + (0.5 - 1 - std::log(0.5)) / 2;
    CHECK(gaussian_kl(p, unit(2)) == doctest::Approx(by_hand).epsilon(1e-12));
    CHECK(diagonal_kl(p, unit(2)) == doctest::Approx(by_hand).epsilon(1e-12));
    GaussianLaw tied = unit(2);
    tied.covariance(0, 1) = tied.covariance(1, 0) = 0.6;
    CHECK(gaussian_kl(tied, unit(2)) == doctest::Approx(-std::log(1 - 0.36) / 2).epsilon(1e-12));
    CHECK(diagonal_kl(tied, unit(2)) == doctest::Approx(0));
}

// Property 27.
TEST_CASE("n samples diverge by d (d + 3) / (4 n), and by d / n along the axes") {
    const Index n = 10000;
    for (const Index d : {5, 20, 50}) {
        CAPTURE(d);
        // 2 n KL is nearly a chi-square of d (d + 3) / 2 degrees, and of 2 d: over enough runs the
        // relative error of a mean is sqrt(2 / degrees / runs), five of which are below 0.15.
        const Index runs = d == 5 ? 200 : d == 20 ? 60 : 25;
        double full = 0, diagonal = 0;
        for (Index run = 0; run < runs; ++run) {
            const auto law = GaussianLaw::of(normals(d, n, static_cast<std::uint32_t>(run)));
            full += gaussian_kl(law, unit(d)) / static_cast<double>(runs);
            diagonal += diagonal_kl(law, unit(d)) / static_cast<double>(runs);
        }
        const auto dim = static_cast<double>(d);
        CHECK(full == doctest::Approx(dim * (dim + 3) / (4.0 * n)).epsilon(0.15));
        CHECK(diagonal == doctest::Approx(dim / n).epsilon(0.15));
    }
}

TEST_CASE("moments at all times follow from those of the ends, and one component makes them") {
    const auto truth = Choice<truths>("gaussian,dim=3,spread=4").make(0.7, std::uint64_t{2});
    const GaussianLaw start{truth.start.mean(), truth.start.covariance()};
    const auto moments = EndMoments::of(start, truth.forward);
    const GaussianBridge bridge(start, moments.end, 0.7);
    CHECK((moments.cross - bridge.cross()).cwiseAbs().maxCoeff() < 1e-10);
    for (const double t : {0.0, 0.3, 1.0}) {
        CHECK((moments.at(t).covariance - bridge.at(t).covariance).cwiseAbs().maxCoeff() < 1e-10);
        CHECK((moments.at(t).mean - bridge.at(t).mean).norm() < 1e-12);
    }
    CHECK_THROWS_WITH_AS(
        EndMoments::of(start, Choice<truths>("mixture").make(0.7, std::uint64_t{2}).forward),
        "the ends of a potential with 5 components are no linear function of their starts", Error);
}

TEST_CASE("a Gaussian bridge has hardly an error, and its energies are those of the truth") {
    const double e = 1;
    const Index d = 3, n = 20000;
    const auto truth = Choice<truths>("gaussian,dim=3,spread=2").make(e, std::uint64_t{2});
    Matrix x0(d, n), x1(d, n), other(d, n);
    truth.sample(2, 0, 0, x0, other);
    truth.sample(2, 1, 0, other, x1);
    Threads one(1), two(2);
    Progress silent;
    const Model model = make_bridge("gaussian", {x0, x1, {d}, {e}, false, 1}, two, silent);
    BridgeBenchSpec spec;
    spec.points = spec.samples = 100;
    spec.n = 4000;
    const Json report = bench_against(model, truth, spec, 7, two, silent);
    CHECK(report == bench_against(model, truth, spec, 7, one, silent));
    CHECK(report["runs"] == "plan");
    CHECK(report["exact_kl"] == true);
    // n samples of each side: twice the floor is 6 and 18 / 4 of 1 / n, and errors of that size.
    CHECK(report["kl_full"].get<double>() < 10.0 * 18 / 4 / n);
    CHECK(report["kl_diagonal"].get<double>() < 10.0 * 3 / n);
    CHECK(report["kl_full_independent"].get<double>() > 0.01);
    CHECK(report["w2"].get<double>() < 1.2 * report["w2_floor"].get<double>());
    // The relative variance of a squared Gaussian vector is at most 2, whatever its covariance.
    const double slack = 5 * std::sqrt(2.0 / 2000);
    CHECK(report["path_energy"].get<double>() ==
          doctest::Approx(report["path_energy_true"].get<double>()).epsilon(slack));
    CHECK(report["flow_energy"].get<double>() ==
          doctest::Approx(report["flow_energy_true"].get<double>()).epsilon(slack));
    CHECK(report["flow_energy"].get<double>() < report["path_energy"].get<double>());
    const GaussianLaw start{truth.start.mean(), truth.start.covariance()};
    const auto end = EndMoments::of(start, truth.forward).end;
    CHECK(report["flow_energy_true"].get<double>() >
          2 * half_bures(start.mean, start.covariance, end.mean, end.covariance));
    // 2 e KL(plan | p0 N(x0, e I)) (THEORY E.3), by the closed forms of cost and entropy:
    // KL = KL(plan | independent) - E log of N(x1; x0, e I) over p1.
    const GaussianBridge bridge(start, end, e);
    const double log_det = 2 * std::log(1.0);  // spread, its inverse and 1 multiply to 1
    const double entropy = (d * std::log(2 * M_PI * std::exp(1.0)) + log_det) / 2;
    const double kl =
        bridge.relative_entropy() - entropy + bridge.cost() / e + d * std::log(2 * M_PI * e) / 2;
    // The average over 4000 pairs of the plan; its terms have a variance below that of |x|^2 / e.
    CHECK(report["path_energy_true"].get<double>() ==
          doctest::Approx(2 * e * kl).epsilon(5 * std::sqrt(2.0 * d / 4000)));
}

TEST_CASE("without a truth there are W2 and the energies, and a flow has no drift") {
    const Index n = 400;
    const Matrix x0 = normals(2, n, 1), x1 = normals(2, n, 2);
    Threads threads(2);
    Progress silent;
    const BridgeTask task{x0, x1, {2}, {0.5}, false, 1};
    for (const char* method : {"gaussian", "cfm,steps=20,width=8", "sf2m,steps=20,width=8"}) {
        CAPTURE(method);
        const Model model = make_bridge(method, task, threads, silent);
        BridgeBenchSpec spec;
        if (method[0] == 's') spec.steps = 20;
        const Json report = bench_between(model, x0, x1, spec, 7, threads, silent);
        const std::string runs = report["runs"];
        CHECK(runs == (method[0] == 'g' ? "plan" : method[0] == 'c' ? "flow" : "sde"));
        CHECK(report["path_energy"].is_null() == (runs == "flow"));
        CHECK(report["flow_energy"].get<double>() > 0);
        CHECK(report["transport"] == n / 2);
        CHECK(report["w2"].get<double>() > 0);
    }
    const Model known = make_bridge("gaussian", task, threads, silent);
    CHECK_THROWS_WITH_AS(
        bench_between(known, normals(3, 5, 1), normals(3, 5, 2), {}, 1, threads, silent),
        "the samples have dimension 3, the model 2", Error);
    BridgeBenchSpec useless;
    useless.steps = 20;
    CHECK_THROWS_WITH_AS(
        bench_between(known, x0, x1, useless, 1, threads, silent),
        "--steps: goes with a model that runs as an SDE; this one runs by its plan", Error);
    useless.steps.reset();
    useless.points = 20;
    CHECK_THROWS_WITH_AS(
        bench_between(known, x0, x1, useless, 1, threads, silent),
        "--points: goes with a pair of si-bridge bench make, whose bridge is known", Error);
}
