#include <cmath>
#include <functional>
#include <numbers>

#include <doctest/doctest.h>

#include "si/density/written.hpp"
#include "support/examples.hpp"

namespace {

using namespace si;

std::string refusal(const char* json, Index dim = 2) {
    try {
        Choice<densities>::from_json(Json::parse(json)).make(dim);
    } catch (const Error& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("the density of a mixture integrates to one") {
    // The trapezoidal rule on a grid of step h errs by exp(-2 pi^2 s^2 / h^2) for a Gaussian of
    // deviation s: nothing for h = s / 3. Beyond 10 deviations lies 1e-23.
    const GaussianMixture mixture = examples::three_modes();
    const Matrix grid = Vector::LinSpaced(2001, -14, 14).transpose();
    CHECK(mixture.log_density(grid).array().exp().sum() * 28 / 2000 ==
          doctest::Approx(1).epsilon(1e-12));
}

TEST_CASE("a far point has a finite density and score") {
    const GaussianMixture mixture = examples::spatial_base();
    const Matrix far = Matrix::Constant(3, 1, 1e5);
    CHECK(std::isfinite(mixture.log_density(far)[0]));
    CHECK(mixture.score(far).allFinite());
    // By hand: N(0, I).
    const auto normal = GaussianMixture::standard_normal(3);
    CHECK(normal.log_density(far)[0] ==
          doctest::Approx(-1.5e10 - 1.5 * std::log(2 * std::numbers::pi)).epsilon(1e-15));
    CHECK(normal.score(far) == -far);
}

TEST_CASE("the score is the gradient of the log-density") {
    const GaussianMixture mixture = examples::spatial_target();
    Matrix x(3, 4);
    fill_normal({.seed = 3}, 0, x);
    const Matrix score = mixture.score(x);
    for (Index i = 0; i < 3; ++i) {
        const Vector slope = examples::derivative(
            [&](double h) -> Vector {
                return mixture.log_density(x + h * Vector::Unit(3, i).replicate(1, 4));
            },
            1e-3);
        // h^4 / 30 times fifth derivatives of order 1e3, and 1e-15 / h.
        CHECK((slope.transpose() - score.row(i)).cwiseAbs().maxCoeff() <= 1e-9);
    }
}

TEST_CASE("samples have the mean and covariance of the mixture") {
    const GaussianMixture mixture = examples::spatial_target();
    const Index n = 100000;
    Matrix x(3, n);
    mixture.sample({.seed = 11}, 0, x);
    const Vector mean = mixture.mean();
    const Matrix covariance = mixture.covariance();
    const double root_n = std::sqrt(static_cast<double>(n));
    for (Index i = 0; i < 3; ++i) {
        const auto xi = (x.row(i).array() - mean[i]).eval();
        CHECK(std::abs(xi.mean()) <= 5 * std::sqrt(covariance(i, i)) / root_n);
        for (Index j = 0; j <= i; ++j) {
            const auto product = (xi * (x.row(j).array() - mean[j])).eval();
            const double spread = std::sqrt((product - product.mean()).square().mean());
            CHECK(std::abs(product.mean() - covariance(i, j)) <= 5 * spread / root_n);
        }
    }
    // Component shares, seen through the sign of a far-apart pair of modes.
    const auto line = examples::on_a_line({0.2, 0.8}, {-50, 50}, {1, 1});
    Matrix y(1, n);
    line.sample({.seed = 12}, 0, y);
    const double share = (y.array() > 0).cast<double>().mean();
    CHECK(std::abs(share - 0.8) <= 5 * std::sqrt(0.16) / root_n);
    const double spread = (y.array().abs() - 50).mean();  // within the modes: mean 0, deviation 1
    CHECK(std::abs(spread) <= 5 / root_n);
}

TEST_CASE("a sample depends on its address and number alone") {
    const GaussianMixture mixture = examples::spatial_target();
    Matrix all(3, 100), some(3, 7);
    mixture.sample({.seed = 5}, 0, all);
    mixture.sample({.seed = 5}, 31, some);
    CHECK(some == all.middleCols(31, 7));
    mixture.sample({.seed = 6}, 31, some);
    CHECK(some != all.middleCols(31, 7));
}

TEST_CASE("N(0, I) is the same with and without its matrices, and has none in many dimensions") {
    const auto normal = GaussianMixture::standard_normal(3);
    const GaussianMixture written({1}, {Vector::Zero(3)}, {Matrix::Identity(3, 3)});
    CHECK(written.is_standard_normal());
    CHECK(normal == written);
    // In the whole of it, where nothing knows of a standard normal.
    const GaussianMixture doubled({0.5, 0.5}, {Vector::Zero(3), Vector::Zero(3)},
                                  {Matrix::Identity(3, 3), Matrix::Identity(3, 3)});
    Matrix x(3, 40);
    fill_normal({2, Purpose::data, 0}, 0, x);
    CHECK((normal.log_density(x) - doubled.log_density(x)).cwiseAbs().maxCoeff() < 1e-14);
    CHECK((normal.score(x) - doubled.score(x)).cwiseAbs().maxCoeff() < 1e-15);
    CHECK(normal.covariances()[0] == Matrix::Identity(3, 3));
    CHECK(normal.to_json() == written.to_json());

    const Index many = 300'000;  // a matrix would be 720 GB
    const auto large = GaussianMixture::standard_normal(many);
    Matrix y(many, 2);
    large.sample({1, Purpose::data, 0}, 0, y);
    const double mean_square = y.squaredNorm() / static_cast<double>(y.size());
    CHECK(std::abs(mean_square - 1) < 5 * std::sqrt(2.0 / static_cast<double>(y.size())));
    const double log_norm = -static_cast<double>(many) / 2 * std::log(2 * std::numbers::pi);
    CHECK(large.log_density(y)[1] == doctest::Approx(log_norm - y.col(1).squaredNorm() / 2));
    CHECK(large.score(y) == -y);
}

TEST_CASE("moments of a mixture, by hand") {
    const auto line = examples::on_a_line({0.25, 0.75}, {-2, 2}, {1, 0.5});
    CHECK(line.mean()[0] == doctest::Approx(1));
    CHECK(line.covariance()(0, 0) == doctest::Approx(0.25 * 9 + 0.75 * 1 + 0.25 + 0.375));
    CHECK(GaussianMixture::standard_normal(4).is_standard_normal());
    CHECK_FALSE(line.is_standard_normal());
    CHECK_FALSE(examples::on_a_line({1}, {0}, {1.01}).is_standard_normal());
    CHECK_FALSE(examples::on_a_line({1}, {1e-9}, {1}).is_standard_normal());
}

TEST_CASE("mixtures are equal when all of their numbers are") {
    const auto line = examples::on_a_line({0.25, 0.75}, {-2, 2}, {1, 0.5});
    CHECK(line == examples::on_a_line({0.25, 0.75}, {-2, 2}, {1, 0.5}));
    CHECK(line != examples::on_a_line({0.5, 0.5}, {-2, 2}, {1, 0.5}));
    CHECK(line != examples::on_a_line({0.25, 0.75}, {-2, 3}, {1, 0.5}));
    CHECK(line != examples::on_a_line({0.25, 0.75}, {-2, 2}, {1, 0.6}));
    CHECK(line != examples::on_a_line({1}, {-2}, {1}));
    CHECK(line != GaussianMixture::standard_normal(2));
    CHECK(GaussianMixture::point(Vector::Zero(1)) != examples::on_a_line({1}, {0}, {1}));
}

TEST_CASE("a covariance is a matrix, a list of variances, or one variance") {
    const auto read = [](const char* json) {
        return Choice<densities>::from_json(Json::parse(json)).make(2);
    };
    CHECK(read(R"({"kind": "normal"})").is_standard_normal());
    CHECK(read(R"({"kind": "gaussian"})").is_standard_normal());
    CHECK(read(R"({"kind": "gaussian", "covariance": 2})").covariances()[0] ==
          2 * Matrix::Identity(2, 2));
    CHECK(read(R"({"kind": "gaussian", "mean": [1, 2], "covariance": [2, 3]})").covariances()[0] ==
          Matrix{{2, 0}, {0, 3}});
    const auto mixture = read(R"({"kind": "mixture", "weights": [0.5, 0.5],
        "means": [[0, 1], [2, 3]], "covariances": [1, [[2, 1], [1, 2]]]})");
    CHECK(mixture.covariances()[1] == Matrix{{2, 1}, {1, 2}});
    Json again = mixture.to_json();
    again["kind"] = "mixture";
    CHECK(Choice<densities>::from_json(again).make(2).to_json() == mixture.to_json());
    CHECK(Choice<densities>("mixture,weights=0.25:0.75,means=-2:2,covariances=1:0.5")
              .make(1)
              .mean()[0] == doctest::Approx(1));
}

TEST_CASE("a wrong density is refused with its place") {
    CHECK(refusal(R"({"kind": "gaussian", "mean": [1, 2, 3]})") ==
          "/mean: must have 2 numbers, has 3");
    CHECK(refusal(R"({"kind": "gaussian", "covariance": [[1, 2], [2, 1]]})") ==
          "/covariance: not positive definite");
    CHECK(refusal(R"({"kind": "gaussian", "covariance": [[1, 0.5], [0, 1]]})") ==
          "/covariance: not symmetric");
    CHECK(refusal(R"({"kind": "gaussian", "covariance": [[1, 0.5], [0]]})") ==
          "/covariance/1: must have 2 numbers, has 1");
    CHECK(refusal(R"({"kind": "gaussian", "covariance": "wide"})") ==
          "/covariance: expected a matrix, a list of variances, or a number");
    CHECK(refusal(R"({"kind": "gaussian", "covariance": -1})") ==
          "/covariance: not positive definite");
    CHECK(refusal(R"({"kind": "gaussian", "means": [1, 2]})") ==
          "/means: unknown key; did you mean 'mean'?");
    CHECK(refusal(R"({"kind": "mixture"})") == "/weights: empty");
    CHECK(refusal(R"({"kind": "mixture", "weights": [0.5, 0.4]})") ==
          "/weights: must sum to 1, sum to 0.9");
    CHECK(refusal(R"({"kind": "mixture", "weights": [1.5, -0.5]})") ==
          "/weights/1: must be positive, is -0.5");
    CHECK(refusal(R"({"kind": "mixture", "weights": [1], "means": []})") ==
          "/means: must be 1 like the weights, are 0");
    CHECK(refusal(R"({"kind": "mixture", "weights": [1], "means": [[0, 0]]})") ==
          "/covariances: must be 1 like the weights, are 0");
    CHECK(refusal(R"({"kind": "mixture", "weights": [0.5, 0.5], "means": [[0, 0], [1]],
                      "covariances": [1, 1]})") == "/means/1: must have 2 numbers, has 1");
    CHECK(refusal(R"({"kind": "mixture", "weights": [0.5, 0.5], "means": [[0, 0], [1, 1]],
                      "covariances": [1, 0]})") == "/covariances/1: not positive definite");
}

TEST_CASE("weights written with ten digits are taken as they are meant") {
    const auto mixture =
        examples::on_a_line({0.3333333333, 0.3333333333, 0.3333333334}, {0, 1, 2}, {1, 1, 1});
    CHECK(mixture.weights().sum() == doctest::Approx(1).epsilon(1e-15));
}
