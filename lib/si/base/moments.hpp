#pragma once

#include <vector>

#include "si/base/types.hpp"

// Mean and variance per coordinate, from a matrix at once or from parts that come one after
// another.

namespace si {

/// Mean and variance of each coordinate.
struct Moments {
    Vector mean, variance;
};

/// Of the columns of a matrix. The variance is the mean square about the mean.
Moments moments_of(const Matrix& x);

/// The mean of those variances over coordinates.
double variance_per_coordinate(const Matrix& x);

/// The same of columns that come one part after another. What it rounds to depends on the parts.
class MomentsOfParts {
  public:
    /// All columns but `skipped`, which are increasing.
    void add(ConstMatrix x, const std::vector<Index>& skipped = {});
    Index n() const { return n_; }
    /// Of all so far, which must be one at least.
    Moments moments() const { return {mean_, squares_ / static_cast<double>(n_)}; }

  private:
    Index n_ = 0;
    Vector mean_, squares_;  ///< squares about the mean, summed
};

}  // namespace si
