#pragma once

#include "si/base/types.hpp"

namespace si {

/// The cost of transport between two sets of points, |x_i - y_j|^2 / 2 = values(j, i) + row_i +
/// column_j. Both sets are centred before anything is multiplied out, so that sets far apart keep
/// their digits; what that takes from the cost depends on one index alone, and neither a best
/// matching nor an entropic plan changes by it.
struct CentredCost {
    Matrix values;  ///< (n1, n0): one column for each of the first set
    Vector row;     ///< (n0)
    Vector column;  ///< (n1)
};

/// x is (d, n0), y is (d, n1).
CentredCost centred_cost(ConstMatrix x, ConstMatrix y);

/// Mean of |x_i - y_i|^2 / 2 over columns.
double mean_cost(ConstMatrix x, ConstMatrix y);

}  // namespace si
