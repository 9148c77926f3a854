#include <cmath>
#include <cstdio>

#include <doctest/doctest.h>

#include "si/density/generator.hpp"
#include "si/density/mixture.hpp"
#include "si/flow/field_errors.hpp"
#include "si/flow/likelihood.hpp"
#include "si/train/trainer.hpp"

using namespace si;

// A model trained on samples of a density that is known: what si-likelihood says of held-out
// samples, the divergence that follows, and the bound of it by the errors of b and s, which hold
// for the diffusion in the limit of small steps.
TEST_CASE("cross-entropy, divergence and bound of a trained model are consistent") {
    const GaussianMixture target(
        {0.4, 0.6}, {Eigen::Vector2d(0, 1.2), Eigen::Vector2d(0.4, -1)},
        {Matrix{{0.3, 0.1}, {0.1, 0.2}}, Matrix{{0.25, -0.1}, {-0.1, 0.3}}});
    TrainData data;
    data.shape = {2};
    data.x1().samples.resize(2, 100'000);
    target.sample({1, Purpose::data, 0}, 0, data.x1().samples);
    hold_out(data, 0.05, 1);
    TrainSpec spec;
    spec.learn = "b,eta";
    spec.net = "mlp,width=64,depth=3";
    spec.batch = 512;
    spec.steps = 2000;
    spec.standardize = "none";
    const InterpolantSpec interpolant{.path = "linear", .gamma = "brownian"};
    Threads threads;
    Progress quiet;
    const Model model = train(data, interpolant, spec, 1, {}, threads, quiet);
    const auto field = make_field(model);

    const MixtureField truth(Interpolant(interpolant), GaussianMixture::standard_normal(2), target);
    const auto bound = divergence_bound(field_errors(*field, truth, 50'000, 1e-2, 3, threads));
    REQUIRE(bound.has_value());
    const double epsilon = bound->best_epsilon();

    const Index n = 4000;
    Matrix x(2, n);
    target.sample({2, Purpose::data, 0}, 0, x);
    const Vector log_rho = target.log_density(x);
    const auto check = [&](const char* name, const LogDensities& scored) {
        const Vector log_r = log_rho - scored.log_density;
        const auto mean_and_error = [n](const Vector& v) {
            const double sd = std::sqrt((v.array() - v.mean()).square().mean());
            return std::pair(v.mean(), sd / std::sqrt(static_cast<double>(n)));
        };
        const auto [kl, error] = mean_and_error(log_r);
        const auto [mass, mass_error] = mean_and_error((-log_r.array()).exp());
        std::printf("%s: KL %.4f +- %.4f, E[model / truth] %.4f +- %.4f; bound %.4f at %.3f\n",
                    name, kl, error, mass, mass_error, bound->least(), epsilon);
        CHECK(kl > -5 * error);
        CHECK(mass < 1 + 5 * mass_error);  // it is the integral of the model over the support
        return std::pair(kl, error);
    };
    const Points points{.x = x, .seed = 5};
    check("ode", ode_log_density(model, *field, {}, points, threads, quiet));
    const auto [kl, error] =
        check("sde", sde_log_density(
                         model, *field, {.steps = 100, .paths = 16},
                         [=](double) { return epsilon; }, points, threads, quiet));
    CHECK(kl < bound->least() + 5 * error);
}

// No model of the checkerboard scores below its entropy, whatever its latent and noise, and however
// little it was trained: what a density that does not integrate to 1 would do first.
TEST_CASE("no model of the checkerboard scores below ln 32 (T39)") {
    const Generator board = Choice<generators>("checkerboard").make();
    const double entropy = std::log(32.0);
    TrainData data;
    data.shape = {2};
    data.x1().samples.resize(2, 50'000);
    board.fill(1, 0, data.x1().samples);
    const Index n = 1000;
    Matrix x(2, n);
    board.fill(2, 0, x);
    Threads threads;
    Progress quiet;
    for (const char* gamma : {"none", "brownian", "sine-squared"}) {
        const bool latent = std::string(gamma) != "none";
        TrainSpec spec;
        spec.learn = latent ? "v,s" : "b";
        spec.base = "gaussian";
        spec.steps = 400;
        spec.valid = std::string(1, '0');
        const Model model =
            train(data, {.gamma = Choice<gammas>(gamma)}, spec, 1, {}, threads, quiet);
        const auto field = make_field(model);
        const Matrix own = model.transform.from_data(x);
        const Points points{.x = own, .seed = 5};
        const double log_det = model.transform.log_determinant();
        const auto check = [&](const char* how, const LogDensities& scored) {
            const Vector nll = log_det - scored.log_density.array();
            const double sd = std::sqrt((nll.array() - nll.mean()).square().mean()),
                         error = sd / std::sqrt(static_cast<double>(n));
            std::printf("gamma %s, %s: %.4f +- %.4f (ln 32 = %.4f)\n", gamma, how, nll.mean(),
                        error, entropy);
            CHECK(nll.mean() > entropy - 5 * error);
        };
        check("ode", ode_log_density(model, *field, {}, points, threads, quiet));
        if (!latent) continue;
        for (const double epsilon : {0.5, 1.0}) {
            check("sde", sde_log_density(
                             model, *field, {.steps = 100, .paths = 4},
                             [=](double) { return epsilon; }, points, threads, quiet));
        }
    }
}
