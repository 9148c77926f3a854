#pragma once

#include "si/base/estimate.hpp"

// Divergences of two laws with known densities, from samples of one of them.

namespace si {

/// One divergence, estimated in two ways from the same samples.
struct RatioDivergence {
    Estimate plain;       ///< mean of log r
    Estimate controlled;  ///< mean of log r + 1/r - 1, plus the mass of q where p is zero
};

/// KL(p | q) from log r = log p - log q at samples of p, in nats. Since E[1/r] is the mass of q
/// where p > 0, 1/r - 1 adds nothing on average but that mass, and where r is close to 1 it takes
/// nearly all of the spread away: log r + 1/r - 1 = O((r - 1)^2), and is never negative
/// (arXiv:2303.08797 section 7.2, where the sign of the second term is misprinted). Where q has
/// much wider tails than p the controlled estimate is the worse one: for two Gaussians its
/// variance is infinite once that of q is twice that of p.
///
/// `outside` is the mass of q where p is zero, as far as it is known; its error enters that of
/// the controlled estimate. +infinity in `log_ratio` (q is zero there) makes both infinite.
RatioDivergence ratio_divergence(const Vector& log_ratio, Estimate outside = {0, 0});

/// What importance weights w = p / q at samples of q are worth. p need not be normalised.
struct ImportanceWeights {
    double effective;   ///< (sum w)^2 / sum w^2, the number of samples of p that they are worth
    Estimate log_mean;  ///< log of the mean of w, an estimate of the log of the integral of p
};

/// From log w, which is -infinity where p is zero. The error of log_mean is the relative error
/// of the mean. Where all w are zero, nothing is effective and log_mean is -infinity.
ImportanceWeights importance_weights(const Vector& log_weights);

}  // namespace si
