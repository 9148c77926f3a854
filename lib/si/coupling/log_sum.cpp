#include "si/coupling/log_sum.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "si/base/simd.hpp"

namespace si {
namespace {

constexpr int kLanes = 16;  // sums side by side, which is what makes the loops vectorise

/// exp(x) for x in [-700, 700]: x = k ln 2 + r, a Taylor polynomial in |r| <= ln 2 / 2 whose
/// remainder is below 2e-16, and k into the exponent. Smaller x give 0.
SI_INLINE double exp_of(double x) {
    constexpr double magic = 0x1.8p52;
    const double clipped = x > -700 ? x : -700;
    const double shifted = clipped * 1.4426950408889634074 + magic;
    const double k = shifted - magic;
    const double r = (clipped - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    const auto power = std::bit_cast<double>((std::bit_cast<std::uint64_t>(shifted) + 1023) << 52);
    return x > -700 ? p * power : 0.0;
}

SI_CLONES double largest(const double* g, const double* c, Index n) {
    std::array<double, kLanes> most;
    most.fill(-std::numeric_limits<double>::infinity());
    Index j = 0;
    for (; j + kLanes <= n; j += kLanes) {
        for (int k = 0; k < kLanes; ++k) {
            const double value = g[j + k] - c[j + k];
            most[k] = most[k] < value ? value : most[k];
        }
    }
    for (; j < n; ++j) most[0] = std::max(most[0], g[j] - c[j]);
    return *std::max_element(most.begin(), most.end());
}

SI_CLONES double sum_of_exponentials(const double* g, const double* c, Index n, double most,
                                     double inverse) {
    std::array<double, kLanes> sums{};
    Index j = 0;
    for (; j + kLanes <= n; j += kLanes) {
        for (int k = 0; k < kLanes; ++k) {
            sums[k] += exp_of((g[j + k] - c[j + k] - most) * inverse);
        }
    }
    for (; j < n; ++j) sums[0] += exp_of((g[j] - c[j] - most) * inverse);
    double sum = 0;
    for (const double part : sums) sum += part;
    return sum;
}

SI_CLONES void fill_exponentials(const double* g, const double* c, Index n, double shift,
                                 double inverse, double* out) {
    for (Index j = 0; j < n; ++j) out[j] = exp_of((shift + g[j] - c[j]) * inverse);
}

}  // namespace

double log_sum_of(const double* g, const double* c, Index n, double epsilon) {
    const double most = largest(g, c, n);
    return most / epsilon + std::log(sum_of_exponentials(g, c, n, most, 1 / epsilon));
}

void exponentials(const double* g, const double* c, Index n, double shift, double epsilon,
                  double* out) {
    fill_exponentials(g, c, n, shift, 1 / epsilon, out);
}

}  // namespace si
