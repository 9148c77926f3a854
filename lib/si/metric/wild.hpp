#pragma once

#include <vector>

#include "si/base/types.hpp"

// Samples that lie where no law that the reference speaks of would put them: a run that blew up, a
// fill value. One of them is too few for a metric to find more than noise.

namespace si {

/// The columns of x (d, n), in their order, that are wild beside y (d, m): in some coordinate they
/// are farther from the median of y than the farthest of y times
///
///     max(3, exp(c S)),   S = sum_(i<=k) log(r_i / r_(k+1)),
///
/// where r_1 >= r_2 >= ... are the distances of y from its median and k = sqrt(m). S / k is Hill's
/// estimate of one over the exponent of the tail. For a tail like a power, of any exponent, S is a
/// sum of k independent exponential variables, r_1 another sum of them, and n columns of the same
/// law have on average
///
///     n (k + 1) / (m + 1) prod_(i<=k) 1 / (1 + c + 1 / i)
///
/// that are wild in one coordinate; c makes this p / d, with p = 1e-3. Tails that fall faster have
/// fewer.
///
/// With `common`, distances are those of whole columns instead, and d is 1: for coordinates of one
/// unit. Coordinates where y is constant up to rounding have no say, since they have no scale.
std::vector<Index> wild_columns(ConstMatrix x, ConstMatrix y, bool common);

/// The columns of y (d, m) that are as far from all the others, by the same rule with p over
/// sqrt(m): up to sqrt(m) of them, such as fill values.
std::vector<Index> stray_columns(ConstMatrix y, bool common);

/// Whether `count` of n samples with a value that none of m others has, in one of d coordinates,
/// are more than the chance p leaves for equal laws: (n / (n + m))^count < p / d.
bool too_many_new(Index count, Index n, Index m, Index d);

}  // namespace si
