#include "si/bridge/light.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <Eigen/Eigenvalues>

#include "si/base/error.hpp"
#include "si/coupling/log_sum.hpp"
#include "si/coupling/sinkhorn.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

constexpr Index kFullUpTo = 64;       // dimensions in which full shapes are the default
constexpr Index kStartPoints = 2000;  // of each side that the start looks at

/// Columns to softmax weights over rows; returns the mean of their log-sums.
double to_weights(Matrix& logits) {
    double sum = 0;
    const Vector nothing = Vector::Zero(logits.rows());
    for (Index j = 0; j < logits.cols(); ++j) {
        double* column = logits.col(j).data();
        const double most = logits.col(j).maxCoeff();
        exponentials(column, nothing.data(), logits.rows(), -most, 1, column);
        const double all = logits.col(j).sum();
        logits.col(j) /= all;
        sum += most + std::log(all);
    }
    return sum / static_cast<double>(logits.cols());
}

double diagonal_loss(const LightParameters& at, double e, ConstMatrix x0, ConstMatrix x1,
                     LightParameters* gradient) {
    const double n0 = static_cast<double>(x0.cols()), n1 = static_cast<double>(x1.cols());
    const Matrix s = at.shape.array().exp(), inverse = s.cwiseInverse();
    const Matrix square0 = x0.cwiseAbs2(), square1 = x1.cwiseAbs2();
    const Matrix pull = at.r.cwiseProduct(inverse);
    Matrix w0 = (s.transpose() * square0 + 2 * at.r.transpose() * x0) / (2 * e);
    w0.colwise() += at.a;
    Matrix w1 = (pull.transpose() * x1) / e - (inverse.transpose() * square1) / (2 * e);
    const Vector norm = at.a - at.shape.colwise().sum().transpose() / 2 -
                        at.r.cwiseProduct(pull).colwise().sum().transpose() / (2 * e);
    w1.colwise() += norm;
    const double constant = static_cast<double>(x1.rows()) / 2 * std::log(2 * std::numbers::pi * e);
    const double loss = to_weights(w0) - (to_weights(w1) - constant);
    if (gradient == nullptr) return loss;

    const Vector held0 = w0.rowwise().sum() / n0, held1 = w1.rowwise().sum() / n1;
    const Matrix mean0 = x0 * w0.transpose() / n0, mean1 = x1 * w1.transpose() / n1;
    const Matrix moment0 = square0 * w0.transpose() / n0;
    const Matrix moment1 = square1 * w1.transpose() / n1;
    const Matrix held_r = at.r * held1.asDiagonal();
    gradient->a += held0 - held1;
    gradient->r += (mean0 - (mean1 - held_r).cwiseProduct(inverse)) / e;
    // E of the weight times (y - r)^2.
    const Matrix around = moment1 - 2 * at.r.cwiseProduct(mean1) + at.r.cwiseProduct(held_r);
    gradient->shape += (s.cwiseProduct(moment0) - around.cwiseProduct(inverse)) / (2 * e);
    gradient->shape.rowwise() += Eigen::RowVectorXd(held1.transpose() / 2);
    return loss;
}

/// The lower factor that column k of `shape` stands for: its rows in units of their diagonal, so
/// that steps are relative however narrow a Gaussian is.
Matrix factor_of(const LightParameters& at, Index k) {
    const Index d = at.r.rows();
    Matrix factor =
        Eigen::Map<const Matrix>(at.shape.col(k).data(), d, d).triangularView<Eigen::Lower>();
    const Vector units = factor.diagonal().array().exp();
    factor.diagonal().setOnes();
    return units.asDiagonal() * factor;
}

/// The samples that a component has any part in: what is left out is below the last digit.
std::vector<Index> with_weight(const Matrix& weights, Index component) {
    constexpr double kNothing = 1e-18;
    std::vector<Index> samples;
    for (Index j = 0; j < weights.cols(); ++j) {
        if (weights(component, j) > kNothing) samples.push_back(j);
    }
    return samples;
}

double full_loss(const LightParameters& at, double e, ConstMatrix x0, ConstMatrix x1,
                 LightParameters* gradient) {
    const Index count = at.a.size(), d = x0.rows();
    const double n0 = static_cast<double>(x0.cols()), n1 = static_cast<double>(x1.cols());
    Matrix w0 = at.r.transpose() * x0 / e, w1(count, x1.cols());
    w0.colwise() += at.a;
    std::vector<Matrix> factors, turned, whitened;
    for (Index k = 0; k < count; ++k) {
        factors.push_back(factor_of(at, k));
        turned.emplace_back(factors.back().transpose().triangularView<Eigen::Upper>() * x0);
        w0.row(k) += turned.back().colwise().squaredNorm() / (2 * e);
        whitened.emplace_back(x1.colwise() - at.r.col(k));
        factors.back().triangularView<Eigen::Lower>().solveInPlace(whitened.back());
        const double log_det = factors.back().diagonal().array().log().sum();
        w1.row(k) = (at.a[k] - log_det - whitened.back().colwise().squaredNorm().array() / (2 * e));
    }
    const double constant = static_cast<double>(d) / 2 * std::log(2 * std::numbers::pi * e);
    const double loss = to_weights(w0) - (to_weights(w1) - constant);
    if (gradient == nullptr) return loss;

    const Vector held0 = w0.rowwise().sum() / n0, held1 = w1.rowwise().sum() / n1;
    gradient->a += held0 - held1;
    gradient->r += x0 * w0.transpose() / (e * n0);
    for (Index k = 0; k < count; ++k) {
        const auto at_k = static_cast<std::size_t>(k);
        const Matrix& factor = factors[at_k];
        const Matrix upper = factor.transpose();
        // Most samples have nothing to do with most components.
        const auto some0 = with_weight(w0, k), some1 = with_weight(w1, k);
        const Matrix mine1 = whitened[at_k](Eigen::all, some1);
        const Matrix weighted1 = mine1 * Vector(w1.row(k)(some1)).asDiagonal() / n1;
        Vector back = weighted1.rowwise().sum();
        upper.triangularView<Eigen::Upper>().solveInPlace(back);
        gradient->r.col(k) -= back / e;
        // dL/dF of S = F F', twice (dL/dS) F, below its diagonal.
        Matrix slope = weighted1 * mine1.transpose();
        upper.triangularView<Eigen::Upper>().solveInPlace(slope);
        const Matrix mine0 = x0(Eigen::all, some0) * Vector(w0.row(k)(some0)).asDiagonal() / n0;
        slope = (mine0 * turned[at_k](Eigen::all, some0).transpose() - slope) / e;
        slope.diagonal() += held1[k] * factor.diagonal().cwiseInverse();
        slope = Matrix(slope.triangularView<Eigen::Lower>());
        const Vector of_units = slope.cwiseProduct(factor).rowwise().sum();
        slope = Matrix(factor.diagonal().asDiagonal() * slope);
        slope.diagonal() = of_units;
        Eigen::Map<Matrix>(gradient->shape.col(k).data(), d, d) += slope;
    }
    return loss;
}

Matrix some_columns(ConstMatrix x, Index most, const Address& address) {
    if (x.cols() <= most) return x;
    const Permutation order(address, x.cols());
    Matrix out(x.rows(), most);
    for (Index j = 0; j < most; ++j) out.col(j) = x.col(order(j));
    return out;
}

/// Points far apart: each next one is drawn by its squared distance to those before (k-means++).
Matrix spread_out(ConstMatrix x, Index count, const Address& address) {
    Matrix u(1, count), centers(x.rows(), count);
    fill_uniform(address, 0, u);
    Vector nearest = Vector::Ones(x.cols());
    for (Index k = 0; k < count; ++k) {
        double left = u(0, k) * nearest.sum();
        Index j = 0;
        while (j + 1 < x.cols() && (left -= nearest[j]) > 0) ++j;
        centers.col(k) = x.col(j);
        const Vector apart = (x.colwise() - centers.col(k)).colwise().squaredNorm();
        nearest = k == 0 ? apart : Vector(nearest.cwiseMin(apart));
        if (nearest.sum() <= 0) nearest.setOnes();
    }
    return centers;
}

/// Centers of the points nearest to each, over and over (Lloyd): in many dimensions a point of a
/// cluster is as far from its middle as the cluster is wide, and that is a bad place to start from.
Matrix settled(ConstMatrix x, Matrix centers) {
    constexpr int kRounds = 10;
    for (int round = 0; round < kRounds; ++round) {
        Matrix sums = Matrix::Zero(centers.rows(), centers.cols());
        Vector counts = Vector::Zero(centers.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            Index nearest = 0;
            (centers.colwise() - x.col(j)).colwise().squaredNorm().minCoeff(&nearest);
            sums.col(nearest) += x.col(j);
            counts[nearest] += 1;
        }
        for (Index k = 0; k < centers.cols(); ++k) {
            if (counts[k] > 0) centers.col(k) = sums.col(k) / counts[k];
        }
    }
    return centers;
}

struct Start {
    LightParameters at;
    double width = 1;  ///< of its Gaussians
};

/// Centers among the targets, weighed so that each has its share of x0: the potential of the
/// entropic plan from x0 to the centers is where the fit begins. Shapes are such that what one
/// Gaussian makes of x0 ~ N(0, I) has the variance of the targets around their centers,
/// e S + S^2 = v.
Start start_of(ConstMatrix x0, ConstMatrix x1, double e, const LightSpec& spec, std::uint64_t seed,
               std::uint32_t which) {
    const Index d = x0.rows(), count = std::min(spec.components, x1.cols());
    const auto address = [&](std::uint32_t what) {
        return Address{seed, Purpose::fit, (which << 28) | (0xFFFFFFFU - what)};
    };
    const Matrix from = some_columns(x0, kStartPoints, address(0));
    const Matrix to = some_columns(x1, kStartPoints, address(1));
    LightParameters start;
    start.full = spec.covariance == "full" || (spec.covariance == "auto" && d <= kFullUpTo);
    const Matrix centers = settled(to, spread_out(to, count, address(2)));
    Threads alone(1);
    const SinkhornPlan plan(from, centers, {e, 1e-2, 500}, alone);
    start.a = (plan.g() - centers.colwise().squaredNorm().transpose() / 2) / e;
    start.a.array() -= start.a.mean();
    const Vector middle = from.rowwise().mean();
    Vector nearest = Vector::Constant(to.cols(), std::numeric_limits<double>::infinity());
    for (Index k = 0; k < count; ++k) {
        nearest = nearest.cwiseMin(
            Vector((to.colwise() - centers.col(k)).colwise().squaredNorm().transpose()));
    }
    constexpr double kNarrowest = 1e-6;
    const double around = std::max(nearest.mean() / static_cast<double>(d), kNarrowest);
    const double shape = spec.shape.value_or((std::sqrt(e * e + 4 * around) - e) / 2);
    start.r = centers.colwise() - shape * middle;
    if (start.full) {
        const Matrix factor = Matrix::Identity(d, d) * (std::log(shape) / 2);
        start.shape = factor.reshaped().replicate(1, count);
    } else {
        start.shape.setConstant(d, count, std::log(shape));
    }
    return {std::move(start), std::sqrt(e * shape)};
}

/// Adam (Kingma and Ba 2015) on one block of parameters.
struct Adam {
    Matrix first, second;
    void step(Matrix& at, const Matrix& gradient, double rate, Index t) {
        if (first.size() == 0) first.setZero(at.rows(), at.cols()), second = first;
        constexpr double b1 = 0.9, b2 = 0.999;
        first = b1 * first + (1 - b1) * gradient;
        second = b2 * second + (1 - b2) * gradient.cwiseAbs2();
        const auto k = static_cast<double>(t + 1);
        const double c1 = 1 - std::pow(b1, k), c2 = 1 - std::pow(b2, k);
        at.array() -= rate * (first.array() / c1) / ((second.array() / c2).sqrt() + 1e-12);
    }
};

void draw_batch(ConstMatrix x, const Matrix& u, Index row, Matrix& out) {
    out.resize(x.rows(), u.cols());
    for (Index j = 0; j < u.cols(); ++j) {
        const auto at = static_cast<Index>(u(row, j) * static_cast<double>(x.cols()));
        out.col(j) = x.col(std::min(at, x.cols() - 1));
    }
}

}  // namespace

Potential LightParameters::potential(double epsilon) const {
    Potential::Shapes shapes;
    if (!full) {
        shapes.values = shape.array().exp();
    } else {
        shapes.values.resize(r.rows(), a.size());
        for (Index k = 0; k < a.size(); ++k) {
            const Matrix factor = factor_of(*this, k);
            const Eigen::SelfAdjointEigenSolver<Matrix> solved(factor * factor.transpose());
            shapes.values.col(k) = solved.eigenvalues().cwiseMax(1e-12);
            shapes.axes.push_back(solved.eigenvectors());
        }
    }
    return {epsilon, a, r, std::move(shapes)};
}

double light_loss(const LightParameters& at, double epsilon, ConstMatrix x0, ConstMatrix x1,
                  LightParameters* gradient) {
    return at.full ? full_loss(at, epsilon, x0, x1, gradient)
                   : diagonal_loss(at, epsilon, x0, x1, gradient);
}

Potential fit_light(ConstMatrix x0, ConstMatrix x1, double epsilon, const LightSpec& spec,
                    std::uint64_t seed, std::uint32_t which) {
    require(x0.cols() > 0 && x1.cols() > 0, Failure::data, "there are no points to bridge");
    auto [at, width] = start_of(x0, x1, epsilon, spec, seed, which);
    const double peak = spec.rate.value_or(std::clamp(0.1 * width, 5e-4, 3e-2));
    Adam adam_a, adam_r, adam_shape;
    Matrix batch0, batch1, u(2, spec.batch), a = at.a;
    LightParameters gradient;
    for (Index step = 0; step < spec.steps; ++step) {
        fill_uniform({seed, Purpose::fit, (which << 28) | static_cast<std::uint32_t>(step)}, 0, u);
        draw_batch(x0, u, 0, batch0);
        draw_batch(x1, u, 1, batch1);
        gradient = {Vector::Zero(at.a.size()), Matrix::Zero(at.r.rows(), at.r.cols()),
                    Matrix::Zero(at.shape.rows(), at.shape.cols()), at.full};
        const double loss = light_loss(at, epsilon, batch0, batch1, &gradient);
        require(std::isfinite(loss), Failure::check, "the fit left the finite numbers at step ",
                step + 1, "; a lower rate may help");
        const double done = static_cast<double>(step) / static_cast<double>(spec.steps);
        const double rate = peak * (1 + std::cos(std::numbers::pi * done)) / 2;
        // Weights move in the units of their exponents' numerators, like r: a is large at small e.
        adam_a.step(a, gradient.a, rate / epsilon, step);
        at.a = a;
        at.a.array() -= at.a.mean();
        a = at.a;
        adam_r.step(at.r, gradient.r, rate, step);
        adam_shape.step(at.shape, gradient.shape, rate, step);
    }
    return at.potential(epsilon);
}

}  // namespace si
