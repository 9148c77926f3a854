#pragma once

#include "si/density/mixture.hpp"
#include "si/interpolant/fields.hpp"
#include "si/interpolant/interpolant.hpp"

// The exact fields between Gaussian mixtures, the oracle of most tests.

namespace si {

/// The exact fields of x_t = alpha x0 + beta x1 + gamma z when x0 and x1 are independent
/// Gaussian mixtures (arXiv:2303.08797, Appendix A). With i over the components of the base,
/// j over those of the target, and posterior weights w_ij(x),
///
///     m_ij = alpha m_i + beta m_j      C_ij = alpha^2 C_i + beta^2 C_j + gamma^2 I
///     g_ij = -C_ij^-1 (x - m_ij)       s = sum w_ij g_ij = grad log rho
///     E[x0|x_t] = sum w_ij (m_i - alpha C_i g_ij)       likewise E[x1|x_t]
///     v = alpha' E[x0|x_t] + beta' E[x1|x_t]      b = v - gamma gamma' s      eta = -gamma s
///
///     u = v - (gamma gamma' - e) s      with e = (gamma gamma')(0)
///
/// When the base is N(0, I) and there is no latent, the model is one-sided: z is x0, and
/// eta = E[x0|x_t] = -alpha s. Everything is finite at t = 0 and t = 1 wherever its limit is.
///
/// With path mirror x0 is x1, so the same formulas hold with alpha = 0, beta = 1 and
/// E[x0|x_t] = E[x1|x_t]: C_j + gamma^2 I around m_j, v = 0, and b = -gamma gamma' s.
///
/// From a base that is a point, x_t has no density at t = 0, and b and s no limit there; but u
/// has one when e > 0 (Theorem 3.1), alpha' x0 + beta' E[x1], which is the drift that an SDE
/// with diffusion e starts with.
class MixtureField : public Field {
  public:
    /// Throws Failure::data when base and target differ in dimension, when the target is a
    /// point, and with path mirror unless the two are equal.
    MixtureField(Interpolant interpolant, GaussianMixture base, GaussianMixture target);

    Index dim() const override { return base_.dim(); }

    KnownEnds known() const override { return {&base_, &target_, &interpolant_}; }

    /// Everything.
    unsigned available() const override;

    /// [0, 1], and from 1e-3 when the base is a point: except for kU alone, if e > 0, where x
    /// at t = 0 is taken to be that point.
    std::array<double, 2> span(unsigned want) const override;

    /// A run of columns at one time shares the d^3 work of that time. Throws Failure::usage
    /// for b, v and div b at a time where alpha' is infinite and the base has a mean, and for
    /// anything at a time where x_t is a single point.
    std::unique_ptr<Evaluator> evaluator() const override;

    const Interpolant& interpolant() const { return interpolant_; }
    const GaussianMixture& base() const { return base_; }
    const GaussianMixture& target() const { return target_; }
    bool one_sided() const { return one_sided_; }

  private:
    /// The limit of u at t = 0 from a point.
    Vector start_of_u() const;

    Interpolant interpolant_;
    GaussianMixture base_, target_;
    GaussianMixture base_as_gaussian_;  // the base where only its first two moments are left
    bool base_centred_, one_sided_;
    double start_push_;  // e

    friend class MixtureEvaluator;
};

}  // namespace si
