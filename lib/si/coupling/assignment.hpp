#pragma once

#include <vector>

#include "si/base/types.hpp"

// Exact optimal matchings of two sets of equal size, with the prices that prove them.

namespace si {

/// A matching of n persons with n things, each with one, and the prices that prove it best.
struct Assignment {
    std::vector<Index> thing;  ///< of each person
    double cost = 0;           ///< sum of the matched costs
    Vector u, v;               ///< u_i + v_j <= C(j, i), with equality on the matching
    Index augmentations = 0;   ///< persons that the auction left to shortest paths
    double slack = 0;          ///< sum of what matched costs are above their prices

    /// cost - sum u - sum v, summed pair by pair so that no digit cancels: never below zero, and
    /// zero for a best matching, up to rounding.
    double gap() const { return slack; }
};

/// How assign() starts.
enum class FirstPrices {
    auction,  ///< from the prices of an auction
    small,    ///< from an auction among the small costs, so that prices become no larger than they
              ///< have to: for costs so uneven that prices about as large as the largest costs
              ///< would round the small ones away
};

/// The matching of least cost: an auction with falling increments (Bertsekas 1988), whose prices
/// are nearly best, and shortest augmenting paths (Jonker and Volgenant 1987) from these for the
/// persons whose thing is not exactly best for them. `cost` is (n, n), column i being the costs of
/// person i. Always optimal; O(n^2) times a small number in practice, O(n^3) at worst. Throws
/// Failure::data unless the matrix is square, not empty and finite.
Assignment assign(ConstMatrix cost, FirstPrices first = FirstPrices::auction);

/// The auction alone, down to the increment `last`: within n last of the least cost. Its prices
/// are u and v all the same, and gap() is a bound of what it is off.
Assignment auction(ConstMatrix cost, double last);

}  // namespace si
