#pragma once

#include "si/base/estimate.hpp"
#include "si/base/threads.hpp"
#include "si/base/types.hpp"

// Precision, recall, density and coverage, by balls of nearest neighbours.

namespace si {

/// Shares of samples in balls around the others, each ball reaching to the k-th nearest of its own
/// set. Errors are those of the share alone, the balls being given.
struct Neighbourhoods {
    Estimate precision;  ///< of x in some ball of y (Kynkaanniemi et al. 2019)
    Estimate recall;     ///< of y in some ball of x
    Estimate density;    ///< balls of y that an x is in, over k: about 1 (Naeem et al. 2020)
    Estimate coverage;   ///< of y with some x in its ball
};

/// x (d, n), y (d, m), with more than k samples each. Costs (n + m)^2 d operations.
Neighbourhoods neighbourhoods(ConstMatrix x, ConstMatrix y, Index k, Threads& threads);

/// The share of the columns of x in each of the modes, the nearest of the columns of `centres`.
Vector mode_shares(ConstMatrix x, ConstMatrix centres, Threads& threads);

/// The total variation distance sum |p_k - q_k| / 2 of the shares of x and y in each mode, with
/// its jackknife error.
Estimate mode_distance(ConstMatrix x, ConstMatrix y, ConstMatrix centres, Threads& threads);

}  // namespace si
