#pragma once

#include <vector>

#include "si/base/estimate.hpp"
#include "si/base/json.hpp"
#include "si/base/threads.hpp"
#include "si/base/types.hpp"

// Distances between the means and covariances of two sets of samples.

namespace si {

/// Squares and divergences are not corrected for the noise of moments, which adds to each of them
/// about what independent samples of one law have. Errors are those of a jackknife, which takes
/// most of the time in many dimensions; without `with_error` they are 0.
struct MomentDistances {
    Estimate mean;        ///< mean over coordinates of ((m_i - m'_i) / scale_i)^2
    Estimate covariance;  ///< mean over entries of ((C_ij - C'_ij) / (scale_i scale_j))^2
};

/// x (d, n), y (d, m); `scale` (d) is the unit of each coordinate.
MomentDistances moment_distances(ConstMatrix x, ConstMatrix y, const Vector& scale,
                                 Threads& threads, bool with_error = true);

/// KL(N(y) | N(x)) between the Gaussians that fit y and x, in nats. Throws Failure::data when one
/// of the covariances is singular, as it is for fewer samples than coordinates.
Estimate gaussian_kl(ConstMatrix x, ConstMatrix y, Threads& threads, bool with_error = true);

/// The Frechet distance |m - m'|^2 + tr(C + C' - 2 (C^1/2 C' C^1/2)^1/2) of the same two Gaussians
/// (Dowson and Landau 1982).
Estimate frechet_distance(ConstMatrix x, ConstMatrix y, Threads& threads, bool with_error = true);

/// x less y, coordinate by coordinate, with standard errors: {"mean": {"difference", "stderr"},
/// "covariance": {"difference", "stderr"}}, lists and lists of lists, in the units of the data.
Json moment_differences(ConstMatrix x, ConstMatrix y);

}  // namespace si
