#include <cmath>

#include <doctest/doctest.h>

#include "si/flow/transport.hpp"
#include "si/random/draw.hpp"
#include "support/models.hpp"

using namespace si;
using examples::carry;
using examples::closed_model;

// The sampler `multistep` against laws on paper.

namespace {

std::string gaussian(double mean, double variance) {
    return text(R"({"kind": "gaussian", "mean": [)", mean, R"(], "covariance": [[)", variance,
                "]]}");
}

TransportSpec multistep(const std::string& settings, const std::string& epsilon) {
    TransportSpec spec;
    spec.sampler = Choice<samplers>(text("multistep", settings));
    spec.epsilon = Setting<EpsilonChoice>::from_text(epsilon);
    return spec;
}

struct Moments {
    double mean, deviation;
};

Moments moments(const Matrix& x) {
    const double mean = x.mean();
    return {mean, std::sqrt((x.array() - mean).square().mean())};
}

}  // namespace

TEST_CASE("multistep keeps the law of ends of any width, forward and backward, at any epsilon") {
    const Index n = 10'000;
    // 5 standard errors of a deviation and of a mean, and 2.5 % for the steps.
    const double slack = 5 / std::sqrt(2.0 * static_cast<double>(n)) + 0.025,
                 slack_of_mean = 5 / std::sqrt(static_cast<double>(n)) + 0.02;
    for (const char* gamma : {"none", "brownian"}) {
        for (const char* path : {"linear", "trig"}) {
            for (const double width : {1.0, 0.1, 0.01, 0.001}) {
                InterpolantSpec interpolant{.path = path, .gamma = gamma};
                const Model model = closed_model(gaussian(0.5, width * width).c_str(), interpolant);
                for (const char* epsilon : {"0", "1", "sigma,value=2", "5"}) {
                    CAPTURE(std::string(gamma));
                    CAPTURE(std::string(path));
                    CAPTURE(width);
                    CAPTURE(std::string(epsilon));
                    const auto spec = multistep("", epsilon);
                    const Matrix start = draw_base(model, 4, 0, n);
                    const auto end = moments(carry(model, spec, Direction::forward, start).x);
                    CHECK(std::abs(end.deviation / width - 1) < slack);
                    CHECK(std::abs(end.mean - 0.5) < slack_of_mean * width + 1e-4);
                    Matrix target(1, n);
                    fill_normal({7, Purpose::data, 0}, 0, target);
                    target = (0.5 + width * target.array()).matrix();
                    const auto base = moments(carry(model, spec, Direction::backward, target).x);
                    CHECK(std::abs(base.deviation - 1) < slack);
                    CHECK(std::abs(base.mean) < slack_of_mean);
                }
            }
        }
    }
}

TEST_CASE("without noise, multistep is of second order") {
    // The flow to N(0, s^2) multiplies by s, whatever the path and the latent.
    for (const InterpolantSpec& interpolant :
         {InterpolantSpec{}, InterpolantSpec{.path = "enc-dec", .gamma = "sine-squared"},
          InterpolantSpec{.path = "linear", .gamma = "quadratic"}}) {
        CAPTURE(interpolant.path.kind());
        const Model model = closed_model(gaussian(0, 0.09).c_str(), interpolant);
        const auto error = [&](int steps) {
            const auto spec = multistep(text(",steps=", steps, ",narrowest=1e-3"), "0");
            const Matrix one = Matrix::Constant(1, 1, 1.0);
            return carry(model, spec, Direction::forward, one).x(0, 0) / 0.3 - 1;
        };
        CHECK(std::abs(error(400)) < 2e-3);
        const double ratio = error(200) / error(400);
        CHECK(ratio > 3.3);
        CHECK(ratio < 4.7);
    }
}

TEST_CASE("no step of multistep leaves what the ends and the latent span") {
    // Two points as an end, and few steps: explicit steps end far outside.
    const Model model =
        closed_model(R"({"kind": "mixture", "weights": [0.5, 0.5], "means": [[0], [1]],
                         "covariances": [[[1e-12]], [[1e-12]]]})",
                     {.path = "linear", .gamma = "brownian"});
    const Matrix start = draw_base(model, 4, 0, 2000);
    for (const int steps : {1, 2, 5, 20, 100}) {
        const auto spec = multistep(text(",steps=", steps), "1");
        const Matrix x = carry(model, spec, Direction::forward, start).x;
        CHECK(x.minCoeff() > -0.01);
        CHECK(x.maxCoeff() < 1.01);
    }
}

TEST_CASE("multistep needs something that can relax") {
    const Model model = closed_model(gaussian(0, 1).c_str(), {}, gaussian(2, 0.5).c_str());
    CHECK_THROWS_AS(multistep("", "1").make(model), Error);
}

TEST_CASE("at the noise of a bridge, multistep keeps its pairs") {
    // Given x at t = 0, this bridge of sigma = 1 ends in N(r + S x, S) (arXiv:2310.01174).
    const double r = 1, shape = 0.36, x = 0.8;
    const std::string field =
        text(R"({"kind": "bridge", "forward": {"log_weights": [0],
        "centers": [[)",
             r, R"(]], "shapes": [)", shape, R"(]}, "backward": {"log_weights": [0],
        "centers": [[-0.7]], "shapes": [0.73]}, "log_mass": 0})");
    const Model model = closed_model(field.c_str(), {.path = "linear", .gamma = "brownian,a=1"},
                                     R"({"kind": "samples"})");
    const Index n = 20'000;
    const auto end = moments(
        carry(model, multistep("", "bridge"), Direction::forward, Matrix::Constant(1, n, x)).x);
    const double deviation = std::sqrt(shape), count = static_cast<double>(n);
    CHECK(std::abs(end.mean - (r + shape * x)) < 5 * deviation / std::sqrt(count) + 0.01);
    CHECK(std::abs(end.deviation / deviation - 1) < 5 / std::sqrt(2 * count) + 0.015);
}
