#pragma once

#include "si/interpolant/bridge_field.hpp"

// The Schroedinger bridge between two Gaussians in closed form: fit, baseline and oracle of all
// other bridges.

namespace si {

/// N(mean, covariance).
struct GaussianLaw {
    Vector mean;
    Matrix covariance;

    /// Of the columns of x; the covariance is that with 1 / n.
    static GaussianLaw of(ConstMatrix x);
};

/// The Schroedinger bridge of dX = sigma dW between two Gaussians (Bunne, Hsieh, Cuturi and Krause
/// 2022; Janati, Muzellec, Peyre and Cuturi 2020), e = sigma^2:
///
///     D = (4 S0^1/2 S1 S0^1/2 + e^2 I)^1/2,   C = Cov(X0, X1) = (S0^1/2 D S0^-1/2 - e I) / 2,
///     m_t = (1 - t) m0 + t m1,
///     S_t = (1 - t)^2 S0 + t^2 S1 + t (1 - t) (C + C' + e I),
///     A_t = (t S1 - (1 - t) S0 + (1 - t) C' - t C - e t I) S_t^-1,
///     u(t, x) = m1 - m0 + A_t (x - m_t).
class GaussianBridge {
  public:
    /// Throws Failure::usage unless e > 0, and Failure::data unless both covariances are positive
    /// definite and all fit.
    GaussianBridge(GaussianLaw start, GaussianLaw end, double epsilon);

    const Matrix& cross() const { return cross_; }  ///< C
    GaussianLaw at(double t) const;
    Matrix drift_matrix(double t) const;  ///< A_t
    /// E |x0 - x1|^2 / 2 + e KL(plan | independent): the value of entropic transport.
    double value() const;
    double cost() const;              ///< E |x0 - x1|^2 / 2
    double relative_entropy() const;  ///< KL(plan | independent)

    /// The same bridge as a pair of potentials.
    Potential forward() const;
    Potential backward() const;

  private:
    GaussianLaw start_, end_;
    double epsilon_;
    Matrix cross_;
};

}  // namespace si
