#include "si/train/preparation.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "si/random/draw.hpp"
#include "si/train/held_out_errors.hpp"
#include "si/train/rectify.hpp"
#include "si/train/stepper.hpp"
#include "support/models.hpp"

using namespace si;

namespace {

Matrix gaussian_data(Index d, Index n, double mean, double deviation, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({21, Purpose::data, step}, 0, x);
    return (mean + deviation * x.array()).matrix();
}

TrainData one_set(Index d = 2) {
    TrainData data;
    data.shape = {d};
    data.x1().samples = gaussian_data(d, 500, 1.5, 0.5, 0);
    return data;
}

TrainSpec with_base(const char* base) {
    TrainSpec spec;
    spec.base = Choice<bases>::from_json(Json::parse(base));
    return spec;
}

Batch batch_of(const Preparation& all, Index n) {
    Batch batch;
    build_batch(all.source, all.source.draw(0, n), {.columns = {0, n}, .batch = n}, batch);
    return batch;
}

}  // namespace

TEST_CASE("a Gaussian base becomes the N(0, I) of a one-sided model") {
    const auto all = prepare(
        one_set(), {},
        with_base(R"({"kind": "gaussian", "mean": [1, -1], "covariance": [[4, 1], [1, 2]]})"), 3);
    CHECK(all->model.one_sided());
    CHECK_FALSE(all->model.base_has_no_units());
    const Matrix x0 = all->model.transform.to_data(batch_of(*all, 20'000).x0());
    const Vector mean = x0.rowwise().mean();
    const Matrix centred = x0.colwise() - mean;
    const Matrix covariance = centred * centred.transpose() / 20'000;
    // 5 standard errors: sqrt(C_ii / n) of a mean, sqrt((C_ii C_jj + C_ij^2) / n) of C_ij.
    CHECK(std::abs(mean[0] - 1) < 5 * 2 / std::sqrt(20'000));
    CHECK(std::abs(mean[1] + 1) < 5 * 1.42 / std::sqrt(20'000));
    CHECK(std::abs(covariance(0, 0) - 4) < 5 * 5.66 / std::sqrt(20'000));
    CHECK(std::abs(covariance(0, 1) - 1) < 5 * 3 / std::sqrt(20'000));
    // log rho(x) = log rho(y) - log |det L|, with det L L^T = 7.
    CHECK(all->model.transform.log_determinant() == doctest::Approx(std::log(7.0) / 2));
    const Matrix x = Matrix::Random(2, 5);
    const auto& transform = all->model.transform;
    CHECK((transform.to_data(transform.from_data(x)) - x).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("a mixture and a point as base move with the coordinates") {
    const auto mixture =
        prepare(one_set(1), {}, with_base(R"({"kind": "mixture", "weights": [0.5, 0.5],
                                 "means": [[-2], [2]], "covariances": [0.25, 0.25]})"),
                3);
    const Matrix x0 = mixture->model.transform.to_data(batch_of(*mixture, 20'000).x0());
    CHECK(std::abs(x0.mean()) < 5 * std::sqrt(4.25 / 20'000));
    CHECK(std::abs(x0.array().square().mean() - 4.25) < 5 * std::sqrt(4.2 / 20'000));
    const auto point = prepare(one_set(), {.path = "polynomial,n=2", .gamma = "brownian,a=2"},
                               with_base(R"({"kind": "point", "at": [3, 4]})"), 3);
    CHECK(point->source.setup.fixed_start());
    const Matrix start = point->model.transform.to_data(batch_of(*point, 7).x0());
    CHECK((start.colwise() - Vector{{3, 4}}).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("a mirror has one data set, and x0 is x1") {
    const auto all = prepare(one_set(), {.path = "mirror", .gamma = "brownian"}, {}, 3);
    CHECK_FALSE(all->model.independent);
    const auto batch = batch_of(*all, 50);
    CHECK(batch.x0() == batch.x1());
    TrainData two = one_set();
    two.x0() = two.x1();
    CHECK_THROWS_AS(prepare(two, {.path = "mirror", .gamma = "brownian"}, {}, 3), Error);
    CHECK_THROWS_AS(prepare(two, {}, with_base(R"({"kind": "gaussian"})"), 3), Error);
}

TEST_CASE("weights of losses are one a field") {
    TrainSpec spec;
    CHECK(loss_weights(spec, 2) == std::vector<double>{1, 1});
    spec.weights = {1, 5};
    CHECK(loss_weights(spec, 2)[1] == 5);
    CHECK_THROWS_AS(loss_weights(spec, 3), Error);
}

TEST_CASE("pairs of a model are a start and where its flow takes it (T41)") {
    const Model teacher =
        examples::closed_model(R"({"kind": "gaussian", "mean": [2], "covariance": 0.25})");
    TrainData data = one_set(1);
    data.x1().valid = data.x1().samples.leftCols(50);
    Threads threads(2);
    Progress quiet;
    const auto made = rectified(teacher, {"", 300, 1e-8}, data, 5, threads, quiet);
    CHECK(made.x1().samples.cols() == 300);
    CHECK(made.x1().valid.cols() == 50);
    CHECK((made.x1().samples - (2 + made.x0().samples.array() / 2).matrix()).cwiseAbs().maxCoeff() <
          1e-6);
    CHECK((made.x1().valid - (2 + made.x0().valid.array() / 2).matrix()).cwiseAbs().maxCoeff() <
          1e-6);
    CHECK(made.x0().valid.col(0) != made.x0().samples.col(0));
    TrainSpec spec;
    spec.coupling = "paired";
    const auto all = prepare(made, {}, spec, 3);
    CHECK_FALSE(all->model.one_sided());
    CHECK(all->model.base_density().has_value());
}

TEST_CASE("errors of fields are seen through held-out residuals") {
    // The data are N(1.5, 1/4); the model is exact for N(1.8, 1/4), so its errors are known.
    TrainData data = one_set(1);
    data.x1().samples = gaussian_data(1, 10, 1.5, 0.5, 4);
    data.x1().valid = gaussian_data(1, 8000, 1.5, 0.5, 1);
    TrainSpec spec;
    spec.standardize = "none";
    const auto all = prepare(data, {}, spec, 3);
    all->model.field = Json::parse(R"({"kind": "gaussian", "mean": [1.8], "covariance": 0.25})");
    Threads threads(2);
    const auto errors = estimate_errors(*all, threads);
    REQUIRE(errors.t.size() == 10);
    for (std::size_t k = 0; k < errors.t.size(); ++k) {
        const double t = errors.t[k], c = (1 - t) * (1 - t) + t * t / 4;
        CAPTURE(t);
        // b = m' + C'/(2 C) (x - m), s = -(x - m) / C, with m = 1.8 t for 1.5 t.
        const double s = 0.3 * t / c, b = 0.3 * (1 - t * (-(1 - t) + t / 4) / c);
        // A product r_i (mean of r_j) has about the deviation E|r|^2 / sqrt(16) + 2 |error| E|r|,
        // with E|r_b|^2 = Var(x1 - x0 | x_t) < 1.25 and E|r_s|^2 < 1 / (1 - t)^2; neighbours
        // lie within 1e-2, and widths of bins of 0.1 average s^2 over a tenth of its range.
        const double n = std::sqrt(8000.0);
        const double noise_b = (1.25 / 4 + 2 * b * 1.2) / n,
                     r = 1 / (1 - std::min(t + 0.05, 0.998)), noise_s = (r * r / 4 + 2 * s * r) / n;
        CHECK(std::abs(errors.b[k] - b * b) < 5 * noise_b + 0.02);
        CHECK(std::abs(errors.s[k] - s * s) < 5 * noise_s + 0.02 + 0.1 * s * s);
        CHECK(errors.b_stderr[k] < 2 * noise_b);
        CHECK(errors.s_stderr[k] < 2 * noise_s);
    }
}

TEST_CASE("weighted samples are repeated in proportion, on their own side of the split") {
    TrainData data;
    data.x1().samples.resize(1, 100);
    data.x1().weight.resize(1, 100);
    for (Index i = 0; i < 100; ++i) {
        data.x1().samples(0, i) = static_cast<double>(i);
        data.x1().weight(0, i) = i % 2 == 0 ? 3 : 1;
    }
    hold_out(data, 0.1, 1);
    REQUIRE(data.x1().valid.cols() == 10);
    const std::vector<double> held(data.x1().valid.data(), data.x1().valid.data() + 10);
    draw_by_weight(data, false);
    CHECK(data.x1().weight.size() == 0);
    CHECK(data.x1().samples.cols() == 360);
    CHECK(data.x1().valid.cols() == 40);
    double even = 0;
    for (const double x : data.x1().samples.row(0)) {
        CHECK(std::find(held.begin(), held.end(), x) == held.end());
        even += static_cast<Index>(x) % 2 == 0 ? 1 : 0;
    }
    // 3/4 in the mean, of about as many even as odd rows that were kept.
    CHECK(std::abs(even / 360 - 0.75) < 0.08);
}

TEST_CASE("of few samples one is held out, and one or two stand for themselves") {
    for (const Index n : {1, 2, 5, 9}) {
        CAPTURE(n);
        TrainData data;
        data.x1().samples = Matrix::Random(2, 30);
        data.x0().samples = Matrix::Random(2, n);
        hold_out(data, 0.1, 1);
        CHECK(data.x0().valid.cols() == (n < 3 ? n : 1));
        CHECK(data.x0().samples.cols() == (n < 3 ? n : n - 1));
    }
}
