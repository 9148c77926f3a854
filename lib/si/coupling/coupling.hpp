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
    struct End {
        Index n = 0;  ///< rows of its samples; 0 for an x0 that is drawn from a density
        /// The samples (d, n) for couplings by distance, with coordinates_beside() them below where
        /// those count; they must stay where they are.
        const Matrix* x = nullptr;
    };
    std::vector<End> ends;  ///< x_0 .. x_K
    std::uint64_t seed = 0;
    double unit = 1;  ///< length of the samples' unit in the units of the user

    const End& x0() const { return ends.front(); }
    const End& x1() const { return ends.back(); }
};

/// One end of the pairs of a batch.
struct EndOfPairs {
    std::vector<Index> rows;  ///< empty when it is drawn from a density
    Matrix samples;           ///< they themselves, where not all rows are in memory; else empty
};

/// Which rows of x_0 .. x_K meet in a batch: number j of each.
struct Pairs {
    std::vector<EndOfPairs> ends;

    /// Of `count` ends, all of them empty.
    explicit Pairs(std::size_t count = 2) : ends(count) {}
    /// Of x0 and x1.
    Pairs(std::vector<Index> x0, std::vector<Index> x1) : Pairs() {
        this->x0().rows = std::move(x0);
        this->x1().rows = std::move(x1);
    }

    EndOfPairs& x0() { return ends.front(); }
    EndOfPairs& x1() { return ends.back(); }
    const EndOfPairs& x0() const { return ends.front(); }
    const EndOfPairs& x1() const { return ends.back(); }
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
