#pragma once

#include "si/base/estimate.hpp"
#include "si/base/threads.hpp"
#include "si/base/types.hpp"

// Distances that are means over pairs of samples.

namespace si {

/// |x_i - y_j|^2 for each column of x (d, n) and y (d, m): (n, m), never below zero. Both should
/// be centred near zero: squares are multiplied out.
Matrix squared_distances(ConstMatrix x, ConstMatrix y);

/// The square of the energy distance, 2 E|X-Y| - E|X-X'| - E|Y-Y'|, which is zero for equal laws
/// and no others (Szekely and Rizzo 2013). Without bias, so that it may come out negative.
/// Columns are samples, two or more each; costs n m d operations and little memory.
Estimate energy_distance(ConstMatrix x, ConstMatrix y, Threads& threads);

/// The squared maximum mean discrepancy E k(X,X') + E k(Y,Y') - 2 E k(X,Y) of the Gaussian kernel
/// k(x, y) = exp(-|x - y|^2 / (2 bandwidth^2)), likewise without bias (Gretton et al. 2012, (3)).
Estimate kernel_discrepancy(ConstMatrix x, ConstMatrix y, double bandwidth, Threads& threads);

/// The median of |x_i - x_j| over pairs of different columns; 1 if that is zero.
double median_distance(ConstMatrix x);

}  // namespace si
