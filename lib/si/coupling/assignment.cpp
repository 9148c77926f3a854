#include "si/coupling/assignment.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "si/base/error.hpp"
#include "si/base/simd.hpp"

namespace si {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Index kNobody = -1;
constexpr int kLanes = 8;  // that run side by side, which is what makes the loops vectorise

struct TwoBest {
    double best = kInfinity, second = kInfinity;
    Index at = 0;
};

/// The least and the second least of c + price, and where the first of the least is.
SI_CLONES TwoBest two_best(const double* c, const double* price, Index n) {
    std::array<double, kLanes> best, second, at{};
    best.fill(kInfinity);
    second.fill(kInfinity);
    Index j = 0;
    for (; j + kLanes <= n; j += kLanes) {
        for (int k = 0; k < kLanes; ++k) {
            const double value = c[j + k] + price[j + k];
            const double more = value < best[k] ? best[k] : value;
            second[k] = more < second[k] ? more : second[k];
            at[k] = value < best[k] ? static_cast<double>(j + k) : at[k];
            best[k] = value < best[k] ? value : best[k];
        }
    }
    TwoBest all;
    const auto join = [&all](double value, Index place) {
        if (value < all.best || (value == all.best && place < all.at)) {
            all.second = all.best;
            all.best = value;
            all.at = place;
        } else {
            all.second = std::min(all.second, value);
        }
    };
    for (int k = 0; k < kLanes; ++k) join(best[k], static_cast<Index>(at[k]));
    for (int k = 0; k < kLanes; ++k) all.second = std::min(all.second, second[k]);
    for (; j < n; ++j) join(c[j] + price[j], j);
    return all;
}

/// A person whom ways may go through.
struct Through {
    double person;   ///< the number, as `from` has it
    double reached;  ///< its distance
    double shift;    ///< from its cost plus a price to the distance of a thing
};

/// Shortens distances by the ways through one person, whom `from` then names, and returns the
/// least distance that is open (closed ones are infinite in `open`).
SI_CLONES double shorten(const double* c, const double* price, Index n, Through through,
                         double* open, double* from) {
    const auto [person, reached, shift] = through;
    std::array<double, kLanes> least;
    least.fill(kInfinity);
    Index j = 0;
    for (; j + kLanes <= n; j += kLanes) {
        for (int k = 0; k < kLanes; ++k) {
            const double straight = c[j + k] + price[j + k] + shift;
            const double way = straight < reached ? reached : straight;
            // What is closed is marked by a from below zero, and stays.
            const bool shorter = way < open[j + k] && from[j + k] >= 0;
            open[j + k] = shorter ? way : open[j + k];
            from[j + k] = shorter ? person : from[j + k];
            least[k] = open[j + k] < least[k] ? open[j + k] : least[k];
        }
    }
    double nearest = *std::min_element(least.begin(), least.end());
    for (; j < n; ++j) {
        const double way = std::max(c[j] + price[j] + shift, reached);
        if (way < open[j] && from[j] >= 0) {
            open[j] = way;
            from[j] = person;
        }
        nearest = std::min(nearest, open[j]);
    }
    return nearest;
}

class Solver {
  public:
    explicit Solver(ConstMatrix cost)
        : cost_(cost), n_(cost.cols()), price_(Vector::Zero(n_)), owner_(n_), thing_(n_) {
        require(n_ > 0 && cost.rows() == n_, Failure::data,
                "a matching needs as many points on both sides; there are ", n_, " and ",
                cost.rows());
        require(cost.allFinite(), Failure::data, "costs must be finite");
    }

    double spread() const {
        const double mean = cost_.mean();
        const double square = (cost_.array() - mean).square().mean();
        if (std::isnormal(square)) return std::sqrt(square);
        const double most = cost_.cwiseAbs().maxCoeff();
        if (most == 0) return 0;
        return most * std::sqrt(((cost_.array() - mean) / most).square().mean());
    }

    /// From coarse to fine: prices of one round are a good start for the next.
    void auction_down_to(double last, double spread) {
        for (double increment = std::max(4 * spread, last);; increment = increment / 5) {
            bid(std::max(increment, last));
            if (increment <= last) return;
        }
    }

    /// Persons whose thing costs more than their best give it up, to the last bit.
    Index drop_loose() {
        Index dropped = 0;
        u_.resize(n_);
        for (Index i = 0; i < n_; ++i) {
            u_[i] = (cost_.col(i) + price_).minCoeff();
            const Index j = thing_[at(i)];
            if (j == kNobody || cost_(j, i) + price_[j] <= u_[i]) continue;
            thing_[at(i)] = owner_[at(j)] = kNobody;
            ++dropped;
        }
        return dropped;
    }

    void augment_all() {
        for (Index i = 0; i < n_; ++i) {
            if (thing_[at(i)] == kNobody) augment(i);
        }
    }

    /// An auction among small costs alone: no bid raises a price by much more than these, and who
    /// would have to go far is left out after some bids.
    void auction_of_small() {
        constexpr double kMostRaise = 16;
        constexpr Index kMostBids = 20;
        const double small = small_cost();
        for (double increment = 4 * small;; increment = increment / 5) {
            bid(increment, kMostRaise * small, kMostBids * n_);
            if (increment <= 1e-4 * small) return;
        }
    }

    /// All who have no thing are left to shortest paths, those whose best thing is near first: long
    /// ways change prices by as much, and what is decided before is decided with all digits.
    /// Returns how many were left.
    Index augment_near_first() {
        drop_loose();
        std::vector<Index> order;
        for (Index i = 0; i < n_; ++i) {
            if (thing_[at(i)] == kNobody) order.push_back(i);
        }
        std::stable_sort(order.begin(), order.end(),
                         [&](Index a, Index b) { return u_[a] < u_[b]; });
        for (const Index i : order) augment(i);
        return std::ssize(order);
    }

    Assignment result(Index augmentations) const {
        Assignment best{thing_, 0, Vector(n_), -price_, augmentations};
        for (Index i = 0; i < n_; ++i) {
            const Index j = thing_[at(i)];
            best.cost += cost_(j, i);
            best.u[i] = (cost_.col(i) + price_).minCoeff();
            best.slack += cost_(j, i) + price_[j] - best.u[i];
        }
        return best;
    }

  private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    /// One auction from no owners: each person in turn takes its best thing, and raises its price
    /// until the second best would do as well but for the increment.
    void bid(double increment, double most_raise = kInfinity,
             Index most_bids = std::numeric_limits<Index>::max()) {
        std::fill(owner_.begin(), owner_.end(), kNobody);
        std::vector<Index> waiting(at(n_));
        for (Index i = 0; i < n_; ++i) waiting[at(i)] = n_ - 1 - i;
        for (Index bids = 0; !waiting.empty() && bids < most_bids; ++bids) {
            const Index i = waiting.back();
            waiting.pop_back();
            const auto [best, second, j] = two_best(cost_.col(i).data(), price_.data(), n_);
            const double raise = std::min(n_ > 1 ? second - best : 0, most_raise) + increment;
            // An increment below the last digit of a price would raise it by nothing, for ever.
            price_[j] = std::max(price_[j] + raise, std::nextafter(price_[j], kInfinity));
            if (owner_[at(j)] != kNobody) waiting.push_back(owner_[at(j)]);
            owner_[at(j)] = i;
            thing_[at(i)] = j;
        }
        for (const Index i : waiting) thing_[at(i)] = kNobody;
    }

    /// The lower eighth of some costs, which few far points do not change; 1 where it is zero.
    double small_cost() const {
        constexpr Index kSome = 4095;
        const Index all = cost_.size(), step = std::max<Index>(1, all / kSome);
        std::vector<double> some;
        for (Index k = 0; k < all; k += step) some.push_back(cost_(k % n_, k / n_));
        const auto eighth = some.begin() + std::ssize(some) / 8;
        std::nth_element(some.begin(), eighth, some.end());
        return *eighth > 0 ? *eighth : 1;
    }

    /// Dijkstra from a free person over reduced costs C(j, i) + price_j - u_i >= 0 to the nearest
    /// free thing; then prices along the way, and the matches, are turned.
    void augment(Index person) {
        open_.setConstant(n_, kInfinity);
        from_.setZero(n_);
        closed_.clear();
        Index i = person, end = kNobody;
        double reached = 0;
        while (end == kNobody) {
            const Through through{
                .person = static_cast<double>(i), .reached = reached, .shift = reached - u_[i]};
            reached = shorten(cost_.col(i).data(), price_.data(), n_, through, open_.data(),
                              from_.data());
            Index j = 0;
            while (open_[j] != reached) ++j;
            if (owner_[at(j)] == kNobody) {
                end = j;
            } else {
                closed_.push_back({j, static_cast<Index>(from_[j]), reached});
                open_[j] = kInfinity;
                from_[j] = -1;
                i = owner_[at(j)];
            }
        }
        u_[person] += reached;
        for (const Closed& one : closed_) {
            const double back = reached - one.distance;
            price_[one.thing] += back;
            u_[owner_[at(one.thing)]] += back;
            from_[one.thing] = static_cast<double>(one.from);
        }
        for (Index j = end; j != kNobody;) {
            const auto who = static_cast<Index>(from_[j]);
            const Index before = thing_[at(who)];
            owner_[at(j)] = who;
            thing_[at(who)] = j;
            j = who == person ? kNobody : before;
        }
    }

    struct Closed {
        Index thing, from;
        double distance;
    };

    ConstMatrix cost_;
    Index n_;
    Vector price_, u_, open_, from_;
    std::vector<Index> owner_, thing_;
    std::vector<Closed> closed_;
};

}  // namespace

Assignment auction(ConstMatrix cost, double last) {
    require(last > 0, Failure::usage, "the increment of an auction must be positive, is ", last);
    Solver solver(cost);
    solver.auction_down_to(last, solver.spread());
    return solver.result(0);
}

Assignment assign(ConstMatrix cost, FirstPrices first) {
    Solver solver(cost);
    if (first == FirstPrices::small) {
        solver.auction_of_small();
        return solver.result(solver.augment_near_first());
    }
    const double spread = solver.spread();
    // Costs that are all equal leave nothing to bid for.
    solver.auction_down_to(1e-4 * (spread > 0 ? spread : 1), spread);
    const Index dropped = solver.drop_loose();
    solver.augment_all();
    return solver.result(dropped);
}

}  // namespace si
