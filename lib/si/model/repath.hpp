#pragma once

#include "si/interpolant/fields.hpp"
#include "si/interpolant/interpolant.hpp"

// Change of the path of a one-sided model after training, as a field around another field.

namespace si {

/// The fields of one one-sided interpolant from those of another, without training again: both
/// mix the same x0 and x1, so at equal angles, beta/alpha = beta_0/alpha_0, x_t of the one is c
/// times x_tau of the other. Then, with every field on the right at (tau, x / c),
///
///     E[x0|x_t], E[x1|x_t], eta  are the same        log rho = log rho_0 - d log c
///     s = s_0 / c      b = (c'/c) x + c tau' b_0      div b = d c'/c + tau' div b_0
///
/// (The map X_t = c X_tau takes the flow of b_0 to the flow of b.)
class RepathField : public Field {
  public:
    /// `field` belongs to the one-sided interpolant `from`. Throws Failure::usage when one of the
    /// interpolants has a latent, or does not turn from x0 to x1 at a positive rate all the way.
    RepathField(std::shared_ptr<const Field> field, Interpolant from, Interpolant to);

    Index dim() const override { return field_->dim(); }
    Index time_rows() const override { return field_->time_rows(); }
    Conditions conditions() const override { return field_->conditions(); }
    Index together(Index most) const override { return field_->together(most); }
    /// What `field` knows, joined along this path.
    KnownEnds known() const override {
        KnownEnds known = field_->known();
        if (known.interpolant != nullptr) known.interpolant = &to_;
        known.plan = nullptr;
        return known;
    }
    unsigned available() const override { return field_->available(); }
    /// What `field` can answer, and off an end where one path turns infinitely faster than the
    /// other.
    std::array<double, 2> span(unsigned want) const override;
    std::unique_ptr<Evaluator> evaluator() const override;

    /// Where (t) of this interpolant is on the other: the time, c, and their derivatives.
    struct Place {
        double tau, scale, tau_dot, log_scale_dot;
    };
    Place place(double t) const;

  private:
    std::shared_ptr<const Field> field_;
    Interpolant from_, to_;

    friend class RepathEvaluator;
};

}  // namespace si
