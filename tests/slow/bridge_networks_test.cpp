#include <cmath>

#include <doctest/doctest.h>

#include "si/bridge/bench.hpp"
#include "si/bridge/end_moments.hpp"
#include "si/bridge/gaussian.hpp"
#include "si/bridge/method.hpp"
#include "si/bridge/truth.hpp"
#include "si/coupling/plan.hpp"
#include "si/flow/transport.hpp"
#include "si/model/sample_conditions.hpp"
#include "si/random/draw.hpp"
#include "si/train/trainer.hpp"

// Bridges by networks against known ones, by the numbers of their list of properties.

using namespace si;

namespace {

Matrix normals(Index d, Index n, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({91, Purpose::data, step}, 0, x);
    return x;
}

Matrix uniforms(Index d, Index n, std::uint32_t step) {
    Matrix x(d, n);
    fill_uniform({92, Purpose::data, step}, 0, x);
    return x;
}

Model bridge(const char* method, const Matrix& x0, const Matrix& x1, double epsilon,
             bool pairs = false) {
    Threads threads;
    Progress silent;
    return make_bridge(method, {x0, x1, {x0.rows()}, {epsilon}, pairs, 1}, threads, silent);
}

/// Paths along the SDE dX = g dW of the model, g in the units of the data, or along its flow; the
/// states at `times` in the units of the data.
std::vector<Matrix> states(const Model& model, const Matrix& x0, double g,
                           const std::vector<double>& times) {
    Threads threads;
    Progress silent;
    TransportSpec along;
    along.trajectory = times;
    if (g > 0) {
        const double unit = model.transform.scale[0];
        along.sde = Choice<sde_steps>("heun,steps=200");
        along.epsilon = Setting<EpsilonChoice>::from_text(text(g * g / 2 / (unit * unit)));
    }
    const auto field = make_field(model);
    const Matrix start = model.transform.from_data(x0);
    auto paths =
        transport(model, *field, along,
                  {.x = start, .seed = 9, .given = with_start(field->conditions(), {}, start)},
                  threads, silent)
            .trajectory;
    for (Matrix& x : paths) x = model.transform.to_data(x);
    return paths;
}

/// Between Gaussians that are turned against each other.
struct Oracle {
    GaussianLaw start{Vector{{-0.5, 0}}, Matrix{{1, 0.3}, {0.3, 0.8}}},
        end{Vector{{0.5, 1}}, Matrix{{0.7, -0.4}, {-0.4, 1.5}}};
    double epsilon = 1;
    GaussianBridge exact{start, end, epsilon};

    KnownBridge known() const {
        return {GaussianMixture({1.0}, {start.mean}, {start.covariance}), exact.forward()};
    }
};

/// Sums over the law of x_t, at midpoints of 20 equal parts of (0, 1).
template <class F>
void over_times(const Oracle& oracle, const F& f) {
    constexpr Index kTimes = 20, kPoints = 2000;
    for (Index k = 0; k < kTimes; ++k) {
        const double t = (static_cast<double>(k) + 0.5) / kTimes;
        const GaussianLaw law = oracle.exact.at(t);
        Matrix x(2, kPoints);
        GaussianMixture({1.0}, {law.mean}, {law.covariance})
            .sample({93, Purpose::data, static_cast<std::uint32_t>(k)}, 0, x);
        f(t, law, x);
    }
}

FieldValues ask(const Model& model, double t, const Matrix& x, unsigned want) {
    FieldValues out;
    (*make_field(model)->evaluator())(Vector::Constant(x.cols(), t), model.transform.from_data(x),
                                      want, out);
    to_data_coordinates(model, want, out);
    return out;
}

}  // namespace

// Property 20.
TEST_CASE("on pairs of the true plan the drift is learned, and every noise has its marginals") {
    const Oracle oracle;
    const Index n = 50000;
    Matrix x0(2, n), x1(2, n);
    oracle.known().sample(5, 0, 0, x0, x1);
    const Model model = bridge("sf2m,condition=none", x0, x1, oracle.epsilon, true);

    double error = 0, size = 0;
    over_times(oracle, [&](double t, const GaussianLaw& law, const Matrix& x) {
        const Vector shift = oracle.end.mean - oracle.start.mean;
        const Matrix exact =
            (oracle.exact.drift_matrix(t) * (x.colwise() - law.mean)).colwise() + shift;
        error += (ask(model, t, x, kU).u - exact).squaredNorm();
        size += exact.squaredNorm();
    });
    MESSAGE("drift: relative L2 error ", std::sqrt(error / size));
    CHECK(std::sqrt(error / size) <= 0.05);

    Matrix start(2, 20000), unused(2, 20000);
    oracle.known().sample(5, 1, 0, start, unused);
    const std::vector<double> times{0.25, 0.5, 0.75, 1};
    for (const double g : {0.0, 0.5, 1.0, 2.0}) {
        CAPTURE(g);
        const auto there = states(model, start, g, times);
        for (std::size_t k = 0; k < times.size(); ++k) {
            const auto law = oracle.exact.at(times[k]), found = GaussianLaw::of(there[k]);
            const double apart =
                100 * half_bures(law.mean, law.covariance, found.mean, found.covariance) /
                (law.covariance.trace() / 2);
            MESSAGE("noise ", g, ", t = ", times[k], ": BW2-UVP ", apart, " %");
            CHECK(apart <= 1);
        }
    }
}

// Property 21: b + sigma^2 s / 2 is the forward drift u. Here each has a network of its own; that
// of the backward drift is what remains, sigma^2 s - u.
TEST_CASE("a flow and its score and drift fit together when all are learned") {
    const Oracle oracle;
    const Index n = 200000;
    TrainData data;
    data.x1().samples.resize(2, n);
    data.x0().samples.resize(2, n);
    oracle.known().sample(6, 0, 0, data.x0().samples, data.x1().samples);
    data.shape = {2};
    InterpolantSpec interpolant;
    interpolant.gamma = Choice<gammas>("brownian,a=1");
    TrainSpec spec;
    spec.learn = "b,eta,u";
    spec.net = Choice<networks>("mlp,width=64,depth=3,fourier=0");
    spec.coupling = Choice<couplings>("paired");
    spec.standardize = "none";
    spec.steps = 10000;
    spec.batch = 2048;
    spec.optimizer = Choice<optimizers>("adam,lr=2e-3");
    Threads threads;
    Progress silent;
    const Model model = train(data, interpolant, spec, 1, {}, threads, silent);

    const double e = oracle.epsilon;
    double drift = 0, size = 0;
    over_times(oracle, [&](double t, const GaussianLaw&, const Matrix& x) {
        const auto out = ask(model, t, x, kB | kEta | kU);
        const Matrix s = out.eta / -std::sqrt(e * t * (1 - t));
        drift += (out.b + e / 2 * s - out.u).squaredNorm();
        size += out.u.squaredNorm();
    });
    MESSAGE("b + sigma^2 s / 2 against u: ", std::sqrt(drift / size));
    CHECK(std::sqrt(drift / size) <= 0.02);
}

// Property 19, the test of arXiv:2303.16852 (Table 3): N(-0.1, I) to N(0.1, I) at sigma = 1, where
// Cov(x0, x1) = 0.618 I. Moments of 20 000 paths have a floor of d / n = 0.00025.
TEST_CASE("iterated Markovian fitting is near the Gaussian bridge at all times") {
    const auto truth = Choice<truths>("gaussian,dim=5").make(1, std::uint64_t{0});
    const Index d = 5, n = 10000;
    Matrix x0(d, n), x1(d, n), other(d, n);
    truth.sample(0, 0, 0, x0, other);
    truth.sample(0, 1, 0, other, x1);
    const Model model = bridge("dsbm", x0, x1, 1);
    Threads threads;
    Progress silent;
    BridgeBenchSpec spec;
    spec.points = spec.samples = spec.transport = 100;
    const Json report = bench_against(model, truth, spec, 3, threads, silent);
    MESSAGE("diagonal divergence ", report["kl_diagonal"].get<double>(), ", floor ",
            report["kl_diagonal_floor"].get<double>());
    CHECK(report["kl_diagonal"].get<double>() <= 3e-3);

    Matrix start(d, 20000), unused(d, 20000);
    truth.sample(0, 2, 0, start, unused);
    const Matrix ends = states(model, start, 1, {1})[0];
    const double cross = EndMoments::of(start, ends, 1).cross.trace() / d;
    MESSAGE("Cov(x0, x1) = ", cross);
    CHECK(std::abs(cross - 0.618) <= 0.03);
}

namespace {

/// The toys of arXiv:2307.03672, as its code makes them: eight points at a distance of 5 with
/// covariance sqrt(0.1) I, and two half circles, each point moved by one number in both
/// coordinates.
Matrix eight(Index n, std::uint32_t step) {
    const Matrix u = uniforms(1, n, step);
    Matrix x = std::pow(0.1, 0.25) * normals(2, n, step);
    for (Index j = 0; j < n; ++j) {
        const double angle = std::floor(8 * u(0, j)) * std::acos(-1.0) / 4;
        x(0, j) += 5 * std::cos(angle);
        x(1, j) += 5 * std::sin(angle);
    }
    return x;
}

Matrix moons(Index n, std::uint32_t step) {
    const Matrix u = uniforms(3, n, step);
    Matrix x(2, n);
    for (Index j = 0; j < n; ++j) {
        const double angle = std::acos(-1.0) * u(0, j);
        const bool upper = u(1, j) < 0.5;
        x(0, j) = upper ? std::cos(angle) : 1 - std::cos(angle);
        x(1, j) = upper ? std::sin(angle) : 0.5 - std::sin(angle);
        x.col(j).array() += 0.2 * u(2, j);
    }
    return (3 * x.array() - 1).matrix();
}

using Toy = Matrix (*)(Index n, std::uint32_t step);

Matrix round(Index n, std::uint32_t step) { return normals(2, n, step); }

/// bench_between() fresh samples, and by how much the flow costs more than W2^2.
Json score(const Model& model, Toy from, Toy to) {
    constexpr Index kPaths = 10000;
    const Matrix x0 = from(kPaths, 20), x1 = to(2 * kPaths, 21);
    BridgeBenchSpec spec;
    spec.transport = kPaths;
    Threads threads;
    Progress silent;
    Json report = bench_between(model, x0, x1, spec, 3, threads, silent);
    const double least = 2 * match_exactly(x0, x1.leftCols(kPaths)).cost;
    report["excess"] = report["flow_energy"].get<double>() / least - 1;
    return report;
}

}  // namespace

// Property 22.
TEST_CASE("light bridges of the toys are at the floor of the distance") {
    const Index n = 10000;
    struct Row {
        const char* name;
        Toy from, to;
        double most;
    };
    for (const Row& row :
         {Row{"eight to moons", eight, moons, 0.15}, Row{"moons to eight", moons, eight, 0.12},
          Row{"round to eight", round, eight, 0.15}, Row{"round to moons", round, moons, 0.15}}) {
        CAPTURE(std::string(row.name));
        const Model model = bridge("lightsb", row.from(n, 1), row.to(n, 2), 1);
        const Json report = score(model, row.from, row.to);
        const double above = report["w2"].get<double>() - report["w2_floor"].get<double>();
        MESSAGE(std::string(row.name), ": W2 above its floor by ", above, " (",
                report["w2"].get<double>(), ")");
        CHECK(above <= row.most);
    }
}

TEST_CASE("optimally matched pairs make a straight flow of round to moons, independent ones not") {
    const Index n = 10000;
    const Matrix x0 = round(n, 1), x1 = moons(n, 2);
    const Json matched = score(bridge("otcfm", x0, x1, 1), round, moons),
               apart = score(bridge("cfm", x0, x1, 1), round, moons);
    MESSAGE("otcfm: W2 ", matched["w2"].get<double>(), " (floor ",
            matched["w2_floor"].get<double>(), "), excess ", matched["excess"].get<double>(),
            "; cfm: W2 ", apart["w2"].get<double>(), ", excess ", apart["excess"].get<double>());
    CHECK(matched["w2"].get<double>() <= 0.2);
    CHECK(std::abs(matched["excess"].get<double>()) <= 0.15);
    CHECK(apart["excess"].get<double>() > std::abs(matched["excess"].get<double>()));
}
