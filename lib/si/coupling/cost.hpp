#pragma once

#include <array>
#include <vector>

#include "si/base/spec.hpp"
#include "si/base/types.hpp"

// Squared distances between two sets without cancellation, and what labels and conditions add to
// them.

namespace si {

/// The cost of transport between two sets of points, |x_i - y_j|^2 / 2 = values(j, i) + row_i +
/// column_j. Both sets are centred before anything is multiplied out, so that sets far apart keep
/// their digits; what that takes from the cost depends on one index alone, and neither a best
/// matching nor an entropic plan changes by it.
///
/// Where some points lie thousands of times farther out than points usually lie from each other,
/// squares that are multiplied out would leave nothing of the near ones. Each value is then formed
/// from the difference of its two points.
class CentredCost {
  public:
    /// x is (d, n0), y is (d, n1). Refers to neither.
    CentredCost(ConstMatrix x, ConstMatrix y);

    /// `out` (n1, some) becomes the columns of the values from the first on, one for each x.
    void columns(Index first, MatrixRef out) const;

    /// All values, (n1, n0).
    Matrix values() const;

    const Vector& row() const { return row_; }        ///< (n0)
    const Vector& column() const { return column_; }  ///< (n1)

    /// Some points lie so far out that values differ by more than the digits of a double.
    bool uneven() const { return to_.size() > 0; }

  private:
    void form_from_differences(ConstMatrix x, ConstMatrix y);

    Matrix from_;  ///< x, centred, unless uneven()
    Matrix to_;    ///< y where uneven(), less the distance of the two sets, or empty
    std::vector<double>
        panels_;  ///< y, centred: kLanes points at a time, a coordinate after the other
    Vector half_from_, half_to_;  ///< half of squared norms
    Vector row_, column_;
};

/// The power of two that brings the coordinates of both sets to where squared distances neither
/// overflow nor vanish: 1 unless the largest is outside of 2^-300 .. 2^300.
double power_for_squares(ConstMatrix x, ConstMatrix y);

/// What counts in the cost beside |x - y|^2 / 2, in the same units: `labels` where the labels of
/// two differ, and `conditions` times |c - c'|^2 / 2 of their conditions.
struct BesideCost {
    double labels = 0, conditions = 0;
    bool nothing() const { return labels == 0 && conditions == 0; }
    static constexpr auto fields() {
        return std::tuple{
            field("labels", &BesideCost::labels,
                  "Number to add to the cost |x - y|^2 / 2 of two samples whose /label differ",
                  kNonNegative)
                .value("COST"),
            field("conditions", &BesideCost::conditions,
                  "Factor of |c - c'|^2 / 2, for the /condition c and c' of two samples, to add to "
                  "their cost",
                  kNonNegative)
                .value("FACTOR")};
    }
};

/// What stands beside the samples of one side, as far as it counts: (1, n) and (rows, n), or empty.
struct Beside {
    Matrix labels, conditions;
};

/// Coordinates below those of the samples of both sides with which half their squared distance is
/// the whole cost: one for each label that occurs, and the conditions. Throws Failure::data when
/// the two have conditions of different sizes.
std::array<Matrix, 2> coordinates_beside(const Beside& x0, const Beside& x1,
                                         const BesideCost& cost);

/// Mean of |x_i - y_i|^2 / 2 over columns.
double mean_cost(ConstMatrix x, ConstMatrix y);

}  // namespace si
