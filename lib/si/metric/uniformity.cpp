#include "si/metric/uniformity.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace si {

double normal_cdf(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }

double chi_square_cdf(double square, Index d) {
    const double a = static_cast<double>(d) / 2, x = square / 2;
    if (x <= 0) return 0;
    // P(a, x) = x^a e^-x / Gamma(a + 1) (1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + ...); beyond
    // twelve deviations it is 1.
    if (x > a + 12 * std::sqrt(a) + 40) return 1;
    double term = 1, sum = 1;
    for (double k = 1; term > 1e-16 * sum; ++k) {
        term *= x / (a + k);
        sum += term;
    }
    return std::min(1.0, std::exp(a * std::log(x) - x - std::lgamma(a + 1) + std::log(sum)));
}

double Uniformity::expected() const {
    return static_cast<double>(n) / static_cast<double>(counts.size());
}

double Uniformity::deviation() const {
    return std::sqrt(expected() * (1 - 1 / static_cast<double>(counts.size())));
}

Uniformity uniformity(const std::vector<double>& values, Index bins) {
    Uniformity found{std::vector<Index>(static_cast<std::size_t>(bins)), std::ssize(values)};
    for (const double u : values) {
        const auto k = static_cast<Index>(u * static_cast<double>(bins));
        ++found.counts[static_cast<std::size_t>(std::clamp<Index>(k, 0, bins - 1))];
    }
    for (const Index count : found.counts) {
        const double off = std::abs(static_cast<double>(count) - found.expected());
        if (off > 2 * found.deviation()) ++found.outside;
    }
    return found;
}

}  // namespace si
