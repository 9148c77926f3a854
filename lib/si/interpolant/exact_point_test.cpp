// A base that is one point (arXiv:2303.08797, Theorem 3.1), and the mirror, whose base is the
// target.

#include <cmath>

#include <doctest/doctest.h>

#include "si/density/written.hpp"
#include "support/examples.hpp"

namespace {

using namespace si;
using examples::evaluate;
using examples::interpolant;

constexpr unsigned kAll = kB | kV | kS | kEta | kX0 | kX1 | kDivB | kDivS | kLogRho | kU;

double largest(const Matrix& m) { return m.cwiseAbs().maxCoeff(); }

const Vector kStart{{0.5, -1, 2}};

MixtureField from_point(const char* path, const char* gamma) {
    return {interpolant(path, gamma), GaussianMixture::point(kStart), examples::spatial_target()};
}

}  // namespace

TEST_CASE("a point has samples and moments, and no density") {
    const auto point = Choice<densities>("point,at=1:2").make(2);
    CHECK(point.is_point());
    CHECK_FALSE(GaussianMixture::standard_normal(2).is_point());
    CHECK_FALSE(point.is_standard_normal());
    Matrix x(2, 5);
    point.sample({.seed = 3}, 0, x);
    CHECK(x == Vector{{1, 2}}.replicate(1, 5));
    CHECK(point.mean() == Vector{{1, 2}});
    CHECK(point.covariance().isZero(0));
    CHECK(Choice<densities>("point").make(2).mean().isZero(0));
    CHECK_THROWS_WITH_AS(point.log_density(x), "a point has no density", Error);
    CHECK_THROWS_WITH_AS(point.score(x), "a point has no density", Error);
    CHECK_THROWS_WITH_AS(Choice<densities>("point,at=1").make(2), "/at: must have 2 numbers, has 1",
                         Error);
    CHECK_THROWS_WITH_AS(GaussianMixture::point(Vector::Constant(1, std::nan(""))),
                         "/at: must be finite", Error);
}

TEST_CASE("the fields from a point are the limit of those from a narrow base") {
    // A base of variance 1e-10 changes C_ij by that, against at least 0.05^2 times 0.4.
    const GaussianMixture narrow({1}, {kStart}, {1e-10 * Matrix::Identity(3, 3)});
    Matrix x(3, 4);
    fill_normal({.seed = 21}, 0, x);
    examples::for_each_interpolant([&](const Interpolant& both, const std::string& name) {
        if (both.mirror()) return;
        CAPTURE(name);
        const MixtureField field(both, GaussianMixture::point(kStart), examples::spatial_target());
        const MixtureField nearly(both, narrow, examples::spatial_target());
        for (const double t : {0.1, 0.3, 0.8, 0.95}) {
            const Coefficients c = both.at(t);
            if (c.beta() < 0.05 && c.gamma < 0.05) continue;
            CAPTURE(t);
            const FieldValues a = evaluate(field, t, x, kAll), e = evaluate(nearly, t, x, kAll);
            const auto close = [](const Matrix& got, const Matrix& wanted) {
                CHECK(largest(got - wanted) <= 1e-5 * (1 + largest(wanted)));
            };
            close(a.log_rho, e.log_rho);
            close(a.b, e.b);
            close(a.v, e.v);
            close(a.s, e.s);
            close(a.u, e.u);
            close(a.x1, e.x1);
            close(a.div_b, e.div_b);
            close(a.div_s, e.div_s);
            CHECK(largest(a.x0 - kStart.replicate(1, 4)) <= 1e-12);
        }
    });
}

TEST_CASE("from a point, u at t = 0 is the limit of u along the paths that leave it") {
    // x_t = alpha x0 + beta x1 + gamma z is sqrt(2 e t) z away from the point to first order;
    // u differs from its limit by that times its slope, which is of order 1 in units of x.
    const Vector mean = examples::spatial_target().mean();
    for (const auto& row : {std::pair{"linear", "brownian,a=2"},
                            {"trig", "brownian"},
                            {"polynomial,n=2", "brownian-start"},
                            {"linear", "custom,gamma=sqrt(t*(1-t)*(2-t))"}}) {
        const auto& path = std::get<0>(row);
        const auto& gamma = std::get<1>(row);
        CAPTURE(path);
        CAPTURE(gamma);
        const MixtureField field = from_point(path, gamma);
        CHECK(field.span(kU) == std::array<double, 2>{0, 1});
        CHECK(field.span(kB)[0] > 0);
        CHECK(field.span(kU | kS)[0] > 0);
        const Coefficients c0 = field.interpolant().at(0);
        const Matrix start = evaluate(field, 0, kStart, kU).u;
        CHECK(largest(start - (c0.alpha_dot() * kStart + c0.beta_dot() * mean)) <= 1e-14);
        for (const double t : {1e-12, 1e-8}) {
            const Coefficients c = field.interpolant().at(t);
            const Vector x = c.alpha() * kStart + c.beta() * mean + c.gamma * Vector{{1, -1, 0.5}};
            CHECK(largest(evaluate(field, t, x, kU).u - start) <= 30 * std::sqrt(t));
        }
    }
}

TEST_CASE("the diffusive interpolant ends with the drift of Theorem 3.1") {
    // u(1, x) = x - x0 + 2 a s1(x) with gamma^2 = 2 a t (1 - t), here with a = 3/2.
    const MixtureField field = from_point("linear", "brownian,a=3");
    Matrix x(3, 4);
    fill_normal({.seed = 22}, 0, x);
    const Matrix wanted = (x.colwise() - kStart) + 3 * examples::spatial_target().score(x);
    CHECK(largest(evaluate(field, 1, x, kU).u - wanted) <= 1e-12);
}

TEST_CASE("what a point cannot start is refused") {
    const char* const only_u =
        "from a point, only u is known at t = 0, and that with a latent that starts like a root "
        "of t, as brownian does";
    CHECK_THROWS_WITH_AS(evaluate(from_point("linear", "brownian"), 0, kStart, kB), only_u, Error);
    CHECK_THROWS_WITH_AS(evaluate(from_point("linear", "quadratic"), 0, kStart, kU), only_u, Error);
    CHECK(from_point("linear", "quadratic").span(kU)[0] > 0);
    CHECK_THROWS_WITH_AS(MixtureField(interpolant("linear", "none"), examples::spatial_base(),
                                      GaussianMixture::point(kStart)),
                         "a point can be the base, not the target", Error);
}

TEST_CASE("a mirror needs its target as base, and shows the latent alone") {
    CHECK_THROWS_WITH_AS(
        MixtureField(interpolant("mirror", "brownian"), GaussianMixture::standard_normal(3),
                     examples::spatial_target()),
        "path mirror leads from the target to itself: the base must be the same density", Error);
    const GaussianMixture target = examples::spatial_target();
    const MixtureField field(interpolant("mirror", "brownian,a=2"), target, target);
    Matrix x(3, 4);
    fill_normal({.seed = 23}, 0, x);
    for (const double t : {0.0, 0.2, 0.7, 1.0}) {
        CAPTURE(t);
        const Coefficients c = field.interpolant().at(t);
        std::vector<Matrix> covariances = target.covariances();
        for (Matrix& each : covariances) each.diagonal().array() += c.gamma * c.gamma;
        const GaussianMixture law({0.3, 0.5, 0.2}, target.means(), covariances);
        const FieldValues at = evaluate(field, t, x, kAll);
        CHECK(largest(at.log_rho - law.log_density(x)) <= 1e-12);
        CHECK(largest(at.s - law.score(x)) <= 1e-12);
        CHECK(largest(at.b + c.gamma_gamma_dot * law.score(x)) <= 1e-12);
        CHECK(largest(at.v) == 0);
    }
}
