#include "si/coupling/coupling.hpp"

#include <algorithm>
#include <array>

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

DrawPairs independent(const NoSettings&, const CouplingData& data) {
    return [data](Index step, Index batch) {
        Pairs pairs{{}, shuffled_rows(data.seed, Purpose::order, data.n1, step, batch)};
        if (data.n0 > 0)
            pairs.x0 = shuffled_rows(data.seed, Purpose::pairing, data.n0, step, batch);
        return pairs;
    };
}

DrawPairs paired(const NoSettings&, const CouplingData& data) {
    require(data.n0 == data.n1, Failure::data,
            "coupling 'paired' needs as many x0 as x1; there are ", data.n0, " and ", data.n1);
    return [data](Index step, Index batch) {
        auto rows = shuffled_rows(data.seed, Purpose::order, data.n1, step, batch);
        return Pairs{rows, rows};
    };
}

struct FromModelSpec {
    std::string model;
    Index pairs = 0;
    double rtol = 1e-6;
    static constexpr auto fields() {
        return std::tuple{
            field("model", &FromModelSpec::model, "A trained model").value("FILE"),
            field("pairs", &FromModelSpec::pairs,
                  "Number of pairs; 0: as many as there are samples of the target", kNonNegative),
            field("rtol", &FromModelSpec::rtol, "Tolerance of its flow", kPositive)};
    }
};

DrawPairs from_model(const FromModelSpec&, const CouplingData& data) { return paired({}, data); }

PairsOfModel pairs_of_model(const FromModelSpec& spec) {
    require(!spec.model.empty(), Failure::usage, "from-model: which? Give model=FILE");
    return {spec.model, spec.pairs, spec.rtol};
}

constexpr auto kCouplings = std::to_array<CouplingRow>({
    {"independent", "x0 and x1 are drawn apart", spec_of<NoSettings>, true, from_json<independent>},
    {"paired", "row i of x0 belongs to row i of x1", spec_of<NoSettings>, false, from_json<paired>},
    {"from-model", "x1 is where a model's flow takes x0: rectification", spec_of<FromModelSpec>,
     false, from_json<from_model>, from_json<pairs_of_model>},
});

}  // namespace

Catalogue<CouplingRow> couplings() { return {"coupling", kCouplings}; }

}  // namespace si
