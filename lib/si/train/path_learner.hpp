#pragma once

#include "si/interpolant/interpolant.hpp"
#include "si/train/batch.hpp"

// Gradient ascent on the coefficients of a path, for flows of less kinetic energy.

namespace si {

/// Learns the coefficients c of a path that has some (path fourier): ascent of
///
///     min over b of E |b(x_t)|^2 / 2 - E dx_t/dt . b(x_t)  =  -(1/2) E |b(x_t)|^2
///
/// so that the flow of the interpolant costs less kinetic energy (arXiv:2209.15571, section 3;
/// arXiv:2303.08797, section 3.4). With the residual r = b - dx_t/dt of the network at x_t and its
/// Jacobian J, and m_k the function that c_k multiplies in alpha,
///
///     d/dc_k = E (J^T r) . x0 m_k(t) - E b . x0 m_k'(t)         likewise for beta with x1.
class PathLearner {
  public:
    /// Throws Failure::usage when the path has no coefficients.
    PathLearner(InterpolantSpec spec, double rate);

    /// Numbers in a gradient.
    Index size() const { return coefficients_.size(); }

    /// Adds the part of a chunk to `gradient`: b and J^T r of each column of the batch; `sign` is
    /// that of x0 (-1 where it is z with its sign turned).
    void add(const Batch& batch, double sign, ConstMatrix b, ConstMatrix pulled,
             Eigen::Ref<Vector> gradient) const;

    /// One step of Adam uphill, at `fraction` of the rate.
    void update(const Vector& gradient, double fraction);

    /// The coefficients and their two moments, after each other (3 size()), and the same put back
    /// after `steps` updates.
    Vector state() const;
    void restore(const Vector& state, Index steps);

    InterpolantSpec spec() const;

  private:
    InterpolantSpec spec_;
    double rate_;
    Vector coefficients_, first_, second_;  // those of alpha, then those of beta
    Index steps_ = 0;
};

}  // namespace si
