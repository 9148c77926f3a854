#pragma once

#include "si/base/estimate.hpp"
#include "si/base/threads.hpp"
#include "si/base/types.hpp"

// Distances by transport between two sets of equally many samples.

namespace si {

/// The p-th power of the Wasserstein distance, p = 1 or 2: the least mean of |x - y|^p over all
/// ways to pair the columns of x (d, n) with those of y (d, n). Exact: by sorting in one dimension,
/// else by assign(), which takes n^2 numbers of memory.
///
/// The error is that of a central limit theorem about the mean at this n (del Barrio and Loubes
/// 2019): (var u + var v) / n for the optimal prices u, v, which the solver hands over. It vanishes
/// for equal laws, where the distance is not normal, and leaves out that the mean at n is above the
/// distance of the laws, by about what independent samples of one law have.
Estimate wasserstein(ConstMatrix x, ConstMatrix y, int p);

/// The mean of wasserstein() over projections to the unit vectors in the columns of `directions`
/// (d, k), for p = 1 and 2 (Bonneel et al. 2015). Costs k n (d + log n) operations.
struct Sliced {
    Estimate w1, w2;
};
Sliced sliced_wasserstein(ConstMatrix x, ConstMatrix y, ConstMatrix directions, Threads& threads);

}  // namespace si
