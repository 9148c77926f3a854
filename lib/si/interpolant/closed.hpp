#pragma once

#include <memory>
#include <string_view>

#include "si/density/written.hpp"
#include "si/interpolant/exact.hpp"

// Fields that a model file holds in closed form instead of a network, as a table. A new kind is
// one row.

namespace si {

/// b(t, x) = A x + c + t e, and optionally a score s(x) = S x + r. Answers b and div b = tr A,
/// and with a score s and div s = tr S. Nothing ties the two together: that makes it a model
/// with errors that are known on paper.
class AffineField : public Field {
  public:
    /// A is (d, d), c and e are (d).
    AffineField(Matrix a, Vector c, Vector e);
    /// The same with a score: S is (d, d), r is (d).
    AffineField(Matrix a, Vector c, Vector e, Matrix s, Vector r);

    Index dim() const override { return c_.size(); }
    unsigned available() const override;
    std::unique_ptr<Evaluator> evaluator() const override;

  private:
    friend class AffineEvaluator;
    Matrix a_, s_;
    Vector c_, e_, r_;
    bool has_score_ = false;
};

/// The affine part of a model file: {"A": [[...]...], "c": [...], "e": [...], "S", "r"}. A is
/// needed, r goes with S, and the rest is zero when left out. Throws Failure::data.
AffineField affine_field(const Json& settings, Index dim);

/// A field that a model file holds in closed form.
struct ClosedFieldRow {
    std::string_view name, summary;
    SpecInfo spec;
    /// The dimension is the base's. Throws Failure::data.
    std::shared_ptr<const Field> (*make)(const Json& settings, const Interpolant& interpolant,
                                         const GaussianMixture& base);
};

/// affine; gaussian and mixture (the target, as in densities()); empirical. With path mirror the
/// base must be the target itself, which an empirical one cannot be.
Catalogue<ClosedFieldRow> closed_fields();

}  // namespace si
