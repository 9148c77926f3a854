#include "si/coupling/plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "si/coupling/cost.hpp"

namespace si {
namespace {

std::vector<Index> counted(Index n) {
    std::vector<Index> rows(static_cast<std::size_t>(n));
    std::iota(rows.begin(), rows.end(), Index{0});
    return rows;
}

/// Rows in shuffled order, over and over, in another order each time: in the same one, sides of
/// equal size would meet in the same pairs again and again.
std::vector<Index> in_turn(Index n, Index count, std::uint64_t seed, std::uint32_t side) {
    std::vector<Index> rows;
    for (std::uint32_t turn = 0; std::ssize(rows) < count; ++turn) {
        const Permutation order({seed, Purpose::plan, side + 2 * turn}, n);
        for (Index k = 0; k < n && std::ssize(rows) < count; ++k) rows.push_back(order(k));
    }
    return rows;
}

}  // namespace

std::vector<Index> in_proportion(ConstVector weights, Index n) {
    const double all = weights.sum();
    require(weights.allFinite() && weights.size() > 0 && weights.minCoeff() >= 0 && all > 0,
            Failure::data, "weights must be finite, not negative and not all zero");
    std::vector<Index> rows;
    double sum = 0;
    for (Index i = 0; i < weights.size(); ++i) {
        sum += weights[i];
        const bool last = i + 1 == weights.size();
        const auto until =
            last ? n : static_cast<Index>(std::floor(static_cast<double>(n) * sum / all + 0.5));
        while (std::ssize(rows) < until) rows.push_back(i);
    }
    return rows;
}

Matching match_exactly(ConstMatrix x0, ConstMatrix x1) {
    require(x0.rows() == x1.rows(), Failure::data, "points have ", x0.rows(), " and ", x1.rows(),
            " coordinates");
    require(x0.cols() > 0 && x1.cols() > 0, Failure::data, "there are no points to couple");
    if (x0.cols() != x1.cols()) {
        const Index most = std::max(x0.cols(), x1.cols());
        const auto rows0 = in_proportion(Vector::Ones(x0.cols()), most),
                   rows1 = in_proportion(Vector::Ones(x1.cols()), most);
        Matching matching = match_exactly(x0(Eigen::all, rows0), x1(Eigen::all, rows1));
        for (Index& i : matching.x0) i = rows0[static_cast<std::size_t>(i)];
        for (Index& j : matching.x1) j = rows1[static_cast<std::size_t>(j)];
        return matching;
    }
    const CentredCost cost(x0, x1);
    const Assignment best = assign(cost.values());
    const auto n = static_cast<double>(x0.cols());
    return {counted(x0.cols()),
            best.thing,
            (best.cost + cost.row().sum() + cost.column().sum()) / n,
            0,
            best.gap() / n,
            best.augmentations};
}

std::optional<double> cost_of_halves(const Choice<plans>& plan, const WholeSets& sets) {
    if (std::min(sets.x0.cols(), sets.x1.cols()) < 4) return {};
    const auto part = [seed = sets.seed](ConstMatrix x, std::uint32_t side, Index half) -> Matrix {
        const Permutation order({seed, Purpose::plan, 10 + side}, x.cols());
        const Index size = x.cols() / 2;
        std::vector<Index> rows;
        for (Index k = 0; k < size; ++k) rows.push_back(order(half * size + k));
        return x(Eigen::all, rows);
    };
    double sum = 0;
    for (const Index half : {0, 1}) {
        const Matrix x0 = part(sets.x0, 0, half), x1 = part(sets.x1, 1, half);
        sum += plan.make(WholeSets{x0, x1, sets.seed, sets.threads}).cost;
    }
    return sum / 2;
}

Matching match_entropically(ConstMatrix x0, ConstMatrix x1, const SinkhornSpec& spec, Index pairs,
                            const Address& address, Threads& threads) {
    const SinkhornPlan plan(x0, x1, spec, threads);
    auto rows = counted(pairs);
    for (Index& row : rows) row %= x0.cols();
    auto partners = plan.partners(rows, address, 0, threads);
    return {std::move(rows), std::move(partners), plan.cost(),           plan.spread(),
            plan.gap(),      plan.iterations(),   plan.marginal_error(), plan.converged()};
}

Matching match_independently(ConstMatrix x0, ConstMatrix x1, Index pairs, std::uint64_t seed) {
    Matching matching{in_turn(x0.cols(), pairs, seed, 1), in_turn(x1.cols(), pairs, seed, 2)};
    const Vector apart = x0.rowwise().mean() - x1.rowwise().mean();
    const auto spread_of = [](ConstMatrix x) {
        const Matrix centred = x.colwise() - Vector(x.rowwise().mean());
        return centred.colwise().squaredNorm().mean();
    };
    matching.cost = (apart.squaredNorm() + spread_of(x0) + spread_of(x1)) / 2;
    matching.spread = 1;
    return matching;
}

}  // namespace si
