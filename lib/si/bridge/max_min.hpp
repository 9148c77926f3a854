#pragma once

#include "si/bridge/gaussian.hpp"
#include "si/interpolant/interpolant.hpp"

// The max-min of arXiv:2303.08797 (section 3.4) where its inner problem has a solution on paper.

namespace si {

/// Half of the integral of E|b + epsilon s|^2 along x_t = alpha x0 + beta x1 + gamma z between
/// Gaussians that are drawn apart: what the inner minimum of (3.37) is, up to its sign. With
/// C = alpha^2 S0 + beta^2 S1 + gamma^2 I and m = alpha m0 + beta m1,
///
///     b + epsilon s = m' + (C' / 2 - epsilon I) C^-1 (x - m).
///
/// `noise` is sigma^2 = 2 epsilon. The midpoint rule, whose error is below 1e-6 of it for
/// coefficients as smooth as a few sines.
double path_action(const GaussianLaw& start, const GaussianLaw& end, double noise,
                   const Interpolant& interpolant);

/// The path fourier with `modes` sines in alpha and in beta, and gamma^2 = sigma^2 t (1 - t), whose
/// action is least: the outer maximum, by BFGS. Between Gaussians in one dimension, and round ones
/// in any, it tends to the Schroedinger bridge as modes are added; elsewhere scalar alpha and beta
/// come as near as they can.
struct OptimalPath {
    InterpolantSpec interpolant;
    double action = 0;          ///< of the path
    double initial_action = 0;  ///< of path trig, where it starts
    Index iterations = 0;
};
OptimalPath least_action(const GaussianLaw& start, const GaussianLaw& end, double noise,
                         Index modes);

}  // namespace si
