#pragma once

#include <Eigen/Core>

#include "si/base/types.hpp"

// Numbers that belong to the ends of an interpolant, one for each.

namespace si {

/// An interpolant joins the ends x_0 .. x_K, which are K + 1 at most.
inline constexpr int kMostEnds = 65;

/// One number for each end x_0 .. x_K, in their order. It lives where it is declared: making and
/// copying one asks for no memory. Without a size it has no numbers.
using PerEnd = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, kMostEnds, 1>;

/// The numbers of the two ends of a path from x_0 to x_1.
inline PerEnd two_ends(double x0, double x1) {
    PerEnd numbers(2);
    numbers << x0, x1;
    return numbers;
}

/// 1 for one end and 0 for the others.
inline PerEnd unit_of_end(Index end, Index ends) { return PerEnd::Unit(ends, end); }

}  // namespace si
