#include "si/metric/likelihood_ratio.hpp"

#include <cmath>
#include <limits>

namespace si {

RatioDivergence ratio_divergence(const Vector& log_ratio, Estimate outside) {
    const auto log_r = log_ratio.array();
    // expm1 keeps the digits where r is close to 1.
    const Estimate inside =
        mean_of(log_r + (-log_r).unaryExpr([](double u) { return std::expm1(u); }));
    return {mean_of(log_ratio),
            {inside.value + outside.value, std::hypot(inside.error, outside.error)}};
}

ImportanceWeights importance_weights(const Vector& log_weights) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const double top = log_weights.maxCoeff();
    if (top == -kInfinity) return {0, {-kInfinity, kInfinity}};
    const Vector weights = (log_weights.array() - top).exp();
    const Estimate mean = mean_of(weights);
    const double sum = weights.sum();
    return {sum * sum / weights.squaredNorm(),
            {top + std::log(mean.value), mean.error / mean.value}};
}

}  // namespace si
