#pragma once

#include <array>
#include <memory>

#include "si/interpolant/fields.hpp"

// Classifier-free guidance as a field around another field.

namespace si {

/// How strongly a label is followed, and when.
struct Guidance {
    double scale = 1;                      ///< zeta; 1 is the model itself, 0 goes without label
    std::array<double, 2> interval{0, 1};  ///< of times; at others scale is 1
};

/// Classifier-free guidance (Ho and Salimans 2021) as arXiv:2401.08740 writes it,
///
///     zeta f(x | label) + (1 - zeta) f(x | no label),
///
/// for every field f, of a model that was trained with labels and without.
class GuidedField : public Field {
  public:
    /// Throws Failure::usage when the field has no labels.
    GuidedField(std::shared_ptr<const Field> field, const Guidance& guidance);

    Index dim() const override { return field_->dim(); }
    Index time_rows() const override { return field_->time_rows(); }
    Conditions conditions() const override { return field_->conditions(); }
    Index together(Index most) const override { return field_->together(most); }
    /// Nothing: where guidance leads has no density in closed form, whatever the field knows.
    KnownEnds known() const override { return {}; }
    unsigned available() const override { return field_->available(); }
    std::array<double, 2> span(unsigned want) const override { return field_->span(want); }
    std::unique_ptr<Evaluator> evaluator() const override;

  private:
    std::shared_ptr<const Field> field_;
    Guidance guidance_;

    friend class GuidedEvaluator;
};

}  // namespace si
