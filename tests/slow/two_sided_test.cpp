#include <cstdio>

#include <doctest/doctest.h>

#include "si/interpolant/exact.hpp"
#include "si/train/trainer.hpp"

using namespace si;

// A two-sided model between two small mixtures, trained on samples, against the exact fields of
// the mixtures: relative L2 error over x_t, t in [0.05, 0.95], in the data's coordinates.
TEST_CASE("a trained two-sided model agrees with the exact b and s within 5 %") {
    const GaussianMixture base(
        {0.5, 0.5}, {Eigen::Vector2d(-1.5, 0), Eigen::Vector2d(1.5, 0.5)},
        {Matrix(0.3 * Matrix::Identity(2, 2)), Matrix(0.2 * Matrix::Identity(2, 2))});
    const GaussianMixture target(
        {0.4, 0.6}, {Eigen::Vector2d(0, 1.5), Eigen::Vector2d(0.5, -1.2)},
        {Matrix{{0.3, 0.1}, {0.1, 0.2}}, Matrix{{0.25, -0.1}, {-0.1, 0.3}}});
    const Index n = 200'000;
    TrainData data;
    data.shape = {2};
    data.x1().samples.resize(2, n);
    data.x0().samples = Matrix(2, n);
    target.sample({1, Purpose::data, 0}, 0, data.x1().samples);
    base.sample({1, Purpose::data, 1}, 0, data.x0().samples);
    hold_out(data, 0.05, 1);
    TrainSpec spec;
    spec.learn = "b,eta";
    spec.net = "mlp,width=128,depth=3,fourier=32";
    spec.steps = 6000;
    const InterpolantSpec interpolant{.path = "linear", .gamma = "brownian"};
    Threads threads;
    Progress quiet;
    const Model model = train(data, interpolant, spec, 1, {}, threads, quiet);

    const Index m = 20'000;
    Matrix x0(2, m), x1(2, m), z(2, m), u(1, m);
    base.sample({2, Purpose::data, 0}, 0, x0);
    target.sample({2, Purpose::data, 1}, 0, x1);
    fill_normal({2, Purpose::data, 2}, 0, z);
    fill_uniform({2, Purpose::data, 3}, 0, u);
    const Vector t = (0.05 + 0.9 * u.row(0).array()).transpose();
    // x_t of the model is x_t of its coordinates: the common map has one scale, and z keeps it.
    const Interpolant along(interpolant);
    const double scale = model.transform.scale[0];
    Matrix x(2, m);
    for (Index j = 0; j < m; ++j) {
        const auto c = along.at(t[j]);
        x.col(j) = c.alpha() * x0.col(j) + c.beta() * x1.col(j) + c.gamma * scale * z.col(j);
    }
    FieldValues learned, exact;
    (*make_field(model)->evaluator())(t, model.transform.from_data(x), kB | kS, learned);
    to_data_coordinates(model, kB | kS, learned);
    const InterpolantSpec scaled{.path = "linear",
                                 .gamma = Choice<gammas>(text("brownian,a=", scale * scale))};
    (*MixtureField(Interpolant(scaled), base, target).evaluator())(t, x, kB | kS, exact);
    const double error_b = (learned.b - exact.b).norm() / exact.b.norm();
    const double error_s = (learned.s - exact.s).norm() / exact.s.norm();
    std::printf("relative L2 errors: b %.4f, s %.4f\n", error_b, error_s);
    CHECK(error_b < 0.05);
    CHECK(error_s < 0.05);
}
