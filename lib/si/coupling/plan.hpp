#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/coupling/assignment.hpp"
#include "si/coupling/sinkhorn.hpp"

// Plans: which points of two given sets belong together.

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

/// n rows in which each stands as often as its share of all weights says, rounded up or down: the
/// running sum of shares, rounded. Throws Failure::data unless weights are finite, not negative and
/// not all zero.
std::vector<Index> in_proportion(ConstVector weights, Index n);

/// A perfect matching: every point of x0 (d, n) with one of x1 (d, n), at the least cost. Of two
/// sets of different sizes the smaller one is taken in_proportion() to the size of the larger:
/// exact where that is a multiple of it.
Matching match_exactly(ConstMatrix x0, ConstMatrix x1);

/// `pairs` pairs from the entropic plan: each row of x0 as often as any other, up to one, and a
/// partner drawn for it.
Matching match_entropically(ConstMatrix x0, ConstMatrix x1, const SinkhornSpec& spec, Index pairs,
                            const Address& address, Threads& threads);

/// `pairs` pairs of which x0 and x1 are drawn apart, each row as often as any other of its side, up
/// to one.
Matching match_independently(ConstMatrix x0, ConstMatrix x1, Index pairs, std::uint64_t seed);

inline constexpr const char* kPairsHelp =
    "Number of pairs to draw; 0 means as many as the larger set has points";

struct SinkhornPlanSpec {
    std::optional<double> epsilon;
    double tolerance = 1e-6;
    Index iterations = 10000;
    Index pairs = 0;
    static constexpr auto fields() {
        return std::tuple{
            field("epsilon", &SinkhornPlanSpec::epsilon,
                  "Noise sigma^2 of the bridge: weight of the entropy against |x - y|^2 / 2",
                  kPositive),
            field("tolerance", &SinkhornPlanSpec::tolerance,
                  "Largest error of the marginals, in L1, before they are made exact", kPositive),
            field("iterations", &SinkhornPlanSpec::iterations, "Largest number of iterations",
                  kPositive),
            field("pairs", &SinkhornPlanSpec::pairs, kPairsHelp, kNonNegative)};
    }
};

struct IndependentPlanSpec {
    Index pairs = 0;
    static constexpr auto fields() {
        return std::tuple{field("pairs", &IndependentPlanSpec::pairs, kPairsHelp, kNonNegative)};
    }
};

/// All points of two sets, (d, n0) and (d, n1), that a plan matches.
struct WholeSets {
    ConstMatrix x0, x1;
    std::uint64_t seed;
    Threads& threads;
    Index most() const { return std::max(x0.cols(), x1.cols()); }
};

/// The column of couplings() that matches two whole sets. It has a name and settings of its own,
/// since there are no pools.
struct PlanRow {
    std::string_view name, summary, aliases = {};
    SpecInfo spec = {};
    Matching (*make)(const Json& settings, const WholeSets& sets) = nullptr;
};

/// The plans of couplings(), in its order.
Catalogue<PlanRow> plans();

struct CostOfHalves {
    double cost = 0;
    bool converged = true;  ///< both plans did
};

/// Mean cost of the plans of two halves of each set, split by lot. Plans of few points lean to
/// pairs that are farther apart than those of many, and what this is above the cost of the whole
/// says by how much: the bias of a minibatch of half the size. Nothing for sets that have no
/// halves.
std::optional<CostOfHalves> cost_of_halves(const Choice<plans>& plan, const WholeSets& sets);

}  // namespace si
