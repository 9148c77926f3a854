#include <cmath>

#include <doctest/doctest.h>

#include <Eigen/Cholesky>

#include "si/bridge/gaussian.hpp"
#include "si/bridge/light_fit.hpp"
#include "si/bridge/truth.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normals(Index d, Index n, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({41, Purpose::data, step}, 0, x);
    return x;
}

LightParameters some(Index d, Index count, bool full) {
    LightParameters at{normals(count, 1, 1), normals(d, count, 2), {}, full};
    at.shape = normals(full ? d * d : d, count, 3) / 2;
    return at;
}

/// Checks a gradient against differences, parameter by parameter.
template <class Loss>
void check_gradient(LightParameters at, const LightParameters& gradient, const Loss& loss) {
    const auto check = [&](double& parameter, double slope) {
        const double h = 1e-5, kept = parameter;
        parameter = kept + h;
        const double ahead = loss(at);
        parameter = kept - h;
        const double behind = loss(at);
        parameter = kept;
        CHECK(slope == doctest::Approx((ahead - behind) / (2 * h)).epsilon(1e-5));
    };
    for (Index k = 0; k < at.a.size(); ++k) {
        check(at.a[k], gradient.a[k]);
        for (Index i = 0; i < at.r.rows(); ++i) check(at.r(i, k), gradient.r(i, k));
        for (Index i = 0; i < at.shape.rows(); ++i) check(at.shape(i, k), gradient.shape(i, k));
    }
}

}  // namespace

// Property 11.
TEST_CASE("the gradient of the loss is that of differences, for both kinds of shape") {
    const Index d = 3, count = 4;
    const double e = 0.7;
    const Matrix x0 = normals(d, 20, 4), x1 = normals(d, 15, 5).array() + 0.5;
    for (const bool full : {false, true}) {
        auto at = some(d, count, full);
        auto gradient = at.zeros();
        light_loss(at, e, x0, x1, &gradient);
        check_gradient(at, gradient, [&](const LightParameters& near) {
            return light_loss(near, e, x0, x1, nullptr);
        });
    }
}

TEST_CASE("a component that no sample belongs to stays where it is, and the others do not see it") {
    const Index d = 4, count = 3;
    const double e = 0.7;
    const Matrix x0 = normals(d, 20, 4), x1 = normals(d, 15, 5);
    for (const bool full : {false, true}) {
        auto at = some(d, count, full);
        at.a[count - 1] = -1e4;
        auto gradient = at.zeros();
        light_loss(at, e, x0, x1, &gradient);
        CHECK(gradient.a[count - 1] == 0);
        CHECK(gradient.r.col(count - 1).isZero(0));
        CHECK(gradient.shape.col(count - 1).isZero(0));

        const LightParameters others{at.a.head(count - 1), at.r.leftCols(count - 1),
                                     at.shape.leftCols(count - 1), full};
        auto alone = others.zeros();
        light_loss(others, e, x0, x1, &alone);
        CHECK(alone.a.isApprox(gradient.a.head(count - 1), 1e-12));
        CHECK(alone.r.isApprox(gradient.r.leftCols(count - 1), 1e-12));
        CHECK(alone.shape.isApprox(gradient.shape.leftCols(count - 1), 1e-12));
    }
}

TEST_CASE("matching: the drift is that of the potential, its gradient that of differences") {
    const Index d = 3, count = 4, n = 9;
    const double e = 0.7;
    const Matrix x = normals(d, n, 4), target = normals(d, n, 5);
    Matrix u(n, 1);
    fill_uniform({41, Purpose::data, 6}, 0, u);
    const Vector t = u.col(0);
    for (const bool full : {false, true}) {
        const auto at = some(d, count, full);
        const Potential potential = at.potential(e);
        Matrix drift(d, n);
        Potential::Value value;
        for (Index j = 0; j < n; ++j) {
            potential(t[j], x.col(j), value);
            drift.col(j) = value.drift;
        }
        CHECK(matching_loss(at, e, t, x, drift, nullptr) < 1e-20 * drift.squaredNorm());
        CHECK(matching_loss(at, e, t, x, target, nullptr) ==
              doctest::Approx((drift - target).squaredNorm() / n).epsilon(1e-12));
        auto gradient = at.zeros();
        matching_loss(at, e, t, x, target, &gradient);
        check_gradient(at, gradient, [&](const LightParameters& near) {
            return matching_loss(near, e, t, x, target, nullptr);
        });
    }
}

// Theorem 3.1 of arXiv:2402.03207: whatever the pairs are, what matches their bridges best is the
// Schroedinger bridge. For N(0, I) to N(0, I) at sigma = 1 that has the slope of property 3.
TEST_CASE("one component that matches drifts learns the Gaussian bridge from any pairs") {
    const Index d = 2, n = 20000;
    for (const char* coupling : {"independent", "ot"}) {
        CAPTURE(coupling);
        LightMatchingSpec spec;
        spec.components = 1;
        spec.steps = 1500;
        spec.coupling = coupling;
        const auto fitted = fit_matching(normals(d, n, 8), normals(d, n, 9), 1, spec, 1, 0);
        const Vector zero = Vector::Zero(d), one = Vector::Unit(d, 0);
        const double slope = (fitted.conditional(one).mean - fitted.conditional(zero).mean)[0];
        CHECK(slope == doctest::Approx(0.618).epsilon(0.05 / 0.618));
    }
}

TEST_CASE("a diagonal is a factor without the rest, to the loss and to the potential") {
    const Index d = 2, count = 3;
    const double e = 0.4;
    const auto diagonal = some(d, count, false);
    auto full = diagonal;
    full.full = true;
    full.shape.setZero(d * d, count);
    for (Index i = 0; i < d; ++i) full.shape.row(i * d + i) = diagonal.shape.row(i) / 2;
    const Matrix x0 = normals(d, 20, 4), x1 = normals(d, 15, 5);
    CHECK(light_loss(full, e, x0, x1, nullptr) ==
          doctest::Approx(light_loss(diagonal, e, x0, x1, nullptr)).epsilon(1e-12));
    Potential::Value a, b;
    diagonal.potential(e)(0.4, x0.col(0), a);
    full.potential(e)(0.4, x0.col(0), b);
    CHECK((a.drift - b.drift).norm() < 1e-12);
}

// The loss is KL(true plan | plan) up to a constant that has no parameters: so it is least where
// the plan is the true one.
TEST_CASE("the truth has the least loss of its neighbourhood") {
    const Index d = 2, n = 20000;
    const double e = 1;
    const GaussianBridge bridge(GaussianLaw::of(normals(d, n, 6)),
                                GaussianLaw::of(normals(d, n, 7)), e);
    // At empirical moments, where the gradient is zero and not just small.
    const auto truth = bridge.forward();
    LightParameters at{Vector::Zero(1), truth.centers(), {}, true};
    const Matrix factor = Matrix(truth.shape(0).llt().matrixL());
    Matrix log_factor = factor.diagonal().cwiseInverse().asDiagonal() * factor;
    log_factor.diagonal() = factor.diagonal().array().log();
    at.shape = log_factor.reshaped();
    auto gradient = at.zeros();
    light_loss(at, e, normals(d, n, 6), normals(d, n, 7), &gradient);
    CHECK(gradient.r.norm() < 1e-10);
    CHECK(gradient.shape.norm() < 1e-10);
}

// Property 13: N(0, I) to N(0, I) at sigma = 1 with one component.
TEST_CASE("one component learns the Gaussian bridge") {
    const Index d = 5, n = 20000;
    LightSpec spec;
    spec.components = 1;
    spec.steps = 1500;
    spec.covariance = "full";
    const auto fitted = fit_light(normals(d, n, 8), normals(d, n, 9), 1, spec, 1, 0);
    const Vector zero = Vector::Zero(d), one = Vector::Unit(d, 0);
    const double slope = (fitted.conditional(one).mean - fitted.conditional(zero).mean)[0];
    CHECK(slope == doctest::Approx(0.618).epsilon(0.02 / 0.618));
    CHECK(fitted.conditional(zero).covariance(2, 2) ==
          doctest::Approx(1 - 0.618 * 0.618).epsilon(0.03 / 0.618));
}

TEST_CASE("a fit is a function of data, seed and number alone") {
    LightSpec spec;
    spec.components = 3;
    spec.steps = 20;
    const Matrix x0 = normals(2, 200, 1), x1 = normals(2, 100, 2);
    const auto once = fit_light(x0, x1, 0.5, spec, 1, 0),
               again = fit_light(x0, x1, 0.5, spec, 1, 0);
    CHECK(once.centers() == again.centers());
    CHECK(once.centers() != fit_light(x0, x1, 0.5, spec, 2, 0).centers());
}

// Properties 12 and 15.
TEST_CASE("the truth has no error, its samples have the floor, and the mean of all about 100") {
    Threads threads(2);
    for (const char* spelling : {"mixture,dim=4", "gaussian,dim=3,spread=4"}) {
        for (const double e : {0.1, 1.0}) {
            CAPTURE(spelling);
            const auto truth = Choice<truths>(spelling).make(e, std::uint64_t{5});
            const Index d = truth.start.dim(), n = 4000;
            Matrix x0(d, n), x1(d, n);
            truth.sample(5, 7, 0, x0, x1);
            const auto law = GaussianLaw::of(x1);
            const Matrix points = x0.leftCols(50);
            const auto error_of = [&](const ConditionalLaw& of) {
                return conditional_error(truth, points, law.covariance.trace(), of, threads).value;
            };
            CHECK(error_of([&](Index, const Vector& x) { return truth.forward.conditional(x); }) <
                  1e-8);
            const double constant = error_of([&](Index, const Vector& x) {
                auto one = truth.forward.conditional(x);
                one.mean = law.mean;
                return one;
            });
            // With the right covariance all that is missed is the variance of the mean given x.
            CHECK(constant < 110);
            CHECK(constant > 1);
        }
    }
}

// The law of x1 is known another way: (arXiv:2306.10161) x1 given x has density ~ N(y; x, e I)
// phi(y).
TEST_CASE("a mixture pair is the potential that it is made from") {
    const double e = 0.5;
    const auto truth =
        Choice<truths>("mixture,dim=1,components=2,radius=1").make(e, std::uint64_t{3});
    // In one dimension the two are at 1 or -1, with variance sqrt(0.01 0.05); count them by a drift
    // far out, where the nearest alone acts: u(0, x) = e (b - x) / (V + e).
    const double v = std::sqrt(0.01 * 0.05);
    Potential::Value value;
    truth.forward(0, Vector::Constant(1, 30), value);
    const double b = 30 + value.drift[0] * (v + e) / e;
    CHECK(std::abs(b) == doctest::Approx(1).epsilon(1e-9));
}

TEST_CASE("half_bures is zero for equals and the W2 of commuting Gaussians") {
    const Vector m = normals(2, 1, 1), n = normals(2, 1, 2);
    const Vector a = Eigen::Vector2d(4, 9), b = Eigen::Vector2d(1, 25);
    CHECK(half_bures(m, a.asDiagonal(), m, a.asDiagonal()) == doctest::Approx(0));
    CHECK(half_bures(m, a.asDiagonal(), n, b.asDiagonal()) ==
          doctest::Approx(((m - n).squaredNorm() + 1 + 4) / 2).epsilon(1e-12));
}
