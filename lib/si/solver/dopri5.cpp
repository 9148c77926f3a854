#include "si/solver/dopri5.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace si {
namespace {

constexpr int kStages = 7;
constexpr std::array<double, kStages> kC{0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1, 1};
constexpr std::array<std::array<double, 6>, kStages> kA{{
    {},
    {1.0 / 5},
    {3.0 / 40, 9.0 / 40},
    {44.0 / 45, -56.0 / 15, 32.0 / 9},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
    {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84},
}};
/// Fifth-order weights minus fourth-order ones.
constexpr std::array<double, kStages> kError{
    71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40};

/// One batch. The first `active_` columns of everything have not reached the end.
class Run {
  public:
    Run(const Dopri5Spec& spec, const Drift& drift, const TimeInterval& interval, Matrix x)
        : spec_(spec),
          drift_(drift),
          go_on_(interval.on_compaction),
          goals_(interval.stops),
          x_(std::move(x)) {
        measured_ = x_.rows() - interval.unmeasured_rows;
        direction_ = interval.to >= interval.from ? 1 : -1;
        goals_.push_back(interval.to);
        const Index n = x_.cols();
        result_.at_stops.assign(interval.stops.size(), Matrix(x_.rows(), n));
        result_.x.resize(x_.rows(), n);
        result_.evaluations.setZero(n);
        result_.rejected.setZero(n);
        next_.resizeLike(x_);
        trial_.resizeLike(x_);
        for (Matrix& k : k_) k.resizeLike(x_);
        t_.setConstant(n, interval.from);
        stage_time_.resize(n);
        h_.resize(n);
        step_.resize(n);
        columns_.resize(static_cast<std::size_t>(n));
        for (Index j = 0; j < n; ++j) {
            columns_[static_cast<std::size_t>(j)] = {.origin = j};
        }
        active_ = n;
    }

    OdeResult run() {
        retire();  // stops at the very start, or nowhere to go
        if (active_ > 0) first_steps();
        while (active_ > 0) {
            attempt();
            judge();
            retire();
        }
        return std::move(result_);
    }

  private:
    struct Column {
        Index origin = 0;      // place in the result
        std::size_t goal = 0;  // index of the next stop
        double last_error = 1e-4;
        bool after_rejection = false;
        bool arrived = false;  // stands on its goal
        Index steps = 0;
    };

    Column& column(Index j) { return columns_[static_cast<std::size_t>(j)]; }
    double remaining(Index j) { return std::abs(goals_[column(j).goal] - t_[j]); }

    void evaluate(const Vector& times, const Matrix& at, Matrix& k) {
        drift_(times.head(active_), at.leftCols(active_), k.leftCols(active_));
        for (Index j = 0; j < active_; ++j) ++result_.evaluations[column(j).origin];
    }

    /// Root mean square of `v` in units of the tolerance at the sizes of x and y.
    template <class V>
    double scaled_norm(const V& v, Index j, const Matrix& y) const {
        const auto size =
            x_.col(j).head(measured_).cwiseAbs().cwiseMax(y.col(j).head(measured_).cwiseAbs());
        const auto tolerance = spec_.atol + spec_.rtol * size.array();
        return std::sqrt((v.head(measured_).array() / tolerance).square().mean());
    }

    /// Hairer, Norsett and Wanner, II.4: from the sizes of x, dx/dt and an estimate of its change.
    void first_steps() {
        evaluate(t_, x_, k_[0]);
        Vector guess(active_);
        for (Index j = 0; j < active_; ++j) {
            const double d0 = scaled_norm(x_.col(j), j, x_), d1 = scaled_norm(k_[0].col(j), j, x_);
            const double h = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1;
            require(std::isfinite(d0) && std::isfinite(d1), Failure::check,
                    "dopri5: x and its drift are not finite, in units of the tolerance, at t = ",
                    t_[j]);
            guess[j] = std::min(h, remaining(j));
            trial_.col(j) = x_.col(j) + direction_ * guess[j] * k_[0].col(j);
            stage_time_[j] = t_[j] + direction_ * guess[j];
        }
        evaluate(stage_time_, trial_, k_[1]);
        for (Index j = 0; j < active_; ++j) {
            const double d1 = scaled_norm(k_[0].col(j), j, x_);
            const double d2 = scaled_norm(k_[1].col(j) - k_[0].col(j), j, x_) / guess[j];
            const double most = std::max(d1, d2);
            const double h =
                most <= 1e-15 ? std::max(1e-6, guess[j] * 1e-3) : std::pow(0.01 / most, 0.2);
            h_[j] = std::min(100 * guess[j], h);
            if (!std::isfinite(h_[j])) h_[j] = guess[j];
        }
    }

    /// One step of every column: lands on the goal when it is near, and never leaves a sliver.
    void attempt() {
        for (Index j = 0; j < active_; ++j) {
            const double left = remaining(j);
            column(j).arrived = h_[j] >= left;
            step_[j] = direction_ * (column(j).arrived  ? left
                                     : h_[j] > left / 2 ? left / 2
                                                        : h_[j]);
        }
        for (std::size_t s = 1; s < kStages; ++s) {
            for (Index j = 0; j < active_; ++j) {
                auto to = (s + 1 < kStages ? trial_ : next_).col(j);
                to = x_.col(j);
                for (std::size_t i = 0; i < s; ++i) {
                    if (kA[s][i] != 0) to += (step_[j] * kA[s][i]) * k_[i].col(j);
                }
                stage_time_[j] = kC[s] < 1 ? t_[j] + kC[s] * step_[j] : landing(j);
            }
            evaluate(stage_time_, s + 1 < kStages ? trial_ : next_, k_[s]);
        }
    }

    double landing(Index j) {
        return column(j).arrived ? goals_[column(j).goal] : t_[j] + step_[j];
    }

    /// Accepts or rejects the step of every column and chooses the next one.
    void judge() {
        Vector error(x_.rows());
        for (Index j = 0; j < active_; ++j) {
            Column& c = column(j);
            error.setZero();
            for (std::size_t s = 0; s < kStages; ++s) {
                if (kError[s] != 0) error += (step_[j] * kError[s]) * k_[s].col(j);
            }
            const double size = scaled_norm(error, j, next_);
            require(++c.steps <= spec_.max_steps, Failure::check, "dopri5: ", spec_.max_steps,
                    " steps were not enough (t = ", t_[j], "); raise max_steps or the tolerances");
            const double taken = std::abs(step_[j]);
            if (size <= 1) {
                const double e = std::max(size, 1e-10);
                double growth = 0.9 * std::pow(e, -0.17) * std::pow(c.last_error, 0.04);
                growth = std::clamp(growth, 0.2, c.after_rejection ? 1.0 : 10.0);
                const double proposed = taken * growth;
                h_[j] =
                    taken < h_[j] ? std::max(proposed, h_[j]) : proposed;  // cut short is not small
                c.last_error = std::max(size, 1e-4);
                c.after_rejection = false;
                t_[j] = landing(j);
                x_.col(j) = next_.col(j);
                k_[0].col(j) = k_[6].col(j);
            } else {
                const double shrink =
                    std::isfinite(size) ? std::max(0.2, 0.9 * std::pow(size, -0.2)) : 0.2;
                h_[j] = taken * shrink;
                c.after_rejection = true;
                c.arrived = false;
                ++result_.rejected[c.origin];
                require(h_[j] > 1e-14, Failure::check,
                        "dopri5: the step size underflows at t = ", t_[j],
                        "; the drift is not finite or not smooth there");
            }
        }
    }

    /// Records columns that stand on a stop, and drops those at the end.
    void retire() {
        Index kept = 0;
        for (Index j = 0; j < active_; ++j) {
            Column& c = column(j);
            while (c.goal < goals_.size() && t_[j] == goals_[c.goal]) {
                auto& place = c.goal + 1 < goals_.size() ? result_.at_stops[c.goal] : result_.x;
                place.col(c.origin) = x_.col(j);
                ++c.goal;
            }
            if (c.goal == goals_.size()) continue;
            if (kept != j) {
                x_.col(kept) = x_.col(j);
                k_[0].col(kept) = k_[0].col(j);
                t_[kept] = t_[j];
                h_[kept] = h_[j];
                column(kept) = c;
            }
            ++kept;
        }
        if (kept < active_ && kept > 0 && go_on_) {
            std::vector<Index> columns;
            for (Index j = 0; j < kept; ++j) columns.push_back(column(j).origin);
            go_on_(columns);
        }
        active_ = kept;
    }

    const Dopri5Spec& spec_;
    const Drift& drift_;
    const std::function<void(const std::vector<Index>&)>& go_on_;
    std::vector<double> goals_;
    double direction_ = 1;
    Index active_ = 0, measured_ = 0;
    Matrix x_, next_, trial_;
    std::array<Matrix, kStages> k_;
    Vector t_, stage_time_, h_, step_;
    std::vector<Column> columns_;
    OdeResult result_;
};

}  // namespace

OdeResult dopri5(const Dopri5Spec& spec, const Drift& drift, const TimeInterval& interval,
                 Matrix x) {
    return Run(spec, drift, interval, std::move(x)).run();
}

}  // namespace si
