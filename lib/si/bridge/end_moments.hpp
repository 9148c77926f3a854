#pragma once

#include "si/bridge/gaussian.hpp"

// Moments of bridges at all times from those of their two ends, and divergences between
// Gaussians.

namespace si {

/// KL(N(p) | N(q)) of the Gaussians with these moments, in nats. Of n samples of q it is
/// d (d + 3) / (4 n) in the mean, up to higher orders.
double gaussian_kl(const GaussianLaw& p, const GaussianLaw& q);

/// The same with the diagonals of the covariances alone: d / n.
double diagonal_kl(const GaussianLaw& p, const GaussianLaw& q);

/// Means and covariances of the two ends of a mixture of Brownian bridges, from which those of all
/// times follow, whatever the laws are:
///
///     S_t = (1 - t)^2 S0 + t^2 S1 + t (1 - t) (C + C' + e I),   C = Cov(X0, X1),   e = sigma^2.
struct EndMoments {
    GaussianLaw start, end;
    Matrix cross;  ///< C
    double epsilon;

    GaussianLaw at(double t) const;

    /// Of pairs, one a column.
    static EndMoments of(ConstMatrix x0, ConstMatrix x1, double epsilon);
    /// Of a start with these moments and what a potential of one component makes of it, which is
    /// linear. Throws Failure::data when it has more.
    static EndMoments of(const GaussianLaw& start, const Potential& potential);
    /// The same ends, drawn apart.
    EndMoments independent() const;
};

}  // namespace si
