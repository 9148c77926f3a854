#pragma once

#include <vector>

#include "si/base/types.hpp"

// Numbers that should be those of a known law, through its distribution function.

namespace si {

/// The distribution function of N(0, 1).
double normal_cdf(double z);

/// The distribution function of |z|^2 for z ~ N(0, I) in d dimensions, the regularised incomplete
/// gamma function P(d / 2, square / 2), to about 1e-12.
double chi_square_cdf(double square, Index d);

/// Where numbers should be uniform on [0, 1]: how many are in each of some bins, and how many of
/// these leave the band of two standard deviations around n / bins. One in twenty does by chance.
struct Uniformity {
    std::vector<Index> counts;
    Index n = 0, outside = 0;
    double expected() const;
    double deviation() const;  ///< of one count
};
Uniformity uniformity(const std::vector<double>& values, Index bins);

}  // namespace si
