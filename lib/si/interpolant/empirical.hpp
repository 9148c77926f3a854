#pragma once

#include "si/interpolant/fields.hpp"
#include "si/interpolant/interpolant.hpp"

// The exact field of a finite data set: what a network that memorised it would have learned.

namespace si {

/// The exact fields of x_t = alpha x0 + beta x1 + gamma z when x0 ~ N(0, I) and x1 is one of n
/// given points, each as likely. A perfectly trained network would learn them, and reproduce its
/// data and nothing else. With m(x) = E[x1|x_t = x] = sum_k w_k x1_k and
///
///     sigma^2 = alpha^2 + gamma^2      w_k ~ exp(-|x - beta x1_k|^2 / (2 sigma^2))
///     s = -(x - beta m) / sigma^2      E[x0|x_t] = -alpha s
///     v = -alpha alpha' s + beta' m    b = v - gamma gamma' s    eta = -gamma s
///
///     u = b + e s with e = (gamma gamma')(0)
///
/// Without a latent the model is one-sided: z is x0, and eta = -alpha s. With path mirror, x0 is
/// x1, and E[x0|x_t] = m.
class EmpiricalField : public Field {
  public:
    /// `points` is (d, n) with n >= 1, finite; else Failure::data.
    EmpiricalField(Interpolant interpolant, Matrix points);

    Index dim() const override { return points_.rows(); }

    /// Everything.
    unsigned available() const override;

    /// Next to t = 1 there is nothing but the points, and with a mirror next to t = 0 as well.
    std::array<double, 2> span(unsigned want) const override;

    /// Throws Failure::usage at times where sigma = 0, as at t = 1: there x_t is one of the
    /// points, and has no density. A column costs n d operations.
    std::unique_ptr<Evaluator> evaluator() const override;

  private:
    friend class EmpiricalEvaluator;
    Interpolant interpolant_;
    Matrix points_;
};

}  // namespace si
