#include "si/metric/kde.hpp"

#include <cmath>
#include <numbers>

#include "si/base/error.hpp"
#include "si/base/linear.hpp"

namespace si {

KernelDensity::KernelDensity(ConstMatrix samples) {
    const auto d = static_cast<double>(samples.rows()), n = static_cast<double>(samples.cols());
    require(samples.cols() > samples.rows(), Failure::data,
            "a kernel estimate needs more samples than coordinates");
    const Vector mean = samples.rowwise().mean();
    const Matrix centred = samples.colwise() - mean;
    const double scott = std::pow(n, -2 / (d + 4));
    const Matrix kernel = centred * centred.transpose() * (scott / (n - 1));
    const Cholesky factor(kernel);
    require(factor.succeeded(), Failure::data,
            "the samples lie in a plane of fewer dimensions: they have no density");
    root_ = factor.lower();
    Matrix whitened = samples;
    solve_lower(root_, whitened);
    points_ = whitened.transpose();
    log_norm_ = -std::log(n) - root_.diagonal().array().log().sum() -
                d / 2 * std::log(2 * std::numbers::pi);
}

Vector KernelDensity::log_density(ConstMatrix x, Threads& threads) const {
    Vector result(x.cols());
    const auto cut = chunks(x.cols(), 64);
    threads.for_each(std::ssize(cut), [&](Index c, int) {
        const Columns& columns = cut[static_cast<std::size_t>(c)];
        Eigen::ArrayXd exponents(points_.rows());
        for (Index j = columns.first; j < columns.first + columns.count; ++j) {
            Vector at = x.col(j);
            solve_lower(root_, at);
            exponents.setZero();
            for (Index i = 0; i < points_.cols(); ++i) {
                exponents -= (points_.col(i).array() - at[i]).square() / 2;
            }
            const double top = exponents.maxCoeff();
            result[j] = log_norm_ + top + std::log((exponents - top).exp().sum());
        }
    });
    return result;
}

Estimate kernel_divergence(ConstMatrix reference, ConstMatrix samples, ConstMatrix probes,
                           Threads& threads) {
    const Vector ratio = KernelDensity(reference).log_density(probes, threads) -
                         KernelDensity(samples).log_density(probes, threads);
    return mean_of(ratio.array() + (-ratio.array()).exp() - 1);
}

}  // namespace si
