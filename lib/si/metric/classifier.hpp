#pragma once

#include <cstdint>

#include "si/base/estimate.hpp"
#include "si/base/types.hpp"

// The classifier two-sample test.

namespace si {

/// The share of samples that a classifier tells apart which has not seen them (Lopez-Paz and Oquab
/// 2017): 1/2 for equal laws, up to 1. x (d, n) and y (d, n) are each cut in two halves by lot; a
/// network of two layers learns on one half of both which samples are of x, and is asked about the
/// other, and the other way round. Guessing gives 1/2, and the error is binomial.
///
/// Coordinates are standardised together, and the network starts from `seed`.
Estimate classifier_accuracy(ConstMatrix x, ConstMatrix y, std::uint64_t seed);

}  // namespace si
