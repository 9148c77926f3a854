#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/base/types.hpp"
#include "si/coupling/corruption.hpp"
#include "si/coupling/cost.hpp"
#include "si/coupling/plan.hpp"

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

/// A coupling that pairs rows of the data.
struct RowPairs {
    bool independent = false;  ///< x0 and x1 of a pair are independent
    bool every_row = true;     ///< each side shows all its rows once before any of them again
    DrawPairs (*draw)(const Json& settings, const CouplingData& data) = nullptr;
    /// What counts beside distances. A coupling that has this looks at the samples, so held-out
    /// ones are paired by themselves; null for a coupling that looks at numbers of rows alone.
    BesideCost (*beside)(const Json& settings) = nullptr;
    /// One pool has all samples, so that it is matched once; null for a coupling without pools.
    bool (*one_pool)(const Json& settings, Index n0, Index n1) = nullptr;
};

/// A coupling that makes x0 from x1, so that x0 has no rows.
struct MadeFromX1 {
    std::shared_ptr<const Corruption> (*corruption)(const Json& settings,
                                                    const CorruptionData& data) = nullptr;
};

/// A coupling whose pairs a model makes of its base; row i of x0 then belongs to row i of x1.
struct MadeByModel {
    PairsOfModel (*pairs)(const Json& settings) = nullptr;
};

struct CouplingRow {
    std::string_view name, summary, aliases = {};
    SpecInfo spec;
    std::variant<RowPairs, MadeFromX1, MadeByModel> kind;
    PlanRow plan = {};  ///< a matching of two whole sets, for si-bridge couple; unnamed if none

    const MadeFromX1* made_from_x1() const { return std::get_if<MadeFromX1>(&kind); }
    const MadeByModel* made_by_model() const { return std::get_if<MadeByModel>(&kind); }
    bool independent() const;  ///< x0 and x1 of a pair are independent
    bool every_row() const;    ///< each side shows all its rows once before any of them again
    bool by_distance() const;  ///< it looks at the samples
    /// Throws Failure::usage or Failure::data where the data do not fit the coupling.
    DrawPairs make(const Json& settings, const CouplingData& data) const;
};

Catalogue<CouplingRow> couplings();

/// What counts beside distances in a coupling; nothing for those that look at none.
BesideCost beside_cost(const Choice<couplings>& coupling);

/// One pool has all of n0 and n1 samples; false for a coupling without pools.
bool in_one_pool(const Choice<couplings>& coupling, Index n0, Index n1);

}  // namespace si
