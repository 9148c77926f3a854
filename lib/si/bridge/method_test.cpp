#include "si/bridge/method.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "si/bridge/gaussian.hpp"
#include "si/flow/likelihood.hpp"
#include "si/flow/transport.hpp"
#include "si/interpolant/bridge_field.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normals(Index d, Index n, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({51, Purpose::data, step}, 0, x);
    return x;
}

BridgeTask task_of(Matrix x0, Matrix x1, double epsilon, bool pairs = false) {
    const Index d = x0.rows();
    return {std::move(x0), std::move(x1), {d}, {epsilon}, pairs, 1};
}

/// Settings with which a row takes a second.
Choice<bridge_methods> quick(const BridgeRow& row) {
    Json settings{{"kind", row.name}};
    for (const auto& field : row.spec.fields()) {
        if (field.name == "steps") settings["steps"] = 30;
        if (field.name == "batch") settings["batch"] = 200;  // two chunks
        if (field.name == "pool") settings["pool"] = 64;
        if (field.name == "rounds") settings["rounds"] = 1;
        if (field.name == "walk") settings["walk"] = 5;
        if (field.name == "components") settings["components"] = 3;
    }
    return Choice<bridge_methods>::from_json(settings);
}

Model bridge(const Choice<bridge_methods>& method, const BridgeTask& task) {
    Threads threads(2);
    Progress silent;
    return make_bridge(method, task, threads, silent);
}

TransportSpec by_sde(const char* steps, const char* epsilon = "bridge") {
    TransportSpec spec;
    spec.sde = Choice<sde_steps>(steps);
    spec.epsilon = Setting<EpsilonChoice>::from_text(epsilon);
    return spec;
}

Matrix carried(const Model& model, ConstMatrix x, Direction direction,
               const TransportSpec& spec = {}) {
    Threads threads(2);
    Progress silent;
    const auto field = make_field(model);
    return model.transform.to_data(
        transport(model, *field, spec,
                  {.x = model.transform.from_data(x), .direction = direction, .seed = 1}, threads,
                  silent)
            .x);
}

}  // namespace

TEST_CASE("every method makes a model that runs forward and backward, the same on any threads") {
    const auto task = task_of(normals(2, 300, 1), normals(2, 200, 2).array() + 1, 0.5);
    for (const BridgeRow& row : bridge_methods()) {
        CAPTURE(std::string(row.name));
        const auto method = quick(row);
        const Model model = bridge(method, task);
        CHECK(model.dim == 2);
        const bool apart = row.name == "cfm" || row.name == "interpolant";
        CHECK(model.independent == apart);
        const auto field = make_field(model);
        CHECK((field->available() & kB) != 0);
        CHECK(carried(model, task.x0.leftCols(5), Direction::forward).allFinite());
        CHECK(carried(model, task.x1.leftCols(5), Direction::backward).allFinite());
        if ((field->available() & kS) != 0) {
            const auto own = TransportSpec{}.resolved(model, *field);
            CHECK(own.chosen().row().noisy == !row.noiseless);
            CHECK(carried(model, task.x0.leftCols(5), Direction::forward, own).allFinite());
            CHECK(carried(model, task.x1.leftCols(5), Direction::backward, own).allFinite());
        }
        Threads one(1);
        Progress silent;
        const Model again = make_bridge(method, task, one, silent);
        CHECK(again.field == model.field);
        CHECK(again.parameters == model.parameters);
    }
}

TEST_CASE("fitted online, the iteration is the same on any threads, and keeps its pairs' ends") {
    const auto task = task_of(normals(2, 300, 1), normals(2, 200, 2).array() + 1, 0.5);
    const Choice<bridge_methods> method(
        "dsbm,schedule=online,steps=30,rounds=2,width=16,batch=64,pool=64,walk=5,cache=90,"
        "refresh=20");
    const Model model = bridge(method, task);
    REQUIRE(model.about["bridge"]["rounds"].size() == 3);
    CHECK(model.about["bridge"]["rounds"][2]["from"] == "both");
    CHECK(carried(model, task.x1.leftCols(5), Direction::backward,
                  TransportSpec{}.resolved(model, *make_field(model)))
              .allFinite());
    Threads one(1);
    Progress silent;
    CHECK(make_bridge(method, task, one, silent).parameters == model.parameters);
    CHECK_THROWS_AS(Choice<bridge_methods>("dsbm,schedule=often"), Error);
}

// The path that it starts from has 1.6 times the action of the bridge, .342 against .214 with z of
// unit variance; what is learned of the drift in so short a run adds to both.
TEST_CASE("bending the path brings its action down") {
    const auto task = task_of(normals(1, 5000, 1), 2 * normals(1, 5000, 2), 1);
    const auto action = [&](const char* rate) {
        const Model model =
            bridge(Choice<bridge_methods>(
                       text("neural-interpolant,steps=1500,width=32,batch=256,path_rate=", rate)),
                   task);
        return model.about["bridge"]["actions"].back().get<double>();
    };
    const double still = action("0"), bent = action("1e-4");
    MESSAGE("still ", still, ", bent ", bent);
    CHECK(bent < 0.8 * still);
}

TEST_CASE("what does not fit is refused") {
    const Matrix x = normals(2, 20, 1), y = normals(2, 30, 2);
    CHECK_THROWS_WITH_AS(bridge("gaussian", task_of(x, normals(3, 20, 2), 1)),
                         "the samples have 2 and 3 coordinates", Error);
    CHECK_THROWS_WITH_AS(bridge("sf2m", task_of(x, y, 1, true)),
                         "pairs need as many samples on both sides; there are 20 and 30", Error);
    CHECK_THROWS_WITH_AS(bridge("lightsb", task_of(x, x, 1, true)),
                         "--pairs: method lightsb finds its own pairs; use sf2m or cfm", Error);
    CHECK_THROWS_AS(bridge("gaussian", task_of(x, y.leftCols(1), 1)), Error);
}

TEST_CASE("one noise has four names") {
    const BridgeNoise noise{0.25};
    CHECK(noise.conventions() ==
          "noise: sigma = 0.5, epsilon = sigma^2 = 0.25 (of |x-y|^2/2), regularisation of |x-y|^2 "
          "= 2 sigma^2 = 0.5, epsilon of si-sample = sigma^2/2 = 0.125");
}

// Property 16: ends and middle of the Gaussian bridge along its SDE, forward and backward, and at
// another noise, which has the same marginals.
TEST_CASE("the Gaussian bridge runs to its marginals, both ways and at any noise") {
    const Index d = 2, n = 20000;
    const double e = 0.5;
    const Matrix x0 = normals(d, n, 3), x1 = (2 * normals(d, n, 4).array() + 1).matrix();
    const Model model = bridge("gaussian", task_of(x0, x1, e));
    const auto start = GaussianLaw::of(x0), end = GaussianLaw::of(x1);
    const auto same = [&](const Matrix& x, const GaussianLaw& law) {
        const auto found = GaussianLaw::of(x);
        for (Index i = 0; i < d; ++i) {
            // 5 standard errors of a mean, and of a variance, 2 V^2 / n; steps of Heun's method
            // add less than a tenth of that.
            const double v = law.covariance(i, i);
            CHECK(std::abs(found.mean[i] - law.mean[i]) < 5 * std::sqrt(v / n));
            CHECK(std::abs(found.covariance(i, i) - v) < 5 * v * std::sqrt(2.0 / n));
        }
    };
    same(carried(model, x0, Direction::forward), end);
    same(carried(model, x0, Direction::forward, by_sde("heun,steps=100")), end);
    same(carried(model, x0, Direction::forward, by_sde("heun,steps=100", "0.6")), end);
    same(carried(model, x1, Direction::backward, by_sde("heun,steps=100")), start);
    // The pairs of ends are those of the bridge at its own noise alone.
    const GaussianBridge exact(start, end, e);
    const auto cross = [&](const char* epsilon) {
        const Matrix y = carried(model, x0, Direction::forward, by_sde("heun,steps=100", epsilon));
        return (x0.row(0).array() - start.mean[0]).matrix().dot(y.row(0)) / n;
    };
    const double c = exact.cross()(0, 0);
    // Variance of a product of correlated normals: v0 v1 + c^2.
    const double error = 5 * std::sqrt((1 * 4 + c * c) / n);
    CHECK(std::abs(cross("bridge") - c) < error);
    CHECK(std::abs(cross("0.6") - c) > error);
}

// Property 16: without a solver.
TEST_CASE("drawn by its plan, a bridge has its marginals and pairs, and the states between") {
    const Index d = 2, n = 20000;
    const double e = 0.5;
    const Matrix x0 = normals(d, n, 3), x1 = (2 * normals(d, n, 4).array() + 1).matrix();
    const Model model = bridge("gaussian", task_of(x0, x1, e));
    const GaussianBridge exact(GaussianLaw::of(x0), GaussianLaw::of(x1), e);
    const auto field = make_field(model);
    Progress silent;
    TransportSpec by_plan;
    by_plan.sampler = Choice<samplers>("plan");
    const auto drawn = [&](const Matrix& start, Direction direction, int count) {
        Threads threads(count);
        return transport(model, *field, by_plan, {.x = start, .direction = direction, .seed = 1},
                         threads, silent);
    };
    const std::vector<double> times{0.5, 0, 0.25, 1};
    for (const auto direction : {Direction::forward, Direction::backward}) {
        const Matrix& start = direction == Direction::forward ? x0 : x1;
        by_plan.trajectory.clear();
        const Matrix end = drawn(start, direction, 1).x;
        by_plan.trajectory = times;
        const auto paths = drawn(start, direction, 2);
        CHECK(paths.x == end);
        for (std::size_t k = 0; k < times.size(); ++k) {
            const auto found = GaussianLaw::of(paths.trajectory[k]), law = exact.at(times[k]);
            for (Index i = 0; i < d; ++i) {
                const double v = law.covariance(i, i);
                CHECK(std::abs(found.mean[i] - law.mean[i]) < 5 * std::sqrt(v / n));
                CHECK(std::abs(found.covariance(i, i) - v) < 5 * v * std::sqrt(2.0 / n));
            }
        }
        CHECK(paths.trajectory[direction == Direction::forward ? 3 : 1] == paths.x);
        CHECK(paths.trajectory[direction == Direction::forward ? 1 : 3] == start);
    }
}

// Property 17.
TEST_CASE("the drift between samples is that of the Gaussian bridge") {
    const Index n = 2048;
    const Matrix x0 = normals(2, n, 5), x1 = normals(2, n, 6);
    const Model model = bridge("sinkhorn", task_of(x0, x1, 1));
    const GaussianBridge exact(GaussianLaw::of(x0), GaussianLaw::of(x1), 1);
    const Matrix points = normals(2, 200, 7);
    FieldValues out;
    (*make_field(model)->evaluator())(Vector::Constant(200, 0.5), points, kU | kS, out);
    const auto law = exact.at(0.5);
    const Vector shift = GaussianLaw::of(x1).mean - GaussianLaw::of(x0).mean;
    const Matrix drift =
        (exact.drift_matrix(0.5) * (points.colwise() - law.mean)).colwise() + shift;
    // 0.15 with twice the samples: the error of a mean of them falls as their root.
    CHECK((out.u - drift).norm() / drift.norm() < 0.15 * std::sqrt(2.0));
}

TEST_CASE("between samples the bridge starts anywhere and ends in samples") {
    const Matrix x0 = normals(2, 200, 8), x1 = normals(2, 150, 9).array() + 2;
    const Model model = bridge("sinkhorn", task_of(x0, x1, 0.3));
    const Matrix ends = carried(model, x0, Direction::forward, by_sde("euler-maruyama,steps=2000"));
    for (Index j = 0; j < 20; ++j) {
        // What is left at the margin 1e-3 is a bridge of deviation sigma sqrt(1e-3), in the last
        // step of the ODE about as far again.
        const double nearest = (x1.colwise() - ends.col(j)).colwise().norm().minCoeff();
        CHECK(nearest < 6 * std::sqrt(0.3 * 1e-3));
    }
}

TEST_CASE("the flow of a light bridge has the density that its potentials have at its end") {
    const Model model = bridge("lightsb,steps=200,components=3",
                               task_of(normals(2, 500, 1), normals(2, 500, 2).array() + 1, 0.5));
    const auto field = make_field(model);
    REQUIRE((field->available() & kLogRho) != 0);
    const Matrix points = normals(2, 20, 3).array() + 1;
    Threads threads(2);
    Progress silent;
    const auto found = ode_log_density(model, *field, {}, {points}, threads, silent);
    FieldValues out;
    (*field->evaluator())(Vector::Ones(20), points, kLogRho, out);
    // dopri5 at its tolerance of 1e-5.
    CHECK((found.log_density - out.log_rho).cwiseAbs().maxCoeff() < 1e-3);
}

TEST_CASE("auto says why") {
    struct Listener : Progress {
        std::string heard;
        void note(const std::string& sentence) override { heard += sentence + "\n"; }
    } listener;
    Threads threads(1);
    make_bridge("auto", task_of(normals(1, 50, 1), normals(1, 50, 2), 9), threads, listener);
    CHECK(listener.heard.find("method sinkhorn: sigma^2 is above the variance") !=
          std::string::npos);
}

// Property 25: in one dimension lower than that of the fit, as what is fitted is random.
TEST_CASE("in other units the bridge is the same") {
    const Matrix x0 = normals(2, 60, 1), x1 = normals(2, 60, 2).array() + 1;
    const double c = 4;
    for (const char* method : {"gaussian", "sinkhorn", "lightsb,steps=50,components=3"}) {
        CAPTURE(method);
        const Model plain = bridge(method, task_of(x0, x1, 0.5));
        const Model wide = bridge(method, task_of(c * x0, c * x1, c * c * 0.5));
        FieldValues a, b;
        const Vector t = Vector::Constant(3, 0.4);
        (*make_field(plain)->evaluator())(t, x0.leftCols(3), kU | kW, a);
        (*make_field(wide)->evaluator())(t, c * x0.leftCols(3), kU | kW, b);
        CHECK((c * a.u - b.u).norm() < 1e-6 * b.u.norm());
        CHECK((c * a.w - b.w).norm() < 1e-6 * b.w.norm());
    }
}
