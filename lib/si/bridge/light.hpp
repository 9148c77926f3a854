#pragma once

#include "si/interpolant/bridge_field.hpp"

// Objectives of light bridges with their gradients by hand, from samples of the ends or from
// pairs.

namespace si {

/// The loss of a light bridge and its gradient (Korotin, Gushchin and Burnaev, arXiv:2310.01174
/// (14)): up to a constant that does not depend on the potential, the divergence KL(true plan |
/// plan of the potential) from samples of the two ends alone,
///
///     L = mean log c(x0) - mean log v(x1),   v(y) = sum_k exp(a_k) N(y; r_k, e S_k),
///     c(x) = sum_k exp(a_k + (x' S_k x + 2 r_k' x) / (2 e)).
///
/// Parameters are the a_k, the r_k (d, K), and of S_k the logarithms of a diagonal (d, K), or the
/// lower Cholesky factor, row by row in units of its diagonal, whose logarithms take its place (d
/// d, K).
struct LightParameters {
    Vector a;
    Matrix r, shape;
    bool full = false;

    Potential potential(double epsilon) const;

    /// The lower factor that column k of `shape` stands for: its rows in units of their diagonal,
    /// so that steps are relative however narrow a Gaussian is.
    Matrix factor(Index k) const;
    /// To a gradient: the derivative by factor k, of which the lower half counts.
    void add_slope(Index k, const Matrix& factor, Matrix slope);
    LightParameters zeros() const;  ///< of the same sizes
};

/// L at these samples; adds its gradient to `gradient`, which has the same sizes.
double light_loss(const LightParameters& at, double epsilon, ConstMatrix x0, ConstMatrix x1,
                  LightParameters* gradient);

/// The loss of bridge matching with the same parameters (Gushchin and others, LightSB-M,
/// arXiv:2402.03207): mean |u(t, x) - target|^2 over the columns, with the drift u = e grad log phi
/// of the potential and target (x1 - x_t) / (1 - t) on Brownian bridges between any pairs. It is
/// light_loss() up to a constant and a factor (their Theorem 3.3), with more noise. Adds its
/// gradient too.
double matching_loss(const LightParameters& at, double epsilon, ConstVector t, ConstMatrix x,
                     ConstMatrix target, LightParameters* gradient);

}  // namespace si
