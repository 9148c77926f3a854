#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/base/types.hpp"
#include "si/coupling/corruption.hpp"
#include "si/coupling/cost.hpp"

// Couplings: which rows of x0 and x1 meet in a training batch, as a pure function of the step. A
// new one is one row.

namespace si {

/// What a coupling may look at.
struct CouplingData {
    Index n0 = 0;  ///< rows of the base's samples; 0 when x0 is drawn from a density
    Index n1 = 0;  ///< rows of the target's samples
    std::uint64_t seed = 0;
    /// The samples, (d, n0) and (d, n1), for couplings by distance, with coordinates_beside() them
    /// below where those count; they must stay where they are.
    const Matrix* x0 = nullptr;
    const Matrix* x1 = nullptr;
    double unit = 1;  ///< length of the samples' unit in the units of the user
};

/// Which rows meet in a batch: x0[k] with x1[k]. `x0` is empty when n0 is 0.
struct Pairs {
    std::vector<Index> x0, x1;
    Matrix samples0, samples1;  ///< they themselves, where not all rows are in memory; else empty
};

/// The rows of a training batch, a pure function of the step (from 0) and the batch size.
using DrawPairs = std::function<Pairs(Index step, Index batch)>;

/// x0 from the base of a model and x1 where its flow takes it (arXiv:2303.08797, section 5.3).
struct PairsOfModel {
    std::string model;  ///< its file
    Index pairs;        ///< 0: as many as there are samples of the target
    double rtol;        ///< tolerance of the flow
};

struct CouplingRow {
    std::string_view name, summary;
    SpecInfo spec;
    bool independent;  ///< x0 and x1 of a pair are independent
    bool every_row;    ///< all rows are seen once before any is seen again, on both sides
    bool by_distance;  ///< it looks at the samples, so held-out ones have pairs of their own
    DrawPairs (*make)(const Json& settings, const CouplingData& data);
    /// For pairs that a model makes of its base: how. Null for pairs of the data.
    PairsOfModel (*pairs_of_model)(const Json& settings) = nullptr;
    /// For x0 that is made from x1: how. Null for others.
    std::shared_ptr<const Corruption> (*corruption)(const Json& settings,
                                                    const CorruptionData& data) = nullptr;
    /// For couplings by distance: what counts beside it. Null for others.
    BesideCost (*beside)(const Json& settings) = nullptr;
};

/// independent, paired, ot, sinkhorn, inpaint, superres, noise, from-model.
Catalogue<CouplingRow> couplings();

/// What counts beside distances in a coupling; nothing for those that look at none.
BesideCost beside_cost(const Choice<couplings>& coupling);

}  // namespace si
