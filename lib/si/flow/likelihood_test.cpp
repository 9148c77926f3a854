#include "si/flow/likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include <doctest/doctest.h>

#include "si/flow/transport.hpp"
#include "si/interpolant/closed.hpp"
#include "si/net/network.hpp"
#include "support/altered.hpp"
#include "support/examples.hpp"

using namespace si;
using examples::Altered;

namespace {

Threads& threads() {
    static Threads team(2);
    return team;
}
Progress quiet;

/// N(0, I), and a field of its own.
Model model_of(Index dim) {
    Model model;
    model.dim = dim;
    model.shape = {dim};
    model.transform = Transform::identity(dim);
    return model;
}

/// A base, and a field of its own.
Model model_from(const GaussianMixture& base) {
    Model model = model_of(base.dim());
    Json settings = base.to_json();
    settings["kind"] = "mixture";
    model.base = Choice<bases>::from_json(settings);
    return model;
}

LogDensities by_flow(const Model& model, const Field& field, ConstMatrix x,
                     const OdeLogDensitySpec& spec, End end = End::target) {
    return ode_log_density(model, field, spec, {.x = x, .end = end, .seed = 5}, threads(), quiet);
}

LogDensities by_paths(const Model& model, const Field& field, ConstMatrix x,
                      const SdeLogDensitySpec& spec, const Epsilon& epsilon,
                      End end = End::target) {
    return sde_log_density(model, field, spec, epsilon, {.x = x, .end = end, .seed = 5}, threads(),
                           quiet);
}

Epsilon always(double value) {
    return [value](double) { return value; };
}

/// A field whose score is to be had on [0.1, 0.8] only.
struct Shortened : Altered {
    using Altered::Altered;
    std::array<double, 2> span(unsigned want) const override {
        if ((want & (kS | kDivS)) != 0) return {0.1, 0.8};
        return {0, 1};
    }
};

/// The setting of THEORY A.7: N(0, 1) to N(1, 1/2), linear, gamma^2 = t (1 - t), with errors.
struct Misfit {
    MixtureField exact{examples::interpolant("linear", "brownian"),
                       GaussianMixture::standard_normal(1), examples::on_a_line({1}, {1}, {0.5})};
    Altered field{exact, 0.15, -0.1, 0.9};
    Model model = model_of(1);
    Matrix points{{-1, 0, 1, 2.5}};
};

double log_normal(double x, double mean, double variance) {
    return -((x - mean) * (x - mean) / variance + std::log(2 * std::numbers::pi * variance)) / 2;
}

/// |estimate - truth| within 5 standard errors, for each point.
void check_close(const LogDensities& found, const Vector& truth) {
    for (Index i = 0; i < truth.size(); ++i) {
        CAPTURE(i);
        CAPTURE(found.log_density[i]);
        CAPTURE(truth[i]);
        CHECK(std::abs(found.log_density[i] - truth[i]) < 5 * found.standard_error[i]);
    }
}

Matrix draw(const GaussianMixture& density, Index n) {
    Matrix x(density.dim(), n);
    density.sample({17, Purpose::data, 0}, 0, x);
    return x;
}

Model network_model(const std::string& learn, Index dim) {
    Model model = model_of(dim);
    const Choice<networks> net("mlp,width=32,depth=2,fourier=3");
    model.field = {{"kind", "network"}, {"learn", learn}, {"net", net.json()}};
    model.parameters =
        net.make(NetworkShape{dim, dim}).initial(3).replicate(std::ssize(parse_learned(learn)), 1);
    return model;
}

}  // namespace

TEST_CASE("no paths and no steps are refused") {
    const Misfit misfit;
    const auto with = [&](Index steps, Index paths) {
        by_paths(misfit.model, misfit.field, misfit.points, {"tilted", steps, paths}, always(0.4));
    };
    CHECK_THROWS_WITH_AS(with(10, 0), "paths: must be from 1 to 16777216, are 0", Error);
    CHECK_THROWS_WITH_AS(with(0, 4), "steps: must be positive, are 0", Error);
}

TEST_CASE("the flow's log-density is that of the target, by every path (T21)") {
    // Mean errors with 100 steps of RK4 as in THEORY T21, times 10.
    for (const auto& row :
         {std::tuple{"linear", "brownian", 4.7e-5}, std::tuple{"trig", "brownian", 2e-4},
          std::tuple{"enc-dec", "sine-squared", 1.2e-3}}) {
        const auto& path = std::get<0>(row);
        const auto& gamma = std::get<1>(row);
        const auto& bound = std::get<2>(row);
        CAPTURE(std::string(path));
        const auto base = examples::two_modes(), target = examples::three_modes();
        const MixtureField field(examples::interpolant(path, gamma), base, target);
        const Matrix x = draw(target, 500);
        const auto found = by_flow(model_from(base), field, x, {.ode = "rk4,steps=100"});
        CHECK((found.log_density - target.log_density(x)).cwiseAbs().mean() < bound);
        CHECK(found.evaluations.maxCoeff() == 400);
        CHECK(found.standard_error.size() == 0);
    }
}

TEST_CASE("from the other end: the density at t = 0 comes from that at t = 1") {
    const auto base = examples::spatial_base(), target = examples::spatial_target();
    const MixtureField field(examples::interpolant("linear", "brownian"), base, target);
    const Model model = model_from(base);
    const Matrix x = draw(base, 100);
    const auto flow = by_flow(model, field, x, {.ode = "dopri5,rtol=1e-8,atol=1e-8"}, End::base);
    CHECK((flow.log_density - base.log_density(x)).cwiseAbs().maxCoeff() < 1e-5);
    // Exact fields leave no spread but that of steps: half of it with twice as many.
    const auto error = [&](Index steps) {
        const auto paths =
            by_paths(model, field, x, {.steps = steps, .paths = 4}, always(0.5), End::base);
        return (paths.log_density - base.log_density(x)).cwiseAbs().mean();
    };
    CHECK(error(100) < 0.01);
    CHECK(error(50) / error(100) == doctest::Approx(2).epsilon(0.15));
}

TEST_CASE("where there is no score, the flow goes on") {
    const auto base = examples::spatial_base(), target = examples::spatial_target();
    const MixtureField whole(examples::interpolant("linear", "brownian"), base, target);
    const Shortened field(whole, 0, 0, 1);
    for (const auto& [end, density] : {std::pair{End::base, base}, {End::target, target}}) {
        const Matrix x = draw(density, 50);
        for (const char* estimator : {"tilted", "elbo"}) {
            const auto found =
                by_paths(model_from(base), field, x, {estimator, 200, 4}, always(0.3), end);
            CHECK((found.log_density - density.log_density(x)).cwiseAbs().mean() < 0.02);
            CHECK(found.evaluations[0] == 4 + 4 * (4 + 2 * 201 + 3 * 200));
        }
    }
}

TEST_CASE("densities integrate to 1 (T22)") {
    const auto integral = [](const Model& model, const Field& field, Index dim, double half,
                             Index cells) {
        const Index n = dim == 1 ? cells : cells * cells;
        const double width = 2 * half / static_cast<double>(cells);
        Matrix grid(dim, n);
        for (Index j = 0; j < n; ++j) {
            grid(0, j) = -half + (static_cast<double>(j % cells) + 0.5) * width;
            if (dim == 2) grid(1, j) = -half + (static_cast<double>(j / cells) + 0.5) * width;
        }
        const auto found = by_flow(model, field, grid, {.ode = "rk4,steps=25"});
        return found.log_density.array().exp().sum() * std::pow(width, dim);
    };
    for (const char* learn : {"b", "s,b"}) {  // of random networks
        for (const Index dim : {1, 2}) {
            const Model model = network_model(learn, dim);
            CHECK(integral(model, *make_field(model), dim, 7, dim == 1 ? 1000 : 100) ==
                  doctest::Approx(1).epsilon(1e-3));
        }
    }
    const auto base = examples::two_modes();
    const MixtureField exact(examples::interpolant("linear", "brownian"), base,
                             examples::three_modes());
    CHECK(integral(model_from(base), exact, 1, 12, 2000) == doctest::Approx(1).epsilon(1e-3));
}

TEST_CASE("the divergence of a network's field is the trace of its Jacobian") {
    for (const char* learn : {"b", "x1", "eta", "v,eta"}) {
        CAPTURE(std::string(learn));
        const Model model = network_model(learn, 3);
        const auto field = make_field(model);
        const Matrix x = Matrix::Random(3, 10);
        const auto b = [&](const Matrix& at) { return examples::evaluate(*field, 0.4, at, kB).b; };
        Vector trace = Vector::Zero(10);
        for (Index i = 0; i < 3; ++i) {
            const auto along = [&](double h) {
                Matrix at = x;
                at.row(i).array() += h;
                return Matrix(b(at).row(i));
            };
            trace += examples::derivative(along, 0.02).transpose();
        }
        // Of float32 values: 1e-7 / 0.02, and the rule's h^4, are far below.
        CHECK((examples::evaluate(*field, 0.4, x, kDivB).div_b - trace).cwiseAbs().maxCoeff() <
              1e-3 * (1 + trace.cwiseAbs().maxCoeff()));
    }
}

TEST_CASE("Hutchinson probes have the mean of the trace (T23)") {
    for (const char* learn : {"b", "x1", "v,eta"}) {
        const Model model = network_model(learn, 3);
        const auto field = make_field(model);
        const Matrix x = Matrix::Random(3, 20);
        const auto exact = by_flow(model, *field, x, {.ode = "rk4,steps=5"});
        for (const char* law : {"rademacher", "gaussian"}) {
            CAPTURE(std::string(learn));
            CAPTURE(std::string(law));
            const Choice<traces> some(text("hutchinson,probes=300,law=", law));
            const auto found = by_flow(model, *field, x, {"rk4,steps=5", some});
            check_close(found, exact.log_density);
            CHECK(found.standard_error.minCoeff() > 0);
            // One probe a sample has no error of its own.
            const Choice<traces> one(text("hutchinson,law=", law));
            CHECK(by_flow(model, *field, x, {"rk4,steps=5", one}).standard_error.size() == 0);
        }
    }
    // Signs square to 1, so they are exact where the Jacobian is diagonal, as in one dimension.
    const Model line = network_model("b", 1);
    const Matrix x = Matrix::Random(1, 20);
    const auto field = make_field(line);
    const auto signs =
        by_flow(line, *field, x, {"dopri5,rtol=1e-6,atol=1e-6", "hutchinson,probes=2"});
    const auto exact = by_flow(line, *field, x, {"dopri5,rtol=1e-6,atol=1e-6", "exact"});
    CHECK(signs.standard_error.maxCoeff() < 1e-6);
    CHECK((signs.log_density - exact.log_density).cwiseAbs().maxCoeff() < 1e-4);
    // A field in closed form answers with its divergence.
    const Misfit misfit;
    const auto closed = by_flow(misfit.model, misfit.field, misfit.points,
                                {"rk4", "hutchinson,probes=2,law=gaussian"});
    CHECK(closed.standard_error.maxCoeff() < 1e-12);
}

TEST_CASE("the flow carries the target back to the base (T24)") {
    const Index n = 20'000;
    const auto target = examples::three_modes();
    const MixtureField field(examples::interpolant("trig", "brownian"),
                             GaussianMixture::standard_normal(1), target);
    TransportSpec along;
    along.ode = "rk4,steps=100";
    auto back = transport(model_of(1), field, along,
                          {.x = draw(target, n), .direction = Direction::backward, .seed = 1},
                          threads(), quiet);
    std::sort(back.x.data(), back.x.data() + n);
    double distance = 0;  // Kolmogorov's, against N(0, 1)
    for (Index i = 0; i < n; ++i) {
        const double p = std::erfc(-back.x(0, i) / std::numbers::sqrt2) / 2;
        const auto below = static_cast<double>(i) / static_cast<double>(n);
        distance = std::max({distance, p - below, below + 1.0 / static_cast<double>(n) - p});
    }
    CHECK(distance * std::sqrt(static_cast<double>(n)) < 1.95);  // p > 1e-3
}

TEST_CASE("a result depends on the sample and its index alone") {
    const Model model = network_model("b", 2);  // its score ends before t = 1
    const auto field = make_field(model);
    const Matrix x = Matrix::Random(2, 300);
    Threads one(1);
    for (const char* divergence : {"exact", "hutchinson,probes=3"}) {
        const OdeLogDensitySpec spec{"dopri5", divergence};
        const auto all = by_flow(model, *field, x, spec);
        for (const Index i : {0, 255, 256, 299}) {
            const auto alone = ode_log_density(model, *field, spec,
                                               {.x = x.col(i), .seed = 5, .first = i}, one, quiet);
            CHECK(alone.log_density[0] == all.log_density[i]);
        }
    }
    for (const EstimatorRow& row : estimators()) {
        CAPTURE(std::string(row.name));
        const SdeLogDensitySpec spec{row.name, 5, 3};
        const auto all = by_paths(model, *field, x, spec, always(0.3));
        for (const Index i : {0, 84, 85, 299}) {
            const auto alone = sde_log_density(model, *field, spec, always(0.3),
                                               {.x = x.col(i), .seed = 5, .first = i}, one, quiet);
            CHECK(alone.log_density[0] == all.log_density[i]);
            CHECK(alone.standard_error[0] == all.standard_error[i]);
            CHECK(alone.effective_paths[0] == all.effective_paths[i]);
        }
    }
}

TEST_CASE("estimators against the exact density of a model with errors (T35)") {
    const Misfit misfit;
    const Epsilon epsilon = always(0.7);
    const auto estimate = [&](const char* estimator, Index steps) {
        return by_paths(misfit.model, misfit.field, misfit.points, {estimator, steps, 4000},
                        epsilon);
    };
    const Vector exact{{-4.69771, -1.65699, -0.58288, -2.65909}};
    const Vector of_chain{{-4.69396, -1.65652, -0.58345, -2.65706}};  // with 400 steps
    const Vector of_bound{{-4.7585, -1.7010, -0.5948, -2.6848}};
    for (Index i = 0; i < 4; ++i) {
        CHECK(log_normal(misfit.points(0, i), 1.04617632, 0.50849108) ==
              doctest::Approx(exact[i]).epsilon(1e-5));
    }
    const auto tilted = estimate("tilted", 100);
    check_close(tilted, exact);
    CHECK(tilted.relative_sd.maxCoeff() < 0.4);
    CHECK(tilted.effective_paths.minCoeff() > 3000);
    check_close(estimate("chain", 400), of_chain);
    const auto bound = estimate("elbo", 100);
    check_close(bound, of_bound);
    CHECK((exact - bound.log_density - 5 * bound.standard_error).minCoeff() > -5e-3);
    const auto plain = estimate("feynman-kac", 100);
    CHECK(plain.relative_sd.minCoeff() > 1);
    CHECK(std::abs(plain.log_density[2] - exact[2]) < 5 * plain.standard_error[2]);

    const auto flow = by_flow(misfit.model, misfit.field, misfit.points, {.ode = "rk4"});
    for (Index i = 0; i < 4; ++i) {
        const double truth = log_normal(misfit.points(0, i), 1.080915, 0.409365);
        CHECK(flow.log_density[i] == doctest::Approx(truth).epsilon(1e-5));
    }
}

TEST_CASE("with exact fields the weights of a point are equal, but for the steps (T36)") {
    const Misfit misfit;
    const auto spread = [&](const char* estimator, Index steps) {
        return by_paths(misfit.model, misfit.exact, misfit.points, {estimator, steps, 500},
                        always(0.7))
            .relative_sd.mean();
    };
    // O(sqrt h) for the chain, of which THEORY has 0.027 at 400 steps; O(h) for tilted.
    CHECK(spread("chain", 400) == doctest::Approx(0.027).epsilon(0.3));
    CHECK(spread("chain", 100) / spread("chain", 400) == doctest::Approx(2).epsilon(0.15));
    CHECK(spread("tilted", 100) < 2e-3);
    CHECK(spread("tilted", 50) / spread("tilted", 100) == doctest::Approx(2).epsilon(0.15));
}

TEST_CASE("the density of a model with a rough score integrates to 1, by paths too") {
    // Errors of s = -eta / gamma as a network makes them: they grow towards both ends.
    struct Rough : Altered {
        using Altered::Altered;
        struct Run : Evaluator {
            explicit Run(std::unique_ptr<Evaluator> smooth) : smooth(std::move(smooth)) {}
            void operator()(const Times& t, ConstMatrix x, unsigned want,
                            FieldValues& out) override {
                (*smooth)(t, x, want, out);
                if ((want & kS) == 0) return;
                for (Index j = 0; j < x.cols(); ++j) {
                    const double gamma = std::sqrt(std::max(t[j] * (1 - t[j]), 1e-3));
                    out.s(0, j) += 0.15 * std::sin(6 * x(0, j) + 3 * t[j]) / gamma;
                }
            }
            std::unique_ptr<Evaluator> smooth;
        };
        std::unique_ptr<Evaluator> evaluator() const override {
            return std::make_unique<Run>(Altered::evaluator());
        }
    };
    const Misfit misfit;
    const Rough field(misfit.exact, 0, 0, 1);
    const Index n = 1000;
    const double width = 10.0 / static_cast<double>(n);
    Matrix grid(1, n);
    for (Index j = 0; j < n; ++j) grid(0, j) = -4 + (static_cast<double>(j) + 0.5) * width;
    for (const char* estimator : {"tilted", "chain"}) {
        CAPTURE(estimator);
        const auto found = by_paths(misfit.model, field, grid, {estimator, 50, 40}, always(0.4));
        const Vector density = found.log_density.array().exp();
        const double mass = width * density.sum(),
                     error = width * density.cwiseProduct(found.standard_error).norm();
        CHECK(std::abs(mass - 1) < 5 * error);
        CHECK(error < 0.01);
    }
    // The rough score costs cross-entropy, and does not gain any.
    const Matrix x = draw(examples::on_a_line({1}, {1}, {0.5}), 4000);
    const auto at = [&](const Field& by) {
        return by_paths(misfit.model, by, x, {"tilted", 50, 40}, always(0.4)).log_density;
    };
    const Vector lost = at(misfit.exact) - at(field);
    const double sd = std::sqrt((lost.array() - lost.mean()).square().mean());
    CHECK(lost.mean() > -5 * sd / std::sqrt(4000.0));
}

TEST_CASE("with exact fields the cross-entropy is the entropy of the target (T37)") {
    const auto base = examples::two_modes(), target = examples::three_modes();
    const MixtureField field(examples::interpolant("linear", "brownian"), base, target);
    const Model model = model_from(base);
    const Index n = 2000;
    const Matrix x = draw(target, n);
    double entropy = 0;  // by the midpoint rule
    for (int i = 0; i < 24'000; ++i) {
        const Matrix at = Matrix::Constant(1, 1, -12 + (i + 0.5) * 1e-3);
        const double log_rho = target.log_density(at)[0];
        entropy -= 1e-3 * std::exp(log_rho) * log_rho;
    }
    const auto check = [&](const LogDensities& found) {
        const Vector terms = -found.log_density;
        const double sd = std::sqrt((terms.array() - terms.mean()).square().mean());
        CHECK(std::abs(terms.mean() - entropy) < 5 * sd / std::sqrt(static_cast<double>(n)));
        return (found.log_density - target.log_density(x)).cwiseAbs().mean();
    };
    CHECK(check(by_flow(model, field, x, {})) < 1e-3);
    for (const char* estimator : {"tilted", "elbo"}) {
        CHECK(check(by_paths(model, field, x, {estimator, 100, 2}, always(0.5))) < 0.01);
    }
    check(by_paths(model, field, x, {"chain", 200, 4}, always(0.5)));
}

namespace {

/// An affine model with a score that is not the gradient of anything, and noise that varies.
struct AffineCase {
    Matrix a, s;
    Vector c, e, r;
    Epsilon epsilon = [](double t) { return 0.2 + 0.6 * t; };

    static AffineCase in(Index dim) {
        if (dim == 1) {
            return {Matrix{{0.4}}, Matrix{{-0.8}}, Vector{{0.3}}, Vector{{-0.2}}, Vector{{0.1}}};
        }
        return {Matrix{{0.3, -0.2}, {0.1, -0.5}}, Matrix{{-0.9, 0.15}, {-0.1, -1.1}},
                Vector{{0.4, -0.1}}, Vector{{0.1, 0.2}}, Vector{{0.0, 0.1}}};
    }

    Index dim() const { return c.size(); }
    AffineField field() const { return {a, c, e, s, r}; }

    /// dX = (b + sign epsilon s) dt + sqrt(2 epsilon) dW from N(0, I) at one end to the other:
    /// steps of Euler and Maruyama have Gaussian laws, whose moments are these.
    GaussianMixture law(Index steps, double sign) const {
        const double h = sign / static_cast<double>(steps), start = sign > 0 ? 0 : 1;
        Vector m = Vector::Zero(dim());
        Matrix cov = Matrix::Identity(dim(), dim());
        for (Index k = 0; k < steps; ++k) {
            const double t = start + h * static_cast<double>(k), now = epsilon(t),
                         next = epsilon(t + h);
            const Matrix gain = Matrix::Identity(dim(), dim()) + h * (a + sign * now * s);
            m = m + h * (a * m + c + t * e + sign * now * (s * m + r));
            cov = gain * cov * gain.transpose() +
                  std::abs(h) * (now + next) * Matrix::Identity(dim(), dim());
            cov = (cov + cov.transpose().eval()) / 2;
        }
        return {{1.0}, {m}, {cov}};
    }

    /// The same in the limit of small steps, by extrapolation: the error is O(h^2).
    Vector log_density(const Matrix& x, double sign) const {
        return 2 * law(20'000, sign).log_density(x) - law(10'000, sign).log_density(x);
    }
};

}  // namespace

TEST_CASE("estimators agree with the model's own density in its tails, from either end") {
    for (const Index dim : {1, 2}) {
        const auto affine = AffineCase::in(dim);
        const AffineField plain = affine.field();
        const auto normal = GaussianMixture::standard_normal(dim);
        const Altered field(plain, 0, 0, 1, &normal);
        for (const End end : {End::target, End::base}) {
            const double sign = end == End::target ? 1 : -1;
            const auto chain_law = affine.law(50, sign);
            Matrix x = (3 * Matrix::Random(dim, 4)).colwise() + chain_law.means()[0];
            x.col(0) = chain_law.means()[0];
            const Vector truth = affine.log_density(x, sign);
            const auto estimate = [&](const char* estimator, Index paths) {
                return by_paths(model_of(dim), field, x, {estimator, 50, paths}, affine.epsilon,
                                end);
            };
            CAPTURE(dim);
            CAPTURE(sign);
            check_close(estimate("tilted", 4000), truth);
            check_close(estimate("chain", 4000), chain_law.log_density(x));
            check_close(estimate("feynman-kac", 20'000), truth);
            // Few steps, so that it matters at which end of a step the model takes its epsilon.
            check_close(
                by_paths(model_of(dim), field, x, {"chain", 8, 20'000}, affine.epsilon, end),
                affine.law(8, sign).log_density(x));
            const auto bound = estimate("elbo", 4000);
            CHECK((truth + 5 * bound.standard_error - bound.log_density).minCoeff() > 0);
            // Not the bound is what is far off: the paths are.
            CHECK((truth - bound.log_density).maxCoeff() > 0.01);
        }
    }
}

namespace {

/// Moments along THEORY T33's family, by RK4 with 2000 steps: mean and variance of the model,
/// then integrals of E|db|^2, E|ds|^2, E|db + epsilon ds|^2 and of the exact lemma (A.6).
struct Sweep {
    double mean, variance, of_b, of_s, of_drift, lemma;

    explicit Sweep(double epsilon) {
        using State = Eigen::Array<double, 6, 1>;
        State y;
        y << 0, 1, 0, 0, 0, 0;
        const auto rate = [&](double t, const State& at) {
            const double m = t, c = (1 - t) * (1 - t) + 0.5 * t * t + t * (1 - t);
            const double slope = (-2 * (1 - t) + t + 1 - 2 * t) / (2 * c);  // b = 1 + slope (x - m)
            const double gain = slope - 0.1 - 0.9 * epsilon / c;
            State dy;
            dy[0] = 1 + slope * (at[0] - m) + 0.15 - 0.1 * at[0] - 0.9 * epsilon * (at[0] - m) / c;
            dy[1] = 2 * gain * at[1] + 2 * epsilon;
            // Linear functions p + q (x - m) of x ~ N(m, c), as pairs (p, q).
            const double bp = 0.15 - 0.1 * m, bq = -0.1, sq = 0.1 / c;
            const double fp = bp, fq = bq + epsilon * sq;
            const double gp = (at[0] - m) / at[1], gq = 1 / c - 1 / at[1];
            dy[2] = bp * bp + bq * bq * c;
            dy[3] = sq * sq * c;
            dy[4] = fp * fp + fq * fq * c;
            dy[5] = gp * fp + gq * fq * c - epsilon * (gp * gp + gq * gq * c);
            return dy;
        };
        const double h = 1.0 / 2000;
        for (int i = 0; i < 2000; ++i) {
            const double t = i * h;
            const State k1 = rate(t, y), k2 = rate(t + h / 2, y + h / 2 * k1),
                        k3 = rate(t + h / 2, y + h / 2 * k2), k4 = rate(t + h, y + h * k3);
            y += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
        }
        mean = y[0], variance = y[1], of_b = y[2], of_s = y[3], of_drift = y[4], lemma = y[5];
    }

    static double kl_from(double mean, double variance) {
        return (0.5 / variance + (1 - mean) * (1 - mean) / variance - 1 + std::log(2 * variance)) /
               2;
    }
    double kl() const { return kl_from(mean, variance); }
};

}  // namespace

TEST_CASE("the divergence of a misfit has its minimum at noise between 1 and 2 (T33)") {
    CHECK(Sweep(0).mean == doctest::Approx(1.080915).epsilon(1e-6));
    CHECK(Sweep(0).variance == doctest::Approx(0.409365).epsilon(2e-6));
    CHECK(Sweep(0.7).mean == doctest::Approx(1.04617632).epsilon(1e-8));
    CHECK(Sweep(0.7).variance == doctest::Approx(0.50849108).epsilon(1e-8));
    CHECK(std::sqrt(Sweep(1).of_b / Sweep(1).of_s) == doctest::Approx(1.0555).epsilon(1e-4));
    double best = 0, least = 1e9;
    for (const double epsilon : {0.1, 0.25, 0.5, 0.7, 1.0, 1.2, 1.5, 1.8, 2.0, 3.0, 5.0}) {
        const Sweep at(epsilon);
        if (at.kl() < least) least = at.kl(), best = epsilon;
        CHECK(at.lemma == doctest::Approx(at.kl()).epsilon(1e-6).scale(1));
        const double bound = at.of_drift / (4 * epsilon);
        CHECK(at.kl() <= bound + 1e-9);
        // The corrected constants: Delta L = E|error|^2 / 2.
        CHECK(bound <= at.of_b / (2 * epsilon) + epsilon * at.of_s / 2 + 1e-9);
    }
    CHECK(best > 1);
    CHECK(best < 2);
    // The same by sampling and a Gaussian fit.
    const Misfit misfit;
    const Index n = 20'000;
    for (const char* epsilon : {"0.5", "1.5"}) {
        TransportSpec spec;
        spec.sde = Choice<sde_steps>("heun,steps=100");
        spec.epsilon = Setting<EpsilonChoice>::from_text(epsilon);
        const auto sampled =
            transport(misfit.model, misfit.field, spec,
                      {.x = draw_base(misfit.model, 3, 0, n), .seed = 3}, threads(), quiet);
        const double mean = sampled.x.mean(), variance = (sampled.x.array() - mean).square().mean();
        const Sweep truth(std::stod(epsilon));
        const auto count = static_cast<double>(n);
        CHECK(std::abs(mean - truth.mean) < 5 * std::sqrt(truth.variance / count));
        CHECK(std::abs(variance - truth.variance) < 5 * truth.variance * std::sqrt(2 / count));
    }
}

TEST_CASE("the printed bound of KL is violated, the corrected one holds (T34)") {
    // rho_t = N(0, 1), errors c of b and c / epsilon of s: the model is N(m, 1), and KL = m^2 / 2.
    for (const double epsilon : {0.5, 1.0, 2.0}) {
        const double c = 0.6, m = 2 * c * (1 - std::exp(-epsilon)) / epsilon;
        const double kl = 2 * c * c * std::pow(1 - std::exp(-epsilon), 2) / (epsilon * epsilon);
        CHECK(kl == doctest::Approx(m * m / 2));
        const double loss_b = c * c / 2, loss_s = c * c / (epsilon * epsilon) / 2;
        CHECK(kl <= loss_b / epsilon + epsilon * loss_s);
        if (epsilon <= 1) CHECK(kl > loss_b / (2 * epsilon) + epsilon / 2 * loss_s);
        const AffineField field(Matrix::Zero(1, 1), Vector::Constant(1, c), Vector::Zero(1),
                                Matrix::Constant(1, 1, -1), Vector::Constant(1, c / epsilon));
        const Matrix x{{-2, 0, 2, 4}};
        const auto found = by_paths(model_of(1), field, x, {"tilted", 100, 4000}, always(epsilon));
        Vector truth(4);
        for (Index i = 0; i < 4; ++i) truth[i] = log_normal(x(0, i), m, 1);
        check_close(found, truth);
    }
}

TEST_CASE("what has no density is refused in words, and what cannot be trusted is said") {
    const Misfit misfit;
    const Model model = network_model("b,s", 2);
    const auto field = make_field(model);
    CHECK_THROWS_WITH_AS(
        by_flow(model, *field, Matrix::Zero(2, 1), {}, End::base),
        "the density of this model's target is not known, so there is none at t = 0: that takes a "
        "target in closed form",
        Error);
    Model unknown = model;
    unknown.base = "samples";
    CHECK_THROWS_AS(by_paths(unknown, *field, Matrix::Zero(2, 1), {}, always(1)), Error);
    const AffineField flow_only(Matrix::Identity(1, 1), Vector::Zero(1), Vector::Zero(1));
    CHECK_THROWS_WITH_AS(by_paths(misfit.model, flow_only, Matrix::Zero(1, 1), {}, always(1)),
                         "this model has no s; it has b, div_b", Error);
    CHECK_THROWS_AS(by_paths(misfit.model, misfit.field, misfit.points, {"chain"}, always(0)),
                    Error);

    struct Ear : Progress {
        void warn(const std::string&) override { ++warnings; }
        int warnings = 0;
    } ear;
    const auto listen = [&](const char* estimator, const Matrix& x) {
        sde_log_density(misfit.model, misfit.field, {estimator, 50, 32}, always(0.7), {.x = x},
                        threads(), ear);
        return ear.warnings;
    };
    CHECK(listen("tilted", misfit.points) == 0);
    CHECK(listen("feynman-kac", Matrix::Constant(1, 3, -3)) == 1);
}
