#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "si/base/estimate.hpp"
#include "si/base/threads.hpp"

// Standard errors of functions of two sets, by leaving groups out.

namespace si {

/// n samples in at most `most` consecutive groups that differ by one sample at most. Consecutive,
/// so that samples that depend on their neighbours, as those of a chain do, stay together.
inline std::vector<Columns> groups_of(Index n, Index most) {
    const Index count = std::max<Index>(1, std::min(n, most));
    std::vector<Columns> groups;
    for (Index g = 0; g < count; ++g) {
        const Index first = n * g / count;
        groups.push_back({first, n * (g + 1) / count - first});
    }
    return groups;
}

/// The standard error of a function of two sets of samples, from its values without one group at a
/// time: `without(side, g)` for g < count[side]. The delete-a-group jackknife (Efron and Stein
/// 1981): right where the function is nearly linear in the two empirical laws, and too large, by up
/// to the square root of 2, where its first order vanishes, as for distances of equal laws.
template <class Without>
double jackknife_error(const std::array<Index, 2>& count, const Without& without) {
    double variance = 0;
    for (int side = 0; side < 2; ++side) {
        const Index groups = count[static_cast<std::size_t>(side)];
        Vector values(groups);
        for (Index g = 0; g < groups; ++g) values[g] = without(side, g);
        const auto size = static_cast<double>(groups);
        variance += (values.array() - values.mean()).square().sum() * (size - 1) / size;
    }
    return std::sqrt(variance);
}

}  // namespace si
