#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "si/interpolant/exact.hpp"
#include "si/train/batch.hpp"
#include "si/train/objective.hpp"
#include "si/train/trainer.hpp"

using namespace si;

namespace {

Matrix gaussian_data(Index d, Index n, double mean, double deviation, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({21, Purpose::data, step}, 0, x);
    return (mean + deviation * x.array()).matrix();
}

BatchSource source_of(const Setup& setup, const Matrix& x1, const Matrix* x0) {
    BatchSource source;
    source.setup = setup;
    source.ends = {x0, &x1};
    source.draw =
        Choice<couplings>("independent")
            .make(CouplingData{.ends = {{x0 == nullptr ? 0 : x0->cols()}, {x1.cols()}}, .seed = 5});
    source.time = Choice<times>("uniform").make();
    source.seed = 5;
    return source;
}

TrainSpec quick() {
    TrainSpec spec;
    spec.net = "mlp,width=32,depth=2";
    spec.steps = 60;
    spec.batch = 200;
    spec.valid_interval = 20;
    return spec;
}

Model train_quick(const TrainSpec& spec, int threads, const InterpolantSpec& interpolant = {},
                  bool two_sided = false) {
    TrainData data;
    data.shape = {2};
    data.x1().samples = gaussian_data(2, 500, 1.5, 0.5, 0);
    if (two_sided) data.x0().samples = gaussian_data(2, 400, -1, 0.7, 1);
    hold_out(data, 0.1, 9);
    Threads team(threads);
    Progress quiet;
    return train(data, interpolant, spec, 9, {}, team, quiet);
}

}  // namespace

TEST_CASE("a batch is the interpolant, and a target its derivative") {
    const Matrix x1 = gaussian_data(3, 100, 1, 0.5, 0), x0 = gaussian_data(3, 80, -1, 0.7, 1);
    const Setup setup{Interpolant({.path = "trig", .gamma = "brownian,a=2"})};
    const auto source = source_of(setup, x1, &x0);
    const Pairs pairs = source.draw(4, 64);
    Batch batch;
    build_batch(source, pairs, {.step = 4, .columns = {0, 64}, .batch = 64, .antithetic = true},
                batch);
    Matrix target;
    for (Index j = 0; j < 64; ++j) {
        const double t = batch.t[j];
        CHECK(t > static_cast<double>(j) / 64);
        CHECK(t < static_cast<double>(j + 1) / 64);
        CHECK(batch.x1().col(j) == x1.col(pairs.x1().rows[static_cast<std::size_t>(j)]));
        CHECK(batch.x0().col(j) == x0.col(pairs.x0().rows[static_cast<std::size_t>(j)]));
        const auto at = [&](double time, double sign) {
            const auto c = setup.interpolant.at(time);
            return Vector(c.alpha() * batch.x0().col(j) + c.beta() * batch.x1().col(j) +
                          sign * c.gamma * batch.z.col(j));
        };
        CHECK((at(t, 1) - batch.xt.col(j)).norm() < 1e-14);
        CHECK((at(t, -1) - batch.mirrored.col(j)).norm() < 1e-14);
        for (const double sign : {1.0, -1.0}) {
            build_target(source, quantities().at("b"), batch, sign, target);
            const double h = 1e-6;
            const Vector derivative = (at(t + h, sign) - at(t - h, sign)) / (2 * h);
            CHECK((target.col(j) - derivative).norm() < 1e-4 * (1 + derivative.norm()));
        }
    }
    // A part of a batch is that part of the whole.
    Batch part;
    build_batch(source, pairs, {.step = 4, .columns = {10, 20}, .batch = 64, .antithetic = true},
                part);
    CHECK(part.xt == batch.xt.middleCols(10, 20));
    CHECK(part.z == batch.z.middleCols(10, 20));
}

TEST_CASE("targets average to the fields: their regression on the exact field has slope 1 (T10)") {
    // E[Y . f] = E[|f|^2] when f = E[Y | x_t]; 5 standard errors of the mean of (Y - f) . f.
    const GaussianMixture target({0.4, 0.6}, {Vector::Constant(1, -1.0), Vector::Constant(1, 1.5)},
                                 {Matrix::Constant(1, 1, 0.2), Matrix::Constant(1, 1, 0.3)});
    Matrix x1(1, 200'000);
    target.sample({3, Purpose::data, 0}, 0, x1);
    for (const bool one_sided : {true, false}) {
        const InterpolantSpec spec{.path = "trig", .gamma = one_sided ? "none" : "brownian"};
        const Setup setup{Interpolant(spec), one_sided ? BaseLaw::one_sided : BaseLaw::general};
        auto source = source_of(setup, x1, nullptr);
        source.first_time = 0.05;  // where all targets are tame
        source.last_time = 0.95;
        Batch batch;
        build_batch(source, source.draw(0, x1.cols()),
                    {.columns = {0, x1.cols()}, .batch = x1.cols(), .antithetic = true}, batch);
        const MixtureField field(setup.interpolant, GaussianMixture::standard_normal(1), target);
        const auto evaluator = field.evaluator();
        for (const Quantity& row : quantities()) {
            CAPTURE(std::string(row.name));
            CAPTURE(one_sided);
            for (const double sign : {1.0, -1.0}) {
                FieldValues values;
                (*evaluator)(batch.t, sign > 0 ? batch.xt : batch.mirrored, row.flag, values);
                const Matrix f = values.*row.value;
                Matrix y;
                build_target(source, row, batch, sign, y);
                const auto product = ((y - f).array() * f.array()).eval();
                const double error =
                    std::sqrt(product.square().mean() / static_cast<double>(f.size()));
                CHECK(std::abs(product.mean()) < 5 * error);
            }
        }
    }
}

TEST_CASE("antithetic pairs agree with plain draws in the mean and tame the score (T15)") {
    // Cross term of L_s at t near 1e-3 between normals, exact field: THEORY A.3.
    const Matrix x1 = gaussian_data(1, 100'000, 0, 1, 0), x0 = gaussian_data(1, 100'000, 0, 1, 1);
    const Setup setup{Interpolant({.path = "linear", .gamma = "brownian"})};
    auto source = source_of(setup, x1, &x0);
    source.first_time = 1e-3;
    source.last_time = 1.1e-3;
    Batch batch;
    build_batch(source, source.draw(0, 100'000),
                {.columns = {0, 100'000}, .batch = 100'000, .antithetic = true}, batch);
    const auto normal = GaussianMixture::standard_normal(1);
    const MixtureField field(setup.interpolant, normal, normal);
    FieldValues plus, minus;
    (*field.evaluator())(batch.t, batch.xt, kS, plus);
    (*field.evaluator())(batch.t, batch.mirrored, kS, minus);
    Matrix y_plus, y_minus;
    build_target(source, quantities().at("s"), batch, 1, y_plus);
    build_target(source, quantities().at("s"), batch, -1, y_minus);
    const auto plain = (y_plus.array() * plus.s.array()).eval();
    const auto paired = ((plain + y_minus.array() * minus.s.array()) / 2).eval();
    const auto variance = [](const auto& v) { return (v - v.mean()).square().mean(); };
    CHECK(std::abs(plain.mean() - paired.mean()) < 5 * std::sqrt(variance(plain) / 1e5));
    CHECK(variance(plain) / variance(paired) > 100);
}

TEST_CASE("singular targets are known from the interpolant (THEORY A.3)") {
    const auto range = [](const char* gamma, bool one_sided, const char* learned,
                          const char* path = "linear") {
        const Setup setup{Interpolant({.path = path, .gamma = gamma}),
                          one_sided ? BaseLaw::one_sided : BaseLaw::general};
        const auto rows = parse_learned(learned);
        return std::pair(regular_times(setup, rows, 1e-4), wants_antithetic(setup, *rows[0]));
    };
    const std::array<double, 2> all{0, 1}, both{1e-4, 1 - 1e-4}, last{0, 1 - 1e-4};
    CHECK(range("brownian", false, "v") == std::pair(all, false));
    CHECK(range("brownian", false, "eta") == std::pair(all, false));
    CHECK(range("brownian", false, "b") == std::pair(both, true));
    CHECK(range("quadratic", false, "b") == std::pair(all, false));
    CHECK(range("quadratic", false, "s") == std::pair(both, true));
    CHECK(range("none", true, "b") == std::pair(all, false));
    CHECK(range("none", true, "s") == std::pair(last, true));
    CHECK(range("none", true, "b", "vp") == std::pair(last, true));
    CHECK(range("none", true, "eta", "vp") == std::pair(all, false));
}

TEST_CASE("the number of threads does not change a model") {
    for (const char* learn : {"b", "b,s"}) {
        TrainSpec spec = quick();
        spec.learn = learn;
        const InterpolantSpec interpolant{.path = "linear", .gamma = "brownian"};
        const Model one = train_quick(spec, 1, interpolant, true);
        for (const int threads : {2, 3}) {
            const Model many = train_quick(spec, threads, interpolant, true);
            CHECK(one.parameters == many.parameters);
            CHECK(one.about == many.about);
        }
    }
}

TEST_CASE("training recovers the velocity between Gaussians (T17)") {
    TrainSpec spec = quick();
    spec.steps = 4000;
    spec.batch = 2048;
    spec.optimizer = "adam,lr=5e-3";
    spec.valid_interval = 200;
    TrainData data;
    data.shape = {1};
    data.x1().samples = gaussian_data(1, 100'000, 1.5, 0.5, 0);
    hold_out(data, 0.1, 1);
    Threads threads(2);
    Progress quiet;
    const Model model = train(data, {}, spec, 1, {}, threads, quiet);
    const auto field = make_field(model);
    const auto normal = GaussianMixture::standard_normal(1);
    // In the model's coordinates the target is standard, up to the error of its moments.
    const MixtureField exact(Interpolant(), normal, normal);
    Matrix x(1, 4000);
    fill_normal({2, Purpose::data, 5}, 0, x);
    Vector t = Vector::LinSpaced(4000, 0, 1);
    for (Index j = 0; j < 4000; ++j) x(0, j) *= std::sqrt((1 - t[j]) * (1 - t[j]) + t[j] * t[j]);
    FieldValues learned, known;
    (*field->evaluator())(t, x, kB, learned);
    (*exact.evaluator())(t, x, kB, known);
    CHECK((learned.b - known.b).norm() < 0.02 * known.b.norm());
}

TEST_CASE("held-out samples are taken out, once") {
    TrainData data;
    data.x1().samples = Matrix(1, 103);
    for (Index i = 0; i < 103; ++i) data.x1().samples(0, i) = static_cast<double>(i);
    data.x0().samples = data.x1().samples;
    hold_out(data, 0.2, 4);
    CHECK(data.x1().valid.cols() == 20);
    CHECK(data.x1().samples.cols() == 83);
    CHECK(data.x1().samples.sum() + data.x1().valid.sum() == 102 * 103 / 2);
    CHECK(data.x0().samples == data.x1().samples);  // sets of one size stay row by row together
}

TEST_CASE("data that do not fit are refused") {
    TrainData data;
    data.x1().samples = Matrix::Random(2, 50);
    data.x0().samples = Matrix::Random(3, 50);
    Threads threads(1);
    Progress quiet;
    CHECK_THROWS_WITH_AS(train(data, {}, quick(), 1, {}, threads, quiet),
                         "x0 has 3 coordinates, the training data have 2", Error);
    data.x0() = {};
    TrainSpec spec = quick();
    spec.optimizer = "adam,lr=1e6";
    spec.clip = 0;
    spec.steps = 300;
    spec.net = "mlp,width=16,depth=3,activation=relu";
    spec.schedule = "constant";
    data.x1().samples *= 1e30;
    spec.standardize = "none";
    CHECK_THROWS_AS(train(data, {}, spec, 1, {}, threads, quiet), Error);
}
