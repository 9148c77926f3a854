#pragma once

#include <vector>

// Quantiles of the beta distribution, fast enough for one per training sample.

namespace si {

/// The quantiles of the beta distribution, whose density is t^(a-1) (1-t)^(b-1) / B(a, b).
/// Making one takes half a millisecond, a call less than one microsecond: it is a guess from a
/// table and, as a rule, one step of Newton's method.
class BetaQuantile {
  public:
    /// a and b from 0.01 to 100.
    BetaQuantile(double a, double b);

    /// t with P(T <= t) = u for 0 < u < 1: to a relative 1e-10 in u and 1 - u, if t is that far
    /// from 0 and 1 in double precision (else it may be 0 or 1). The same t for the same u.
    double operator()(double u) const;

  private:
    /// Logarithms of P(Y <= y), P(Y > y) and the density of Y = log(T / (1 - T)), at one y.
    struct Tails {
        double log_lower, log_upper, log_density;
    };
    Tails tails(double y) const;
    double solve(double u, double rest, double y) const;  // rest = 1 - u

    struct Knot {
        double y, slope;  // dy / dw
    };
    double a_, b_, log_beta_;
    std::vector<Knot> knots_;  // at equal steps of w = log(u / (1 - u))
};

}  // namespace si
