#include "si/metric/likelihood_ratio.hpp"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "si/random/draw.hpp"

using namespace si;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// p = N(0, 1) and q = N(m, s^2) on a line, and n samples of each.
struct Pair {
    double m, s;
    Index n = 100'000;

    Vector samples(std::uint32_t step) const {
        Matrix z(1, n);
        fill_normal({7, Purpose::data, step}, 0, z);
        return z.transpose();
    }
    Vector of_p() const { return samples(0); }
    Vector of_q() const { return m + s * samples(1).array(); }

    /// log p - log q
    Vector log_ratio(const Vector& x) const {
        return ((x.array() - m) / s).square() / 2 - x.array().square() / 2 + std::log(s);
    }
    double forward() const { return std::log(s) + (1 + m * m) / (2 * s * s) - 0.5; }
    double reverse() const { return -std::log(s) + (s * s + m * m) / 2 - 0.5; }

    /// E_q (p / q)^k, an integral of a Gaussian.
    double moment(double k) const {
        const double a = k - (k - 1) / (s * s), b = (k - 1) * m / (s * s),
                     c = (k - 1) * m * m / (2 * s * s);
        return std::pow(s, k - 1) / std::sqrt(a) * std::exp(b * b / (2 * a) + c);
    }
};

void check_close(const Estimate& estimate, double truth) {
    CAPTURE(estimate.value);
    CAPTURE(estimate.error);
    CHECK(std::abs(estimate.value - truth) < 5 * estimate.error);
}

}  // namespace

TEST_CASE("divergences of Gaussians, both ways, are those on paper") {
    // The terms have finite fourth moments: E_p (q / p)^4 is finite where s^2 < 4 / 3.
    for (const Pair& pair : {Pair{0.3, 1.2}, Pair{-0.5, 1.1}, Pair{0.1, 0.95}}) {
        CAPTURE(pair.m);
        const auto forward = ratio_divergence(pair.log_ratio(pair.of_p()));
        check_close(forward.plain, pair.forward());
        check_close(forward.controlled, pair.forward());
        const auto reverse = ratio_divergence(-pair.log_ratio(pair.of_q()));
        check_close(reverse.plain, pair.reverse());
        check_close(reverse.controlled, pair.reverse());
    }
    // Between N(0, 1) and N(m, 1), log r is N(m^2 / 2, m^2), and for small m the controlled terms
    // are half of its square, whose standard deviation is m^2 / sqrt 2 instead of m. That of a
    // sample of squares is known to sqrt(14 / n) / 2 of itself.
    const Pair close{0.02, 1};
    const auto forward = ratio_divergence(close.log_ratio(close.of_p()));
    check_close(forward.controlled, close.forward());
    CHECK(forward.controlled.error / forward.plain.error ==
          doctest::Approx(0.02 / std::sqrt(2)).epsilon(0.04));
}

TEST_CASE("the controlled estimate is never negative, and zero between equal laws") {
    const Pair close{0.001, 1.0};
    for (const Index n : {2, 10, 1000}) {
        CHECK(ratio_divergence(close.log_ratio(Pair{0, 1, n}.of_p())).controlled.value >= 0);
    }
    const auto same = ratio_divergence(Vector::Zero(10));
    CHECK(same.controlled.value == 0);
    CHECK(same.controlled.error == 0);
}

TEST_CASE("the effective number of weights of a Gaussian pair is that on paper") {
    for (const Pair& pair : {Pair{0.3, 1.2}, Pair{-0.5, 1.5}, Pair{0.2, 1.0}}) {
        CAPTURE(pair.m);
        const auto n = static_cast<double>(pair.n);
        const auto weights = importance_weights(pair.log_ratio(pair.of_q()));
        // With a = mean w and b = mean w^2, ess / n = a^2 / b has by its derivatives the variance
        // (4 var(w) / b^2 - 4 cov(w, w^2) / b^3 + var(w^2) / b^4) / n, where a = 1.
        const double b = pair.moment(2), third = pair.moment(3), fourth = pair.moment(4);
        const double variance = 4 * (b - 1) / (b * b) - 4 * (third - b) / (b * b * b) +
                                (fourth - b * b) / (b * b * b * b);
        check_close({weights.effective / n, std::sqrt(variance / n)}, 1 / b);
        check_close(weights.log_mean, 0);
        // The relative variance of a mean of weights is that of one over n.
        CHECK(weights.log_mean.error == doctest::Approx(std::sqrt((b - 1) / n)).epsilon(0.05));
    }
}

TEST_CASE("a density without its constant: the mean of the weights is that constant") {
    const Pair pair{0.3, 1.2};
    const Vector log_weights = pair.log_ratio(pair.of_q());
    const auto plain = importance_weights(log_weights);
    // exp(1000) is beyond a double, and does not matter.
    for (const double constant : {3.0, -1000.0, 1000.0}) {
        const auto shifted = importance_weights(log_weights.array() + constant);
        CHECK(shifted.log_mean.value == doctest::Approx(plain.log_mean.value + constant));
        CHECK(shifted.log_mean.error == doctest::Approx(plain.log_mean.error));
        CHECK(shifted.effective == doctest::Approx(plain.effective));
    }
}

TEST_CASE("where one of the densities is zero") {
    // p is uniform on [0, 1], q on [-1/4, 1]: r = 5/4 on [0, 1], and 1/5 of q lies outside.
    const Vector inside = Vector::Constant(100, std::log(1.25));
    const auto forward = ratio_divergence(inside, {0.2, 0.01});
    CHECK(forward.plain.value == doctest::Approx(std::log(1.25)));
    CHECK(forward.controlled.value == doctest::Approx(std::log(1.25)));
    CHECK(forward.controlled.error == doctest::Approx(0.01));

    Vector log_weights = inside;
    log_weights.head(20).setConstant(-kInfinity);
    const auto weights = importance_weights(log_weights);
    CHECK(weights.effective == doctest::Approx(80));
    CHECK(weights.log_mean.value == doctest::Approx(0));
    const auto reverse = ratio_divergence(-log_weights);
    CHECK(reverse.plain.value == kInfinity);
    CHECK(reverse.plain.error == kInfinity);
    CHECK(reverse.controlled.value == kInfinity);

    const auto none = importance_weights(Vector::Constant(5, -kInfinity));
    CHECK(none.effective == 0);
    CHECK(none.log_mean.value == -kInfinity);
}
