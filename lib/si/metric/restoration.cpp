#include "si/metric/restoration.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "si/base/error.hpp"

namespace si {

Restored restored(const Matrix& x, const Matrix& truth, const Matrix& mask, double range) {
    const Index d = x.rows(), n = x.cols();
    Vector square(n), cost(n);
    std::vector<double> hidden, psnr;
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
        if (sum > 0) psnr.push_back(10 * std::log10(range * range / square[j]));
        if (count > 0) hidden.push_back(sum_hidden / static_cast<double>(count));
    }
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    result.square = mean_of(square);
    result.cost = mean_of(cost);
    const auto mean_or = [](const std::vector<double>& list, double none) {
        if (list.empty()) return Estimate{none, nan};
        return mean_of(Eigen::Map<const Vector>(list.data(), std::ssize(list)));
    };
    result.equal = n - std::ssize(psnr);
    result.psnr = mean_or(psnr, std::numeric_limits<double>::infinity());
    result.hidden_square = mean_or(hidden, nan);
    return result;
}

Estimate block_square(const Matrix& x, const Matrix& truth, const std::vector<Index>& shape,
                      Index side) {
    require(shape.size() == 3 && shape[1] % side == 0 && shape[2] % side == 0, Failure::usage,
            "squares of side ", side, " do not tile images like these");
    const Index height = shape[1] / side, width = shape[2] / side;
    const auto area = static_cast<double>(side * side);
    const auto blocks = static_cast<double>(shape[0] * height * width);
    Vector square = Vector::Zero(x.cols());
    Matrix sums(width, height);
    for (Index j = 0; j < x.cols(); ++j) {
        for (Index channel = 0; channel < shape[0]; ++channel) {
            sums.setZero();
            for (Index row = 0; row < shape[1]; ++row) {
                for (Index column = 0; column < shape[2]; ++column) {
                    const Index i = (channel * shape[1] + row) * shape[2] + column;
                    sums(column / side, row / side) += x(i, j) - truth(i, j);
                }
            }
            square[j] += (sums / area).squaredNorm() / blocks;
        }
    }
    return mean_of(square);
}

}  // namespace si
