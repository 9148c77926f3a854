#include "si/bridge/light.hpp"

#include <cmath>
#include <numbers>

#include "si/base/linear.hpp"
#include "si/coupling/log_sum.hpp"

namespace si {
namespace {

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
        factors.push_back(at.factor(k));
        turned.emplace_back(factors.back().transpose().triangularView<Eigen::Upper>() * x0);
        w0.row(k) += turned.back().colwise().squaredNorm() / (2 * e);
        whitened.emplace_back(x1.colwise() - at.r.col(k));
        solve_lower(factors.back(), whitened.back());
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
        // Eigen adds to the null pointer of a matrix without columns when it sums its rows.
        Vector back = Vector::Zero(d);
        if (!some1.empty()) back = weighted1.rowwise().sum();
        solve_upper(upper, back);
        gradient->r.col(k) -= back / e;
        // dL/dF of S = F F', twice (dL/dS) F, below its diagonal.
        Matrix slope = weighted1 * mine1.transpose();
        solve_upper(upper, slope);
        const Matrix mine0 = x0(Eigen::all, some0) * Vector(w0.row(k)(some0)).asDiagonal() / n0;
        slope = (mine0 * turned[at_k](Eigen::all, some0).transpose() - slope) / e;
        slope.diagonal() += held1[k] * factor.diagonal().cwiseInverse();
        gradient->add_slope(k, factor, std::move(slope));
    }
    return loss;
}

}  // namespace

Matrix LightParameters::factor(Index k) const {
    const Index d = r.rows();
    Matrix lower =
        Eigen::Map<const Matrix>(shape.col(k).data(), d, d).triangularView<Eigen::Lower>();
    const Vector units = lower.diagonal().array().exp();
    lower.diagonal().setOnes();
    return units.asDiagonal() * lower;
}

void LightParameters::add_slope(Index k, const Matrix& factor, Matrix slope) {
    const Index d = r.rows();
    slope = Matrix(slope.triangularView<Eigen::Lower>());
    const Vector of_units = slope.cwiseProduct(factor).rowwise().sum();
    slope = Matrix(factor.diagonal().asDiagonal() * slope);
    slope.diagonal() = of_units;
    Eigen::Map<Matrix>(shape.col(k).data(), d, d) += slope;
}

LightParameters LightParameters::zeros() const {
    return {Vector::Zero(a.size()), Matrix::Zero(r.rows(), r.cols()),
            Matrix::Zero(shape.rows(), shape.cols()), full};
}

Potential LightParameters::potential(double epsilon) const {
    Potential::Shapes shapes;
    if (!full) {
        shapes.values = shape.array().exp();
    } else {
        shapes.values.resize(r.rows(), a.size());
        for (Index k = 0; k < a.size(); ++k) {
            const Matrix factor = this->factor(k);
            Spectrum solved = spectrum(factor * factor.transpose());
            shapes.values.col(k) = solved.values.cwiseMax(1e-12);
            shapes.axes.push_back(std::move(solved.axes));
        }
    }
    return {epsilon, a, r, std::move(shapes)};
}

double light_loss(const LightParameters& at, double epsilon, ConstMatrix x0, ConstMatrix x1,
                  LightParameters* gradient) {
    return at.full ? full_loss(at, epsilon, x0, x1, gradient)
                   : diagonal_loss(at, epsilon, x0, x1, gradient);
}

}  // namespace si
