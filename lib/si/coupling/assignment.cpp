#include "si/coupling/assignment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "si/base/error.hpp"

namespace si {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Index kNobody = -1;

class Solver {
  public:
    explicit Solver(ConstMatrix cost)
        : cost_(cost), n_(cost.cols()), price_(Vector::Zero(n_)), owner_(n_), thing_(n_) {
        require(n_ > 0 && cost.rows() == n_, Failure::data,
                "a matching needs as many points on both sides; there are ", n_, " and ",
                cost.rows());
        require(cost.allFinite(), Failure::data, "costs must be finite");
        const double mean = cost.mean();
        spread_ = std::sqrt((cost.array() - mean).square().mean());
    }

    double spread() const { return spread_; }

    /// From coarse to fine: prices of one round are a good start for the next.
    void auction_down_to(double last) {
        for (double increment = std::max(4 * spread_, last);; increment = increment / 5) {
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
            if (cost_(j, i) + price_[j] <= u_[i]) continue;
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

    Assignment result(Index augmentations) const {
        Assignment best{thing_, 0, Vector(n_), -price_, augmentations};
        for (Index i = 0; i < n_; ++i) {
            best.cost += cost_(thing_[at(i)], i);
            best.u[i] = (cost_.col(i) + price_).minCoeff();
        }
        return best;
    }

  private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    /// One auction from no owners: each person in turn takes its best thing, and raises its price
    /// until the second best would do as well but for the increment.
    void bid(double increment) {
        std::fill(owner_.begin(), owner_.end(), kNobody);
        std::vector<Index> waiting(at(n_));
        for (Index i = 0; i < n_; ++i) waiting[at(i)] = n_ - 1 - i;
        while (!waiting.empty()) {
            const Index i = waiting.back();
            waiting.pop_back();
            const double* c = cost_.col(i).data();
            double best = kInfinity, second = kInfinity;
            Index j = 0;
            for (Index k = 0; k < n_; ++k) {
                const double value = c[k] + price_[k];
                if (value >= second) continue;
                if (value < best) {
                    second = best;
                    best = value;
                    j = k;
                } else {
                    second = value;
                }
            }
            const double raise = (n_ > 1 ? second - best : 0) + increment;
            // An increment below the last digit of a price would raise it by nothing, for ever.
            price_[j] = std::max(price_[j] + raise, std::nextafter(price_[j], kInfinity));
            if (owner_[at(j)] != kNobody) waiting.push_back(owner_[at(j)]);
            owner_[at(j)] = i;
            thing_[at(i)] = j;
        }
    }

    /// Dijkstra from a free person over reduced costs C(j, i) + price_j - u_i >= 0 to the nearest
    /// free thing; then prices along the way, and the matches, are turned.
    void augment(Index person) {
        distance_.setConstant(n_, kInfinity);
        from_.assign(at(n_), person);
        open_.resize(at(n_));
        for (Index j = 0; j < n_; ++j) open_[at(j)] = j;
        closed_.clear();
        Index i = person, end = kNobody;
        double reached = 0;
        while (end == kNobody) {
            const double* c = cost_.col(i).data();
            const double shift = reached - u_[i];
            double nearest = kInfinity;
            std::size_t place = 0;
            for (std::size_t k = 0; k < open_.size(); ++k) {
                const Index j = open_[k];
                const double way = std::max(c[j] + price_[j] + shift, reached);
                if (way < distance_[j]) {
                    distance_[j] = way;
                    from_[at(j)] = i;
                }
                if (distance_[j] < nearest) {
                    nearest = distance_[j];
                    place = k;
                }
            }
            const Index j = open_[place];
            open_[place] = open_.back();
            open_.pop_back();
            reached = nearest;
            if (owner_[at(j)] == kNobody) {
                end = j;
            } else {
                closed_.push_back(j);
                i = owner_[at(j)];
            }
        }
        u_[person] += reached;
        for (const Index j : closed_) {
            const double back = reached - distance_[j];
            price_[j] += back;
            u_[owner_[at(j)]] += back;
        }
        for (Index j = end; j != kNobody;) {
            const Index who = from_[at(j)];
            const Index before = thing_[at(who)];
            owner_[at(j)] = who;
            thing_[at(who)] = j;
            j = who == person ? kNobody : before;
        }
    }

    ConstMatrix cost_;
    Index n_;
    Vector price_, u_, distance_;
    std::vector<Index> owner_, thing_, from_, open_, closed_;
    double spread_ = 0;
};

}  // namespace

Assignment auction(ConstMatrix cost, double last) {
    require(last > 0, Failure::usage, "the increment of an auction must be positive, is ", last);
    Solver solver(cost);
    solver.auction_down_to(last);
    return solver.result(0);
}

Assignment assign(ConstMatrix cost) {
    Solver solver(cost);
    // Costs that are all equal leave nothing to bid for.
    const double scale = solver.spread() > 0 ? solver.spread() : 1;
    solver.auction_down_to(1e-4 * scale);
    const Index dropped = solver.drop_loose();
    solver.augment_all();
    return solver.result(dropped);
}

}  // namespace si
