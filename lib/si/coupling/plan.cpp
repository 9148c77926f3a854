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

/// A matching of uneven costs, made better by the last digits. Prices as large as the largest costs
/// round what near points differ by, where far points of one side belong to near ones of the other.
/// Here nothing is as large: person i, who gives up its thing for that of person k, pays
///
///     x_i (y_thing(i) - y_thing(k)),
///
/// with x about its median. A ring of persons who pay less than nothing makes the matching better,
/// and a matching without one is best (Klein 1967).
class Rings {
  public:
    Rings(ConstMatrix x, ConstMatrix y, std::vector<Index>& thing)
        : x_(x), y_(y), thing_(thing), n_(x.cols()), paid_(n_), from_(thing.size()) {
        for (Index k = 0; k < x.rows(); ++k) {
            Vector row = x.row(k).transpose();
            std::nth_element(row.begin(), row.begin() + n_ / 2, row.end());
            x_.row(k).array() -= row[n_ / 2];
        }
    }

    void turn_all() {
        for (Index turns = 0; turns < kMostTurns * n_ && find_one(); ++turns) turn();
    }

  private:
    static constexpr Index kMostTurns = 4;
    static constexpr double kRounding = 0x1p-44;

    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    double price(Index i, Index k) const {
        return x_.col(i).dot(y_.col(thing_[at(i)]) - y_.col(thing_[at(k)]));
    }

    /// Bellman and Ford's passes, until nothing is cheaper or a person is its own predecessor.
    bool find_one() {
        paid_.setZero();
        std::fill(from_.begin(), from_.end(), Index{-1});
        for (Index pass = 0; pass <= n_; ++pass) {
            bool cheaper = false;
            for (Index i = 0; i < n_; ++i) {
                for (Index k = 0; k < n_; ++k) {
                    const double step = price(i, k), sum = paid_[i] + step;
                    const double rounding = kRounding * (std::abs(paid_[i]) + std::abs(step));
                    if (i == k || sum >= paid_[k] - rounding) continue;
                    paid_[k] = sum;
                    from_[at(k)] = i;
                    cheaper = true;
                }
            }
            if (!cheaper) return false;
            if (const auto gains = close_ring()) return *gains;
        }
        return false;
    }

    /// Looks for a ring among the predecessors, and whether turning it gains more than rounding.
    std::optional<bool> close_ring() {
        std::vector<Index> seen(from_.size(), -1);
        for (Index start = 0; start < n_; ++start) {
            Index k = start;
            while (k >= 0 && seen[at(k)] < 0) {
                seen[at(k)] = start;
                k = from_[at(k)];
            }
            if (k < 0 || seen[at(k)] != start) continue;
            ring_.clear();
            Index member = k;
            double sum = 0, size = 0;
            do {
                ring_.push_back(member);
                const double step = price(from_[at(member)], member);
                sum += step;
                size += std::abs(step);
                member = from_[at(member)];
            } while (member != k);
            return sum < -kRounding * size;
        }
        return {};
    }

    /// Each takes the thing of the one that it precedes.
    void turn() {
        // The predecessor of ring_[r] is ring_[r + 1].
        for (std::size_t r = ring_.size() - 1; r > 0; --r) {
            std::swap(thing_[at(ring_[r])], thing_[at(ring_[r - 1])]);
        }
    }

    Matrix x_;
    const Matrix y_;
    std::vector<Index>& thing_;
    Index n_;
    Vector paid_;
    std::vector<Index> from_, ring_;
};

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
    const double power = power_for_squares(x0, x1);
    if (power != 1) {
        Matching matching = match_exactly(power * x0, power * x1);
        matching.cost = matching.cost / power / power;
        matching.gap = matching.gap / power / power;
        return matching;
    }
    const CentredCost cost(x0, x1);
    Assignment best =
        assign(cost.values(), cost.uneven() ? FirstPrices::small : FirstPrices::auction);
    if (cost.uneven()) Rings(x0, x1, best.thing).turn_all();
    return {counted(x0.cols()),
            best.thing,
            mean_cost(x0, x1(Eigen::all, best.thing)),
            0,
            best.gap() / static_cast<double>(x0.cols()),
            best.augmentations};
}

std::optional<CostOfHalves> cost_of_halves(const Choice<plans>& plan, const WholeSets& sets) {
    if (std::min(sets.x0.cols(), sets.x1.cols()) < 4) return {};
    const auto part = [seed = sets.seed](ConstMatrix x, std::uint32_t side, Index half) -> Matrix {
        const Permutation order({seed, Purpose::plan, 10 + side}, x.cols());
        const Index size = x.cols() / 2;
        std::vector<Index> rows;
        for (Index k = 0; k < size; ++k) rows.push_back(order(half * size + k));
        return x(Eigen::all, rows);
    };
    CostOfHalves halves;
    for (const Index half : {0, 1}) {
        const Matrix x0 = part(sets.x0, 0, half), x1 = part(sets.x1, 1, half);
        const Matching matching = plan.make(WholeSets{x0, x1, sets.seed, sets.threads});
        halves.cost += matching.cost / 2;
        halves.converged = halves.converged && matching.converged;
    }
    return halves;
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
