// The closed forms against the definition: posterior means by quadrature over x0 (and x1) in
// extended precision, with interpolants, densities and integrals written out again here.

#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include <doctest/doctest.h>

#include "support/examples.hpp"

namespace {

using namespace si;
using Real = long double;

struct Mixture1d {
    std::vector<Real> weights, means, variances;

    Real density(Real x) const {
        Real sum = 0;
        for (std::size_t k = 0; k < weights.size(); ++k) {
            const Real r = x - means[k], v = variances[k];
            sum += weights[k] * std::exp(-r * r / (2 * v)) /
                   std::sqrt(2 * std::numbers::pi_v<Real> * v);
        }
        return sum;
    }

    Real slope(Real x) const {
        Real sum = 0;
        for (std::size_t k = 0; k < weights.size(); ++k) {
            const Real r = x - means[k], v = variances[k];
            sum -= weights[k] * r / v * std::exp(-r * r / (2 * v)) /
                   std::sqrt(2 * std::numbers::pi_v<Real> * v);
        }
        return sum;
    }
};

struct Schedule {
    const char *path, *gamma;
    std::function<Real(Real)> alpha, beta, alpha_dot, beta_dot, latent, latent_dot;
};

Real one(Real) { return 1; }
Real zero(Real) { return 0; }
Real same(Real t) { return t; }
Real rest(Real t) { return 1 - t; }
Real minus(Real) { return -1; }
const Real kQuarterTurn = std::numbers::pi_v<Real> / 2;

std::vector<Schedule> schedules() {
    const auto bridge = [](Real a) { return [a](Real t) { return std::sqrt(a * t * (1 - t)); }; };
    const auto bridge_dot = [](Real a) {
        return [a](Real t) { return (1 - 2 * t) * std::sqrt(a / (4 * t * (1 - t))); };
    };
    const auto cosine = [](Real t) { return std::cos(kQuarterTurn * t); };
    const auto sine = [](Real t) { return std::sin(kQuarterTurn * t); };
    const auto cosine_dot = [](Real t) { return -kQuarterTurn * std::sin(kQuarterTurn * t); };
    const auto sine_dot = [](Real t) { return kQuarterTurn * std::cos(kQuarterTurn * t); };
    return {
        {"linear", "none", rest, same, minus, one, zero, zero},
        {"linear", "brownian", rest, same, minus, one, bridge(1), bridge_dot(1)},
        {"trig", "brownian,a=2", cosine, sine, cosine_dot, sine_dot, bridge(2), bridge_dot(2)},
        {"vp", "none", [](Real t) { return std::sqrt(1 - t * t); }, same,
         [](Real t) { return -t / std::sqrt(1 - t * t); }, one, zero, zero},
        {"trig", "quadratic", cosine, sine, cosine_dot, sine_dot,
         [](Real t) { return t * (1 - t); }, [](Real t) { return 1 - 2 * t; }},
    };
}

struct KnownEnds {
    Real rho = 0, b = 0, v = 0, s = 0, eta = 0, x0 = 0, x1 = 0;

    void add(Real weight, const KnownEnds& at) {
        rho += weight;
        b += weight * at.b;
        v += weight * at.v;
        s += weight * at.s;
        eta += weight * at.eta;
        x0 += weight * at.x0;
        x1 += weight * at.x1;
    }
    KnownEnds normalised() const {
        return {rho, b / rho, v / rho, s / rho, eta / rho, x0 / rho, x1 / rho};
    }
};

// The trapezoidal rule on the whole line errs by exp(-2 pi^2 s^2 / h^2) for Gaussian factors of
// deviation s. The narrowest here is gamma / alpha = 0.1 against h = 0.05: e^-79. The ranges
// reach 10 deviations beyond the outermost modes.

/// With a latent: x0 and x1 are free, and z = (x - alpha x0 - beta x1) / gamma.
KnownEnds with_latent(const Schedule& c, const Mixture1d& base, const Mixture1d& target, Real t,
                      Real x) {
    const Real h = 0.05L, a = c.alpha(t), b = c.beta(t), g = c.latent(t);
    constexpr int kReach = 270;
    std::vector<Real> p1;
    for (int j = -kReach; j <= kReach; ++j) p1.push_back(target.density(j * h));
    KnownEnds sum;
    for (int i = -160; i <= 160; ++i) {
        const Real x0 = i * h, p0 = base.density(x0);
        // Only |z| <= 12 matters: beyond lies e^-72.
        const auto lo = static_cast<int>(std::floor((x - a * x0 - 12 * g) / (b * h)));
        const auto hi = static_cast<int>(std::ceil((x - a * x0 + 12 * g) / (b * h)));
        for (int j = std::max(lo, -kReach); j <= std::min(hi, kReach); ++j) {
            const Real x1 = j * h, z = (x - a * x0 - b * x1) / g;
            const Real bell = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi_v<Real>);
            const Real v = c.alpha_dot(t) * x0 + c.beta_dot(t) * x1;
            sum.add(p0 * p1[static_cast<std::size_t>(j + kReach)] * bell / g * h * h,
                    {0, v + c.latent_dot(t) * z, v, -z / g, z, x0, x1});
        }
    }
    return sum.normalised();
}

/// Without one: x0 is free and x1 = (x - alpha x0) / beta. The score differentiates the target
/// under the integral.
KnownEnds without_latent(const Schedule& c, const Mixture1d& base, const Mixture1d& target, Real t,
                         Real x) {
    const Real h = 0.01L, a = c.alpha(t), b = c.beta(t);
    KnownEnds sum;
    for (int i = -800; i <= 800; ++i) {
        const Real x0 = i * h, x1 = (x - a * x0) / b, p1 = target.density(x1);
        if (p1 < 1e-300L) continue;
        const Real v = c.alpha_dot(t) * x0 + c.beta_dot(t) * x1;
        sum.add(base.density(x0) * p1 / b * h, {0, v, v, target.slope(x1) / p1 / b, 0, x0, x1});
    }
    return sum.normalised();
}

void compare(const GaussianMixture& base, const Mixture1d& same_base) {
    const Real third = 1.0L / 3;
    const GaussianMixture target = examples::three_modes();
    const Mixture1d same_target{{third, third, third}, {-6, 0, 6}, {0.5L, 0.33L, 0.5L}};
    const unsigned all = kB | kV | kS | kEta | kX0 | kX1 | kLogRho;
    Matrix x(1, 4);
    x << -4.5, -1, 0.3, 2.7;
    for (const Schedule& schedule : schedules()) {
        CAPTURE(schedule.path);
        CAPTURE(schedule.gamma);
        const Interpolant interpolant = examples::interpolant(schedule.path, schedule.gamma);
        const MixtureField field(interpolant, base, target);
        for (const double t : {0.1, 0.25, 0.5, 0.75, 0.9}) {
            CAPTURE(t);
            const FieldValues got = examples::evaluate(field, t, x, all);
            for (Index j = 0; j < x.cols(); ++j) {
                CAPTURE(x(0, j));
                const KnownEnds known =
                    interpolant.has_latent()
                        ? with_latent(schedule, same_base, same_target, t, x(0, j))
                        : without_latent(schedule, same_base, same_target, t, x(0, j));
                const auto near = [](double value, Real wanted) {
                    CHECK(std::abs(value - wanted) <= 1e-8L);
                };
                CHECK(std::abs(std::exp(got.log_rho[j]) / known.rho - 1) <= 1e-9L);
                near(got.b(0, j), known.b);
                near(got.v(0, j), known.v);
                near(got.s(0, j), known.s);
                near(got.x0(0, j), known.x0);
                near(got.x1(0, j), known.x1);
                near(got.eta(0, j), field.one_sided() ? known.x0 : known.eta);
            }
        }
    }
}

}  // namespace

TEST_CASE("fields between two mixtures are the posterior means of the definition") {
    compare(examples::two_modes(), {{0.5L, 0.5L}, {-3, 3}, {0.25L, 0.25L}});
}

TEST_CASE("fields from a standard normal are the posterior means of the definition") {
    compare(GaussianMixture::standard_normal(1), {{1}, {0}, {1}});
}
