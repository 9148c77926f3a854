#include "si/coupling/coupling.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "si/base/remarks.hpp"
#include "si/base/threads.hpp"
#include "si/coupling/plan.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

/// Rows in the order of endless shuffled epochs: every row is seen once before any is seen
/// again, and row number `step * batch + k` is found without going through the ones before.
std::vector<Index> shuffled_rows(std::uint64_t seed, Purpose purpose, Index n, Index step,
                                 Index batch) {
    std::vector<Index> rows(static_cast<std::size_t>(batch));
    Index epoch = step * batch / n, place = step * batch % n, done = 0;
    for (; done < batch; ++epoch, place = 0) {
        const Permutation order({seed, purpose, static_cast<std::uint32_t>(epoch)}, n);
        const Index count = std::min(n - place, batch - done);
        order.range(place, count, rows.data() + done);
        done += count;
    }
    return rows;
}

/// Rows of one end, in an order that is apart from that of the others.
std::vector<Index> rows_of_end(const CouplingData& data, std::size_t end, Index step, Index batch) {
    constexpr std::uint64_t kApart = 0x9e3779b97f4a7c15;  // odd: x2 and on have seeds of their own
    const Purpose purpose = end == 0 ? Purpose::pairing : Purpose::order;
    const std::uint64_t seed = end < 2 ? data.seed : data.seed + kApart * (end - 1);
    return shuffled_rows(seed, purpose, data.ends[end].n, step, batch);
}

DrawPairs draw_apart(const NoSettings&, const CouplingData& data) {
    return [data](Index step, Index batch) {
        Pairs pairs(data.ends.size());
        for (std::size_t k = 0; k < data.ends.size(); ++k) {
            if (data.ends[k].n > 0) pairs.ends[k].rows = rows_of_end(data, k, step, batch);
        }
        return pairs;
    };
}

DrawPairs paired(const NoSettings&, const CouplingData& data) {
    const Index n = data.x1().n;
    for (std::size_t k = 0; k < data.ends.size(); ++k) {
        require(data.ends[k].n == n, Failure::data, "coupling 'paired' needs as many x", k, " as x",
                data.ends.size() - 1, "; there are ", data.ends[k].n, " and ", n);
    }
    return [data, n](Index step, Index batch) {
        Pairs pairs(data.ends.size());
        pairs.x1().rows = shuffled_rows(data.seed, Purpose::order, n, step, batch);
        for (EndOfPairs& end : pairs.ends) end.rows = pairs.x1().rows;
        return pairs;
    };
}

constexpr Index kPool = 2048, kReuse = 8;
constexpr const char* kReuseHelp =
    "Number of times that a pool is used, if there are several: couplings cost more than steps";

struct OtSpec : BesideCost {
    Index pool = kPool;
    Index reuse = kReuse;
    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{
                field("pool", &OtSpec::pool,
                      "Samples per set and pool; a matching is computed within a pool", kPositive),
                field("reuse", &OtSpec::reuse, kReuseHelp, kPositive)},
            BesideCost::fields());
    }
};

struct SinkhornCouplingSpec : BesideCost {
    std::optional<double> epsilon;
    Index pool = kPool, reuse = kReuse;
    double tolerance = 1e-3;
    Index iterations = 10000;
    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{
                field("epsilon", &SinkhornCouplingSpec::epsilon,
                      "Noise sigma^2 of the bridge, in the units of the data squared", kPositive),
                field("pool", &SinkhornCouplingSpec::pool,
                      "Samples per set and pool; a coupling is computed within a pool", kPositive),
                field("reuse", &SinkhornCouplingSpec::reuse, kReuseHelp, kPositive),
                field("tolerance", &SinkhornCouplingSpec::tolerance,
                      "Largest error of the marginals, in L1", kPositive),
                field("iterations", &SinkhornCouplingSpec::iterations,
                      "Largest number of iterations", kPositive)},
            BesideCost::fields());
    }
};

BesideCost beside_of_ot(const OtSpec& spec) { return static_cast<const BesideCost&>(spec); }
BesideCost beside_of_sinkhorn(const SinkhornCouplingSpec& spec) {
    return static_cast<const BesideCost&>(spec);
}

void need_samples(const CouplingData& data, std::string_view name) {
    require(data.x0().x != nullptr && data.x1().x != nullptr && data.x0().n > 0, Failure::usage,
            "coupling '", name, "' needs samples of both ends: give --x0 FILE");
    require(data.ends.size() == 2, Failure::usage, "coupling '", name, "' joins two ends, not ",
            data.ends.size());
}

/// Pairs come in pools, each a function of its number; a batch takes the next ones. The last pool
/// is kept, as most batches are inside of it.
DrawPairs by_pools(Index size, std::function<Pairs(Index pool)> make) {
    struct Kept {
        std::mutex mutex;
        Index number = -1;
        Pairs pairs;
    };
    return
        [size, make = std::move(make), kept = std::make_shared<Kept>()](Index step, Index batch) {
            const std::lock_guard lock(kept->mutex);
            Pairs drawn;
            for (Index row = step * batch; row < (step + 1) * batch; ++row) {
                if (kept->number != row / size) {
                    kept->pairs = make(row / size);
                    kept->number = row / size;
                }
                for (std::size_t k = 0; k < drawn.ends.size(); ++k) {
                    drawn.ends[k].rows.push_back(
                        kept->pairs.ends[k].rows[static_cast<std::size_t>(row % size)]);
                }
            }
            return drawn;
        };
}

/// The rows of a pool before they are matched.
Pairs rows_of_pool(const CouplingData& data, Index pool, Index size) {
    return {rows_of_end(data, 0, pool, size), rows_of_end(data, 1, pool, size)};
}

/// Pools that serve several times before the next: `couple` makes what is kept of the samples of
/// one, and `pairs` draws from that, as a function of the pool's number.
template <class Kept>
DrawPairs by_reused_pools(
    const CouplingData& data, Index size, Index reuse,
    std::function<Kept(const Matrix& x0, const Matrix& x1)> couple,
    std::function<Pairs(const Kept& kept, const std::vector<Index>& order, Index pool)> pairs) {
    struct Last {
        Index number = -1;
        Pairs rows;
        std::optional<Kept> kept;
    };
    return by_pools(size, [=, last = std::make_shared<Last>()](Index pool) {
        const Index number = pool / reuse;
        if (last->number != number) {
            last->rows = rows_of_pool(data, number, size);
            last->kept.emplace(couple((*data.x0().x)(Eigen::all, last->rows.x0().rows),
                                      (*data.x1().x)(Eigen::all, last->rows.x1().rows)));
            last->number = number;
        }
        constexpr std::uint32_t kOfPool = std::uint32_t{1} << 31;  // apart from those of epochs
        const Permutation shuffled(
            {data.seed, Purpose::pairing, kOfPool | static_cast<std::uint32_t>(pool)}, size);
        std::vector<Index> order;
        for (Index k = 0; k < size; ++k) order.push_back(shuffled(k));
        Pairs drawn = pairs(*last->kept, order, pool);
        for (std::size_t k = 0; k < drawn.ends.size(); ++k) {
            const auto& rows = last->rows.ends[k].rows;
            for (Index& i : drawn.ends[k].rows) i = rows[static_cast<std::size_t>(i)];
        }
        return drawn;
    });
}

/// Rows of x0, each with its partner in x1.
Pairs with_partners(const std::vector<Index>& rows, const std::vector<Index>& partners) {
    Pairs pairs(rows, {});
    for (const Index i : rows) pairs.x1().rows.push_back(partners[static_cast<std::size_t>(i)]);
    return pairs;
}

bool one_pool_of_ot(const OtSpec& spec, Index n0, Index n1) { return n0 == n1 && n1 <= spec.pool; }
bool one_pool_of_sinkhorn(const SinkhornCouplingSpec& spec, Index n0, Index n1) {
    return std::max(n0, n1) <= spec.pool;
}

DrawPairs optimal(const OtSpec& spec, const CouplingData& data) {
    need_samples(data, "ot");
    const Index n0 = data.x0().n, n1 = data.x1().n, size = std::min(spec.pool, std::max(n0, n1));
    if (one_pool_of_ot(spec, n0, n1)) {  // one matching of all, in a new order each time
        const auto all = match_exactly(*data.x0().x, *data.x1().x).x1;
        return by_pools(size, [data, size, all](Index pool) {
            return with_partners(rows_of_end(data, 0, pool, size), all);
        });
    }
    using Partners = std::vector<Index>;
    return by_reused_pools<Partners>(
        data, size, spec.reuse,
        [](const Matrix& x0, const Matrix& x1) { return match_exactly(x0, x1).x1; },
        [](const Partners& all, const std::vector<Index>& order, Index) {
            return with_partners(order, all);
        });
}

/// What is told of plans that did not converge: the first, and each that is twice as far off as
/// what was told before, so that the worst of many pools is known within a factor of two.
void doubt_unless_converged(const SinkhornPlan& plan, double& told) {
    if (plan.converged() || plan.marginal_error() < 2 * told) return;
    told = plan.marginal_error();
    doubt(
        text("--coupling sinkhorn did not converge: the marginals of its plan were off by ",
             rounded(plan.marginal_error(), 3), " after ", plan.iterations(),
             " iterations, before they were made exact; take a larger epsilon or more iterations"));
}

DrawPairs entropic(const SinkhornCouplingSpec& spec, const CouplingData& data) {
    need_samples(data, "sinkhorn");
    require(spec.epsilon.has_value(), Failure::usage,
            "sinkhorn: how much noise? Give epsilon=SIGMA^2");
    const SinkhornSpec plan{*spec.epsilon / (data.unit * data.unit), spec.tolerance,
                            spec.iterations};
    const auto address = [seed = data.seed](Index pool) {
        return Address{seed, Purpose::plan, static_cast<std::uint32_t>(pool)};
    };
    const auto alone = std::make_shared<Threads>(1);
    if (one_pool_of_sinkhorn(spec, data.x0().n, data.x1().n)) {
        // One plan of all, drawn from each time.
        const auto all = std::make_shared<SinkhornPlan>(*data.x0().x, *data.x1().x, plan, *alone);
        double told = 0;
        doubt_unless_converged(*all, told);
        return by_pools(data.x0().n, [=](Index pool) {
            auto rows = rows_of_end(data, 0, pool, data.x0().n);
            auto partners = all->partners(rows, address(pool), 0, *alone);
            return Pairs{std::move(rows), std::move(partners)};
        });
    }
    // Every plan starts from that of the first pool, so that it is a function of its number still.
    const auto first = std::make_shared<std::optional<SinkhornPlan>>();
    const auto told = std::make_shared<double>(0);
    return by_reused_pools<SinkhornPlan>(
        data, spec.pool, spec.reuse,
        [plan, alone, first, told, data, pool = spec.pool](const Matrix& x0, const Matrix& x1) {
            if (!*first) {
                const Pairs rows = rows_of_pool(data, 0, pool);
                first->emplace((*data.x0().x)(Eigen::all, rows.x0().rows),
                               (*data.x1().x)(Eigen::all, rows.x1().rows), plan, *alone);
                doubt_unless_converged(**first, *told);
            }
            SinkhornPlan next(x0, x1, plan, *alone, &**first);
            doubt_unless_converged(next, *told);
            return next;
        },
        [address, alone](const SinkhornPlan& all, const std::vector<Index>& order, Index pool) {
            return Pairs{order, all.partners(order, address(pool), 0, *alone)};
        });
}

struct FromModelSpec {
    std::string model;
    Index pairs = 0;
    double rtol = 1e-6;
    static constexpr auto fields() {
        return std::tuple{
            field("model", &FromModelSpec::model, "File of a trained model").value("FILE"),
            field("pairs", &FromModelSpec::pairs,
                  "Number of pairs; 0 means as many as there are samples of the target",
                  kNonNegative),
            field("rtol", &FromModelSpec::rtol, "Tolerance of the solver of its flow", kPositive)};
    }
};

PairsOfModel pairs_of_model(const FromModelSpec& spec) {
    require(!spec.model.empty(), Failure::usage, "from-model: which? Give model=FILE");
    return {spec.model, spec.pairs, spec.rtol};
}

Matching whole_exact(const NoSettings&, const WholeSets& sets) {
    return match_exactly(sets.x0, sets.x1);
}

Matching whole_entropic(const SinkhornPlanSpec& spec, const WholeSets& sets) {
    require(spec.epsilon.has_value(), Failure::usage,
            "sinkhorn: how much noise? Give epsilon=SIGMA^2");
    const Index pairs = spec.pairs > 0 ? spec.pairs : sets.most();
    return match_entropically(sets.x0, sets.x1, {*spec.epsilon, spec.tolerance, spec.iterations},
                              pairs, {sets.seed, Purpose::plan, 0}, sets.threads);
}

Matching whole_independent(const IndependentPlanSpec& spec, const WholeSets& sets) {
    const Index pairs = spec.pairs > 0 ? spec.pairs : sets.most();
    return match_independently(sets.x0, sets.x1, pairs, sets.seed);
}

constexpr auto kCouplings = std::to_array<CouplingRow>({
    {.name = "independent",
     .summary = "x0 and x1 are drawn independently",
     .spec = spec_of<NoSettings>,
     .kind = RowPairs{.independent = true, .draw = from_json<draw_apart>},
     .plan = {.name = "independent",
              .summary = "independent random pairs",
              .spec = spec_of<IndependentPlanSpec>,
              .make = from_json<whole_independent>}},
    {.name = "paired",
     .summary = "row i of x0 belongs to row i of x1",
     .spec = spec_of<NoSettings>,
     .kind = RowPairs{.draw = from_json<paired>}},
    {.name = "ot",
     .summary = "by optimal transport: the pairs of a pool have the least sum of squared distances",
     .aliases = "exact",
     .spec = spec_of<OtSpec>,
     .kind = RowPairs{.draw = from_json<optimal>,
                      .beside = from_json<beside_of_ot>,
                      .one_pool = from_json<one_pool_of_ot>},
     .plan = {.name = "exact",
              .summary = "optimal transport: one partner for each point, at the least sum of "
                         "squared distances",
              .aliases = "ot",
              .spec = spec_of<NoSettings>,
              .make = from_json<whole_exact>}},
    {.name = "sinkhorn",
     .summary = "by entropic transport, the ends of a Schroedinger bridge",
     .spec = spec_of<SinkhornCouplingSpec>,
     .kind = RowPairs{.every_row = false,
                      .draw = from_json<entropic>,
                      .beside = from_json<beside_of_sinkhorn>,
                      .one_pool = from_json<one_pool_of_sinkhorn>},
     .plan = {.name = "sinkhorn",
              .summary = "entropic: the ends of a Schroedinger bridge",
              .spec = spec_of<SinkhornPlanSpec>,
              .make = from_json<whole_entropic>}},
    {.name = "inpaint",
     .summary = "x0 is x1 with some tiles replaced by noise; only these move",
     .spec = spec_of<InpaintSpec>,
     .kind = MadeFromX1{from_json<make_inpaint>}},
    {.name = "superres",
     .summary = "x0 is x1 at a lower resolution, plus noise",
     .spec = spec_of<SuperresSpec>,
     .kind = MadeFromX1{from_json<make_superres>}},
    {.name = "noise",
     .summary = "x0 is x1 plus noise",
     .spec = spec_of<NoisySpec>,
     .kind = MadeFromX1{from_json<make_noise>}},
    {.name = "from-model",
     .summary = "x1 is the point to which a model's flow carries x0: rectification",
     .spec = spec_of<FromModelSpec>,
     .kind = MadeByModel{from_json<pairs_of_model>}},
});

/// The plans of the rows that have one: a Catalogue wants them side by side.
constexpr auto kPlans = [] {
    constexpr auto has_plan = [](const CouplingRow& row) { return !row.plan.name.empty(); };
    std::array<PlanRow, std::count_if(kCouplings.begin(), kCouplings.end(), has_plan)> plans{};
    std::size_t count = 0;
    for (const CouplingRow& row : kCouplings) {
        if (has_plan(row)) plans[count++] = row.plan;
    }
    return plans;
}();

}  // namespace

bool CouplingRow::independent() const {
    const auto* rows = std::get_if<RowPairs>(&kind);
    return rows != nullptr && rows->independent;
}

bool CouplingRow::every_row() const {
    const auto* rows = std::get_if<RowPairs>(&kind);
    return rows == nullptr || rows->every_row;
}

bool CouplingRow::by_distance() const {
    const auto* rows = std::get_if<RowPairs>(&kind);
    return rows != nullptr && rows->beside != nullptr;
}

DrawPairs CouplingRow::make(const Json& settings, const CouplingData& data) const {
    if (const auto* rows = std::get_if<RowPairs>(&kind)) return rows->draw(settings, data);
    if (made_by_model() != nullptr) return paired({}, data);
    require(data.x0().n == 0, Failure::usage,
            "this coupling makes x0 from x1; leave the samples of x0 out");
    return draw_apart({}, data);
}

BesideCost beside_cost(const Choice<couplings>& coupling) {
    const auto* rows = std::get_if<RowPairs>(&coupling.row().kind);
    const bool looks = rows != nullptr && rows->beside != nullptr;
    return looks ? rows->beside(coupling.settings()) : BesideCost{};
}

bool in_one_pool(const Choice<couplings>& coupling, Index n0, Index n1) {
    const auto* rows = std::get_if<RowPairs>(&coupling.row().kind);
    const bool pools = rows != nullptr && rows->one_pool != nullptr;
    return pools && rows->one_pool(coupling.settings(), n0, n1);
}

Catalogue<PlanRow> plans() { return {"plan", kPlans}; }

Catalogue<CouplingRow> couplings() { return {"coupling", kCouplings}; }

}  // namespace si
