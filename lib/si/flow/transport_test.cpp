#include "si/flow/transport.hpp"

#include <cmath>
#include <numbers>
#include <string>

#include <doctest/doctest.h>

#include "si/flow/likelihood.hpp"
#include "si/net/network.hpp"
#include "support/models.hpp"

using namespace si;
using examples::closed_model;

namespace {

constexpr const char* kGaussian = R"({"kind": "gaussian", "mean": [1.5], "covariance": 0.25})";
constexpr const char* kMixture =
    R"({"kind": "mixture", "weights": [1], "means": [[1.5]], "covariances": [[[0.25]]]})";
constexpr const char* kTwo =
    R"({"kind": "mixture", "weights": [0.5, 0.5], "means": [[-2], [2]], "covariances": [0.25, 0.25]})";

Model network_model(const std::string& learn) {
    Model model;
    model.dim = 2;
    model.shape = {2};
    model.transform = Transform::identity(2);
    model.field = {{"kind", "network"},
                   {"learn", learn},
                   {"net", {{"kind", "mlp"}, {"width", 32}, {"depth", 2}, {"fourier", 3}}},
                   {"mean0", {0.0, 0.0}},
                   {"mean1", {0.1, 0.2}}};
    // A network that learned nothing is off by its own size where its errors would be magnified.
    if (learn == "eta") model.field["start_error"] = 1.0;
    const auto net = Choice<networks>("mlp,width=32,depth=2,fourier=3");
    const Index count = std::ssize(parse_learned(learn));
    const auto one = net.make(NetworkShape{2, 2}).initial(3);
    model.parameters = one.replicate(count, 1);
    return model;
}

}  // namespace

TEST_CASE("the flow to N(1.5, 0.5^2) is z -> 1.5 + 0.5 z, and its log-density is exact") {
    Threads threads(2);
    Progress quiet;
    for (const char* field : {kGaussian, kMixture}) {
        for (const PathRow& path : paths()) {
            if (path.mirror || path.start_tolerance > 0) continue;
            const Model model = closed_model(field, {.path = path.name});
            const auto middle = Interpolant(model.interpolant).at(0.5);
            if (middle.alpha() == 0 && middle.beta() == 0) continue;  // a path that needs a latent
            CAPTURE(std::string(path.name));
            TransportSpec spec;
            spec.ode = "dopri5,rtol=1e-8,atol=1e-8";
            spec.log_density = true;
            const Matrix z = draw_base(model, 7, 0, 500);
            const auto made = make_field(model);
            const auto result = transport(model, *made, spec, {.x = z, .seed = 7}, threads, quiet);
            CHECK((result.x.array() - (1.5 + 0.5 * z.array())).abs().maxCoeff() < 1e-6);
            const Vector exact =
                (-z.array().square() / 2 - std::log(2 * std::numbers::pi) / 2 - std::log(0.5))
                    .transpose()
                    .matrix();
            CHECK((result.log_density - exact).cwiseAbs().maxCoeff() < 1e-6);
            const auto found =
                ode_log_density(model, *made, {.ode = *spec.ode}, {.x = result.x}, threads, quiet);
            CHECK((found.log_density - exact).cwiseAbs().maxCoeff() < 1e-6);
            TransportSpec same;
            same.ode = spec.ode;
            const auto back = transport(
                model, *made, same, {.x = result.x, .direction = Direction::backward, .seed = 7},
                threads, quiet);
            CHECK((back.x - z).cwiseAbs().maxCoeff() < 1e-6);
        }
    }
}

TEST_CASE("marginals do not depend on epsilon, forward and backward (T26, T28)") {
    Threads threads(2);
    Progress quiet;
    const Index n = 20'000;
    const Model model = closed_model(kTwo, {.path = "linear", .gamma = "none"});
    const auto field = make_field(model);
    const auto check = [&](const Matrix& x, double mean_square, double fourth) {
        // Symmetric law: mean 0; bounds of 5 standard errors from the second and fourth moments,
        // and 0.01 for the bias of 200 steps.
        const double root = std::sqrt(static_cast<double>(n));
        CHECK(std::abs(x.mean()) < 5 * std::sqrt(mean_square) / root + 0.01);
        CHECK(std::abs(x.array().square().mean() - mean_square) <
              5 * std::sqrt(fourth - mean_square * mean_square) / root + 0.01);
    };
    for (const char* epsilon : {"0", "0.5", "2"}) {
        CAPTURE(std::string(epsilon));
        TransportSpec spec;
        spec.sde = Choice<sde_steps>("heun,steps=200");
        spec.epsilon = Setting<EpsilonChoice>::from_text(epsilon);
        spec.trajectory = {0.5};
        const auto there = transport(model, *field, spec,
                                     {.x = draw_base(model, 3, 0, n), .seed = 3}, threads, quiet);
        check(there.x, 4.25, 16 + 6 * 4 * 0.25 + 3 * 0.0625);
        // Half way: x = z / 2 + x1 / 2, of variance 1/4 + 1/16 around -1 and 1.
        const double v = 0.3125;
        check(there.trajectory[0], 1 + v, 1 + 6 * v + 3 * v * v);
        Matrix x1(1, n);
        GaussianMixture({0.5, 0.5}, {Vector::Constant(1, -2), Vector::Constant(1, 2)},
                        {Matrix::Constant(1, 1, 0.25), Matrix::Constant(1, 1, 0.25)})
            .sample({5, Purpose::data, 0}, 0, x1);
        const auto back =
            transport(model, *field, spec, {.x = x1, .direction = Direction::backward, .seed = 3},
                      threads, quiet);
        check(back.x, 1, 3);
    }
}

TEST_CASE("a sample depends on its index alone: not on n, threads or place") {
    Progress quiet;
    for (const char* learn : {"b", "eta", "x1"}) {
        const Model model = network_model(learn);
        const auto field = make_field(model);
        for (const bool sde : {false, true}) {
            CAPTURE(std::string(learn));
            CAPTURE(sde);
            TransportSpec spec;
            if (sde) {
                spec.sde = Choice<sde_steps>("heun,steps=1000");
                spec.epsilon = EpsilonChoice{"sine"};
            }
            spec.log_density = !sde;
            spec.trajectory = {0, 0.5, 1};
            Threads one(1), three(3);
            const auto all = transport(model, *field, spec,
                                       {.x = draw_base(model, 1, 0, 600), .seed = 1}, three, quiet);
            const auto again = transport(model, *field, spec,
                                         {.x = draw_base(model, 1, 0, 600), .seed = 1}, one, quiet);
            CHECK(all.x == again.x);
            CHECK(all.log_density == again.log_density);
            for (const Index i : {0, 255, 256, 411, 599}) {
                const auto alone =
                    transport(model, *field, spec,
                              {.x = draw_base(model, 1, i, 1), .seed = 1, .first = i}, one, quiet);
                CHECK(alone.x == all.x.col(i));
                CHECK(alone.trajectory[1] == all.trajectory[1].col(i));
                CHECK(alone.evaluations[0] == all.evaluations[i]);
            }
            CHECK(all.trajectory[0] == draw_base(model, 1, 0, 600));
            CHECK(all.trajectory[2] == all.x);
        }
    }
}

TEST_CASE("a transform accounts for its determinant (T45)") {
    Threads threads(1);
    Progress quiet;
    Model plain = closed_model(kTwo), scaled = closed_model(kTwo);
    scaled.transform = {Vector::Constant(1, 3.0), Vector::Constant(1, 0.2)};
    const Matrix y = Matrix::Random(1, 10) * 3;
    const Matrix x = scaled.transform.to_data(y);
    CHECK((scaled.transform.from_data(x) - y).cwiseAbs().maxCoeff() < 1e-14);
    CHECK(scaled.transform.log_determinant() == doctest::Approx(std::log(0.2)));
}

TEST_CASE("what cannot be had is refused in words") {
    Threads threads(1);
    Progress quiet;
    Model model = network_model("b");
    model.base = "samples";
    CHECK_THROWS_AS(draw_base(model, 1, 0, 3), Error);
    const auto field = make_field(model);
    TransportSpec spec;
    spec.sde = Choice<sde_steps>("heun");
    CHECK_THROWS_WITH_AS(
        transport(model, *field, spec, {.x = Matrix::Zero(2, 3), .seed = 1}, threads, quiet),
        "this model has no s; it has b, v, x0, x1, div_b, u", Error);
    CHECK_THROWS_AS(ode_log_density(model, *field, {}, {.x = Matrix::Zero(2, 3)}, threads, quiet),
                    Error);
}
