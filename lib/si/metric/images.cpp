#include "si/metric/images.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Eigenvalues>

namespace si {
namespace {

struct Moments {
    Vector mean;
    Matrix covariance;

    explicit Moments(const Matrix& x) : mean(x.rowwise().mean()) {
        const Matrix centred = x.colwise() - mean;
        covariance = centred * centred.transpose() / static_cast<double>(x.cols());
    }
};

Matrix root(const Matrix& positive) {
    const Eigen::SelfAdjointEigenSolver<Matrix> spectrum(positive);
    const Vector roots = spectrum.eigenvalues().cwiseMax(0).cwiseSqrt();
    return spectrum.eigenvectors() * roots.asDiagonal() * spectrum.eigenvectors().transpose();
}

}  // namespace

Restored restored(const Matrix& x, const Matrix& truth, const Matrix& mask, double range) {
    const Index d = x.rows(), n = x.cols();
    Vector square(n), psnr(n), cost(n);
    std::vector<double> hidden;
    Restored result;
    for (Index j = 0; j < n; ++j) {
        double sum = 0, sum_hidden = 0;
        Index count = 0;
        for (Index i = 0; i < d; ++i) {
            const double off = x(i, j) - truth(i, j);
            sum += off * off;
            if (mask.rows() == 0) continue;
            if (mask(i % mask.rows(), j) == 1) {
                result.known_error = std::max(result.known_error, std::abs(off));
            } else {
                sum_hidden += off * off;
                ++count;
            }
        }
        cost[j] = sum;
        square[j] = sum / static_cast<double>(d);
        psnr[j] = 10 * std::log10(range * range / square[j]);
        if (count > 0) hidden.push_back(sum_hidden / static_cast<double>(count));
    }
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    result.square = mean_of(square);
    result.psnr = mean_of(psnr);
    result.cost = mean_of(cost);
    result.hidden_square = {nan, nan};
    if (!hidden.empty()) {
        result.hidden_square = mean_of(Eigen::Map<const Vector>(hidden.data(), std::ssize(hidden)));
    }
    return result;
}

double frechet(const Matrix& a, const Matrix& b) {
    const Moments first(a), second(b);
    const Matrix half = root(first.covariance);
    const Matrix cross = root(half * second.covariance * half);
    return (first.mean - second.mean).squaredNorm() +
           (first.covariance + second.covariance - 2 * cross).trace();
}

}  // namespace si
