#include "si/bridge/gaussian.hpp"

#include <cmath>

#include "si/base/linear.hpp"

namespace si {
namespace {

/// f of a symmetric matrix, eigenvalue by eigenvalue.
template <class F>
Matrix apply(const Matrix& symmetric, const F& f) {
    auto [values, axes] = spectrum(symmetric);
    for (double& value : values) value = f(value);
    return axes * values.asDiagonal() * axes.transpose();
}

double root(double x) { return std::sqrt(std::max(x, 0.0)); }

Matrix symmetric(const Matrix& m) { return (m + m.transpose()) / 2; }

double log_det(const Matrix& positive) { return Cholesky(positive).log_det(); }

/// X1 given X0 = x is N(mean1 + S (x - mean0), e S) with S = C' S0^-1, which is symmetric.
Potential potential(const GaussianLaw& from, const GaussianLaw& to, const Matrix& cross,
                    double epsilon) {
    const Matrix s = symmetric(Cholesky(from.covariance).solve(cross));
    const auto [values, axes] = spectrum(s);
    require((values.array() > 0).all(), Failure::data,
            "a covariance is too nearly singular for a Gaussian bridge");
    return {epsilon, Vector::Zero(1), to.mean - s * from.mean, {values, {axes}}};
}

}  // namespace

GaussianLaw GaussianLaw::of(ConstMatrix x) {
    const Vector mean = x.rowwise().mean();
    const Matrix centred = x.colwise() - mean;
    return {mean, centred * centred.transpose() / static_cast<double>(x.cols())};
}

GaussianBridge::GaussianBridge(GaussianLaw start, GaussianLaw end, double epsilon)
    : start_(std::move(start)), end_(std::move(end)), epsilon_(epsilon) {
    const Index d = start_.mean.size();
    require(end_.mean.size() == d, Failure::data, "the Gaussians have ", d, " and ",
            end_.mean.size(), " coordinates");
    require(epsilon > 0, Failure::usage, "sigma^2 must be positive, is ", epsilon);
    in_context("covariance at t = 0", [&] { return cholesky(start_.covariance); });
    in_context("covariance at t = 1", [&] { return cholesky(end_.covariance); });
    const Matrix half = apply(start_.covariance, root);
    const Matrix back = apply(start_.covariance, [](double x) { return 1 / std::sqrt(x); });
    const double square = epsilon * epsilon;
    // D - e I, eigenvalue by eigenvalue, without the cancellation of a large epsilon.
    const Matrix less = apply(symmetric(half * end_.covariance * half), [&](double x) {
        return 4 * x / (std::sqrt(4 * x + square) + epsilon);
    });
    cross_ = half * less * back / 2;
}

GaussianLaw GaussianBridge::at(double t) const {
    const Matrix unit = Matrix::Identity(cross_.rows(), cross_.cols());
    return {(1 - t) * start_.mean + t * end_.mean,
            (1 - t) * (1 - t) * start_.covariance + t * t * end_.covariance +
                t * (1 - t) * (cross_ + cross_.transpose() + epsilon_ * unit)};
}

Matrix GaussianBridge::drift_matrix(double t) const {
    const Matrix unit = Matrix::Identity(cross_.rows(), cross_.cols());
    const Matrix slope = t * end_.covariance - (1 - t) * start_.covariance +
                         (1 - t) * cross_.transpose() - t * cross_ - epsilon_ * t * unit;
    return Cholesky(at(t).covariance).solve_rows(slope);
}

double GaussianBridge::cost() const {
    return ((start_.mean - end_.mean).squaredNorm() + start_.covariance.trace() +
            end_.covariance.trace() - 2 * cross_.trace()) /
           2;
}

double GaussianBridge::relative_entropy() const {
    // The covariance of X1 given X0, against that of X1.
    const Matrix given =
        end_.covariance - cross_.transpose() * Cholesky(start_.covariance).solve(cross_);
    return (log_det(end_.covariance) - log_det(symmetric(given))) / 2;
}

double GaussianBridge::value() const { return cost() + epsilon_ * relative_entropy(); }

Potential GaussianBridge::forward() const { return potential(start_, end_, cross_, epsilon_); }

Potential GaussianBridge::backward() const {
    return potential(end_, start_, cross_.transpose(), epsilon_);
}

}  // namespace si
