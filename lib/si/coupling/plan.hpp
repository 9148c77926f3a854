#pragma once

#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/coupling/assignment.hpp"
#include "si/coupling/sinkhorn.hpp"

// Which points of two given sets belong together.

namespace si {

/// Pairs (x0[k], x1[k]) of rows, and what the plan that they are from says of itself. Costs are
/// those of |x - y|^2 / 2.
struct Matching {
    std::vector<Index> x0, x1;
    double cost = 0;            ///< mean over the plan
    double spread = 0;          ///< 0: one partner each; 1: independent (SinkhornPlan::spread)
    double gap = 0;             ///< primal less dual value, a mean as well
    Index iterations = 0;       ///< of Sinkhorn; augmentations of an assignment
    double marginal_error = 0;  ///< before it was made exact
    bool converged = true;
};

/// Everybody of x0 (d, n) with one of x1 (d, n), at the least cost. Throws Failure::data when
/// there are not as many.
Matching match_exactly(ConstMatrix x0, ConstMatrix x1);

/// `pairs` pairs from the entropic plan: each row of x0 as often as any other, up to one, and a
/// partner drawn for it.
Matching match_entropically(ConstMatrix x0, ConstMatrix x1, const SinkhornSpec& spec, Index pairs,
                            const Address& address, Threads& threads);

struct PlanRow {
    std::string_view name, summary;
    SpecInfo spec;
    Matching (*make)(const Json& settings, ConstMatrix x0, ConstMatrix x1, std::uint64_t seed,
                     Threads& threads);
};

/// exact, sinkhorn, independent.
Catalogue<PlanRow> plans();

}  // namespace si
