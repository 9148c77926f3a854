#include "si/bridge/gaussian.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <Eigen/QR>

#include "si/coupling/sinkhorn.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

GaussianLaw some(Index d, std::uint32_t step) {
    Matrix mean(d, 1), factor(d, d);
    fill_normal({31, Purpose::data, step}, 0, mean);
    fill_normal({31, Purpose::data, step + 100}, 0, factor);
    return {mean,
            factor * factor.transpose() / static_cast<double>(d) + 0.2 * Matrix::Identity(d, d)};
}

GaussianLaw unit(Index d, double mean = 0, double variance = 1) {
    return {Vector::Constant(d, mean), variance * Matrix::Identity(d, d)};
}

}  // namespace

// Property 1: a Schroedinger bridge is the reference, reweighed at its ends alone.
TEST_CASE("the joint precision of the ends couples them as Brownian motion does") {
    const Index d = 8;
    for (const double e : {0.01, 0.7, 10.0}) {
        const auto a = some(d, 1), b = some(d, 2);
        const GaussianBridge bridge(a, b, e);
        Matrix joint(2 * d, 2 * d);
        joint << a.covariance, bridge.cross(), bridge.cross().transpose(), b.covariance;
        const Matrix precision = joint.inverse();
        const Matrix off = precision.topRightCorner(d, d) + Matrix::Identity(d, d) / e;
        CHECK(off.cwiseAbs().maxCoeff() < 1e-8 / e);
    }
}

// Property 2.
TEST_CASE("marginals start and end right, and obey their equation") {
    const Index d = 5;
    const double e = 0.6;
    const auto a = some(d, 3), b = some(d, 4);
    const GaussianBridge bridge(a, b, e);
    CHECK((bridge.at(0).covariance - a.covariance).cwiseAbs().maxCoeff() < 1e-12);
    CHECK((bridge.at(1).covariance - b.covariance).cwiseAbs().maxCoeff() < 1e-12);
    for (const double t : {0.2, 0.5, 0.9}) {
        const double h = 1e-5;
        const Matrix slope = bridge.drift_matrix(t), s = bridge.at(t).covariance;
        CHECK((slope - slope.transpose()).cwiseAbs().maxCoeff() < 1e-9);
        const Matrix rate = (bridge.at(t + h).covariance - bridge.at(t - h).covariance) / (2 * h);
        CHECK((rate - slope * s - s * slope.transpose() - e * Matrix::Identity(d, d))
                  .cwiseAbs()
                  .maxCoeff() < 1e-6);
    }
}

// Property 3.
TEST_CASE("between standard normals at sigma = 1 the covariance is the golden ratio's") {
    const GaussianBridge bridge(unit(3), unit(3), 1);
    CHECK(bridge.cross()(0, 0) == doctest::Approx((std::sqrt(5) - 1) / 2).epsilon(1e-10));
    CHECK(bridge.at(0.5).covariance(1, 1) == doctest::Approx(0.5 + 0.25 * std::sqrt(5)));
}

// Property 4.
TEST_CASE("little noise is Monge's map, much noise is independence") {
    const auto a = unit(2, 0, 4), b = unit(2, 1, 9);
    const GaussianBridge little(a, b, 1e-6);
    CHECK(little.cross()(0, 0) == doctest::Approx(6).epsilon(1e-5));            // 4 * (3 / 2)
    CHECK(little.value() == doctest::Approx(0.5 * (2 + 2 * 1)).epsilon(1e-4));  // W2^2 / 2
    const GaussianBridge much(a, b, 1e4);
    CHECK(much.cross()(0, 0) == doctest::Approx(36 / 1e4).epsilon(1e-2));
}

// The formula of THEORY E.4 (Janati et al. 2020), which is written in terms of D.
TEST_CASE("the value of entropic transport is its cost and its entropy") {
    const double e = 0.9;
    for (const Index d : {1, 3}) {
        const GaussianBridge bridge(unit(d, 0, 2), unit(d, 1, 0.5), e);
        const double root = std::sqrt(4 * 2 * 0.5 + e * e);
        const auto n = static_cast<double>(d);
        const double value = 0.5 * n + 0.5 * n * (2 + 0.5 - root + e) +
                             e / 2 * n * (std::log1p(root / e) - std::log(2));
        CHECK(bridge.value() == doctest::Approx(value).epsilon(1e-10));
    }
}

// Property 5: the energy of the drift is 2 e KL(plan | x0 and Brownian motion from it) (Girsanov).
TEST_CASE("the energy of the drift is the divergence from Brownian motion") {
    const double e = 0.7;
    const GaussianLaw a{Vector{{1, -1}}, Matrix{{1, 0.3}, {0.3, 0.5}}},
        b{Vector{{0, 2}}, Matrix{{2, -0.4}, {-0.4, 0.6}}};
    const GaussianBridge bridge(a, b, e);
    double energy = (b.mean - a.mean).squaredNorm();
    constexpr int kTimes = 2000;  // midpoints, good to 1e-6
    for (int k = 0; k < kTimes; ++k) {
        const double t = (k + 0.5) / kTimes;
        const Matrix drift = bridge.drift_matrix(t);
        energy += (drift * bridge.at(t).covariance * drift.transpose()).trace() / kTimes;
    }
    const Matrix given =
        b.covariance - bridge.cross().transpose() * a.covariance.inverse() * bridge.cross();
    const double kl =
        bridge.cost() / e + std::log(e) - 1 - std::log(given.determinant()) / 2;  // d / 2 = 1
    CHECK(energy == doctest::Approx(2 * e * kl).epsilon(1e-5));
}

TEST_CASE("Sinkhorn's iteration on a sample finds the value of the Gaussians") {
    const Index n = 1500;
    Matrix x(1, n), y(1, n);
    // Midpoints of quantile cells, by inverting the normal distribution: no noise at all.
    for (Index i = 0; i < n; ++i) {
        const double p = (static_cast<double>(i) + 0.5) / static_cast<double>(n);
        double low = -9, high = 9;
        for (int k = 0; k < 60; ++k) {
            const double middle = (low + high) / 2;
            (0.5 * std::erfc(-middle / std::sqrt(2)) < p ? low : high) = middle;
        }
        x(0, i) = low;
        y(0, i) = 1 + 1.5 * low;
    }
    Threads threads(2);
    const SinkhornPlan plan(x, y, {0.5, 1e-8, 10000}, threads);
    const GaussianBridge bridge(unit(1), unit(1, 1, 2.25), 0.5);
    CHECK(plan.cost() + 0.5 * plan.relative_entropy() ==
          doctest::Approx(bridge.value()).epsilon(2e-3));
}

TEST_CASE("its potentials are the bridge: drift, score and marginals at all times") {
    const Index d = 4;
    for (const double e : {0.05, 1.0, 8.0}) {
        const auto a = some(d, 5), b = some(d, 6);
        const GaussianBridge bridge(a, b, e);
        const auto mass = log_mass(bridge.forward(), bridge.backward());
        REQUIRE(mass.has_value());
        const BridgeField field(bridge.forward(), bridge.backward(), mass);
        Matrix x(d, 1);
        fill_normal({32, Purpose::data, 0}, 0, x);
        for (const double t : {0.0, 0.25, 0.8, 1.0}) {
            FieldValues out;
            (*field.evaluator())(Vector::Constant(1, t), x, kU | kS | kLogRho, out);
            const auto law = bridge.at(t);
            const Vector from = x - law.mean;
            const Vector drift = b.mean - a.mean + bridge.drift_matrix(t) * from;
            const Vector score = -law.covariance.llt().solve(from);
            CHECK((out.u - drift).norm() < 1e-8 * (1 + drift.norm()));
            CHECK((out.s - score).norm() < 1e-7 * (1 + score.norm()) / std::min(e, 1.0));
            const GaussianMixture gaussian({1.0}, {law.mean},
                                           {(law.covariance + law.covariance.transpose()) / 2});
            CHECK(out.log_rho[0] == doctest::Approx(gaussian.log_density(x)[0]).epsilon(1e-7));
        }
    }
}

// Properties 24 and 25.
TEST_CASE("turned round, C is its transpose; scaled, everything scales") {
    const auto a = some(3, 7), b = some(3, 8);
    const GaussianBridge there(a, b, 0.5), back(b, a, 0.5);
    CHECK((there.cross() - back.cross().transpose()).cwiseAbs().maxCoeff() < 1e-10);
    const double c = 3;
    const GaussianBridge wide({c * a.mean, c * c * a.covariance},
                              {c * b.mean, c * c * b.covariance}, c * c * 0.5);
    CHECK((wide.cross() - c * c * there.cross()).cwiseAbs().maxCoeff() < 1e-9);
}
