#include "si/base/estimate.hpp"

#include <cmath>
#include <limits>

namespace si {

Estimate mean_of(const Vector& values) {
    const auto n = static_cast<double>(values.size());
    const double mean = values.sum() / n;
    if (!std::isfinite(mean)) return {mean, std::numeric_limits<double>::infinity()};
    if (n < 2) return {mean, 0};
    return {mean, std::sqrt((values.array() - mean).square().sum() / (n - 1) / n)};
}

}  // namespace si
