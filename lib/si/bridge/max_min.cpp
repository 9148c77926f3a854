#include "si/bridge/max_min.hpp"

#include <cmath>

#include "si/base/linear.hpp"
#include "si/base/lists.hpp"

namespace si {
namespace {

/// Coefficients of alpha, then of beta.
InterpolantSpec with_modes(const Vector& modes, double noise) {
    const Index half = modes.size() / 2;
    InterpolantSpec spec;
    spec.path = Choice<paths>::from_json({{"kind", "fourier"},
                                          {"alpha", as_list(modes.head(half))},
                                          {"beta", as_list(modes.tail(half))}});
    spec.gamma = Choice<gammas>::from_json({{"kind", "brownian"}, {"a", noise}});
    return spec;
}

}  // namespace

double path_action(const GaussianLaw& start, const GaussianLaw& end, double noise,
                   const Interpolant& interpolant) {
    constexpr int kTimes = 1000;
    const Index d = start.mean.size();
    const Matrix unit = Matrix::Identity(d, d);
    double sum = 0;
    for (int k = 0; k < kTimes; ++k) {
        const auto c = interpolant.at((k + 0.5) / kTimes);
        const Matrix covariance = c.alpha() * c.alpha() * start.covariance +
                                  c.beta() * c.beta() * end.covariance + c.gamma * c.gamma * unit;
        const Matrix push = c.alpha() * c.alpha_dot() * start.covariance +
                            c.beta() * c.beta_dot() * end.covariance +
                            (c.gamma_gamma_dot - noise / 2) * unit;
        const Vector drift = c.alpha_dot() * start.mean + c.beta_dot() * end.mean;
        sum += drift.squaredNorm() + Cholesky(covariance).solve(push).cwiseProduct(push).sum();
    }
    return sum / kTimes / 2;
}

OptimalPath least_action(const GaussianLaw& start, const GaussianLaw& end, double noise,
                         Index modes) {
    require(modes > 0, Failure::usage, "modes must be positive, is ", modes);
    const Index count = 2 * modes;
    const auto action = [&](const Vector& at) {
        return path_action(start, end, noise, Interpolant(with_modes(at, noise)));
    };
    const auto slope = [&](const Vector& at) {
        constexpr double h = 1e-5;
        Vector gradient(count);
        for (Index i = 0; i < count; ++i) {
            const Vector step = h * Vector::Unit(count, i);
            gradient[i] = (action(at + step) - action(at - step)) / (2 * h);
        }
        return gradient;
    };
    Vector at = Vector::Zero(count), gradient = slope(at);
    Matrix inverse = Matrix::Identity(count, count) / std::max(gradient.norm(), 1.0);
    OptimalPath best;
    best.initial_action = action(at);
    double now = best.initial_action;
    constexpr Index kMost = 200;
    for (; best.iterations < kMost && gradient.norm() > 1e-8 * (1 + now); ++best.iterations) {
        const Vector direction = -(inverse * gradient);
        double length = 1;
        Vector next = at + direction;
        while (length > 1e-12 && !(action(next) < now + 1e-4 * length * direction.dot(gradient))) {
            length /= 2;
            next = at + length * direction;
        }
        if (length <= 1e-12) break;  // as far as differences can tell
        const Vector turned = slope(next), moved = next - at, changed = turned - gradient;
        const double curve = moved.dot(changed);
        if (curve > 0) {
            const Matrix side =
                Matrix::Identity(count, count) - moved * changed.transpose() / curve;
            inverse = side * inverse * side.transpose() + moved * moved.transpose() / curve;
        }
        at = next;
        gradient = turned;
        now = action(at);
    }
    best.interpolant = with_modes(at, noise);
    best.action = now;
    return best;
}

}  // namespace si
