#include "si/flow/estimators.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "si/solver/sampler.hpp"

namespace si {
namespace {

/// Times t_0 .. t_N of a path.
class Grid {
  public:
    /// Equal steps, formed as those of the sampler.
    static Grid equal(const PathSetting& setting) {
        Grid grid;
        for (Index k = 0; k <= setting.steps; ++k) {
            const double u = static_cast<double>(k) / static_cast<double>(setting.steps);
            grid.times_.push_back(setting.from + u * (setting.to - setting.from));
        }
        grid.times_.back() = setting.to;
        return grid;
    }

    /// A path that stays off 0 or 1 does so because the score breaks down there, as errors of
    /// s = -eta / gamma do. Towards such an end, steps shrink with the distance from it: those at
    /// t have the density G', G = t + w log t - w log(1 - t), so far as both ends are such.
    static Grid graded(const PathSetting& setting) {
        constexpr double width = 0.1;
        const auto [low, high] = std::minmax(setting.from, setting.to);
        const bool at_zero = low > 0, at_one = high < 1;
        if (!at_zero && !at_one) return equal(setting);
        const auto cumulative = [=](double t) {
            return t + (at_zero ? width * std::log(t) : 0) - (at_one ? width * std::log1p(-t) : 0);
        };
        Grid grid = equal(setting);
        const double start = cumulative(setting.from), end = cumulative(setting.to);
        for (Index k = 1; k < setting.steps; ++k) {
            const double u = static_cast<double>(k) / static_cast<double>(setting.steps);
            double below = low, above = high;  // G rises with t
            for (int halving = 0; halving < 60; ++halving) {
                const double middle = (below + above) / 2;
                (cumulative(middle) < start + u * (end - start) ? below : above) = middle;
            }
            grid.times_[static_cast<std::size_t>(k)] = below;
        }
        return grid;
    }

    double operator[](Index k) const { return times_[static_cast<std::size_t>(k)]; }
    double middle(Index k) const { return ((*this)[k] + (*this)[k + 1]) / 2; }
    /// Variance of the noise of step k: 2 |h| epsilon, epsilon by the trapezoid.
    double variance(const Epsilon& epsilon, Index k) const {
        const double t = (*this)[k], to = (*this)[k + 1];
        return std::abs(to - t) * (epsilon(t) + epsilon(to));
    }

  private:
    std::vector<double> times_;
};

double direction(const PathSetting& setting) { return setting.to > setting.from ? 1 : -1; }

// Sums in one order, wherever a column stands in memory.
double dot(ConstMatrix a, ConstMatrix b, Index j) {
    double sum = 0;
    for (Index i = 0; i < a.rows(); ++i) sum += a(i, j) * b(i, j);
    return sum;
}

/// What noise of this variance does at time t to the state (x, log w); `normals` (d, n) drive it.
using Move = std::function<void(double t, double variance, Matrix& normals, Matrix& state)>;

/// The flow of (x, log w) for half a step, the noise of a step, half a step of the flow.
/// Neighbouring halves of the flow are one step.
PathWeights split_steps(const PathSetting& setting, const Drift& flow, const Move& move,
                        Matrix& x) {
    const OdeSolve one_step = heun_steps(1);
    const Grid grid = Grid::graded(setting);
    const Index d = x.rows();
    PathWeights result;
    Matrix state(d + 1, x.cols()), normals(d, x.cols());
    state.topRows(d) = x;
    state.row(d).setZero();
    double t = setting.from;
    const auto go = [&](double to) {
        auto leg = one_step(flow, {t, to}, std::move(state));
        state = std::move(leg.x);
        result.evaluations += 2;
        t = to;
    };
    for (Index k = 0; k < setting.steps; ++k) {
        go(grid.middle(k));
        const double variance = grid.variance(setting.epsilon, k);
        if (variance == 0) continue;
        setting.increments(k, normals);
        move(t, variance, normals, state);
    }
    go(setting.to);
    x = state.topRows(d);
    result.log_weight = state.row(d).transpose();
    return result;
}

WeighPaths tilted(const NoSettings&) {
    return [](const PathSetting& setting, Matrix& x) {
        constexpr int leaps = 2;
        FieldValues values;
        const Index d = x.rows();
        Index scores = 0;
        const Move move = [&](double t, double variance, Matrix& momentum, Matrix& state) {
            const Vector times = Vector::Constant(momentum.cols(), t);
            const double leap = std::sqrt(variance) / leaps;
            for (Index j = 0; j < momentum.cols(); ++j) {
                state(d, j) += dot(momentum, momentum, j) / 2;
            }
            for (int i = 0; i <= leaps; ++i) {
                setting.evaluate(times, state.topRows(d), kS, values);
                momentum += (i == 0 || i == leaps ? leap / 2 : leap) * values.s;
                if (i < leaps) state.topRows(d) += leap * momentum;
                ++scores;
            }
            for (Index j = 0; j < momentum.cols(); ++j) {
                state(d, j) -= dot(momentum, momentum, j) / 2;
            }
        };
        auto result = split_steps(setting, velocity(setting.evaluate, d, values), move, x);
        result.evaluations += scores;
        return result;
    };
}

WeighPaths feynman_kac(const NoSettings&) {
    return [](const PathSetting& setting, Matrix& x) {
        FieldValues values;
        const Index d = x.rows();
        const double sign = direction(setting);
        const Drift flow = [&](ConstVector t, ConstMatrix y, MatrixRef dy) {
            const double e = t.size() > 0 ? setting.epsilon(t[0]) : 0;
            setting.evaluate(t, y.topRows(d), kB | kS | kDivB | kDivS, values);
            dy.topRows(d) = values.b - (sign * e) * values.s;
            dy.row(d) = (values.div_b - (sign * e) * values.div_s).transpose();
        };
        const Move move = [d](double, double variance, Matrix& normals, Matrix& state) {
            state.topRows(d) += std::sqrt(variance) * normals;
        };
        return split_steps(setting, flow, move, x);
    };
}

WeighPaths chain(const NoSettings&) {
    return [](const PathSetting& setting, Matrix& x) {
        const Grid grid = Grid::equal(setting);
        FieldValues here, there;
        const auto evaluate = [&](double t, FieldValues& out) {
            setting.evaluate(Vector::Constant(x.cols(), t), x, kB | kS, out);
        };
        PathWeights result{Vector::Zero(x.cols()), setting.steps + 1};
        Matrix noise(x.rows(), x.cols()), back;
        evaluate(setting.from, here);
        for (Index k = 0; k < setting.steps; ++k) {
            const double t = grid[k], to = grid[k + 1], h = to - t;
            const double variance = grid.variance(setting.epsilon, k);
            require(variance > 0, Failure::usage,
                    "the chain needs noise in every step; epsilon is 0 at t = ", t);
            setting.increments(k, noise);
            noise *= std::sqrt(variance);
            back = x;
            x += h * here.b + (std::abs(h) * setting.epsilon(t)) * here.s + noise;
            require(x.allFinite(), Failure::check, "the state is not finite at t = ", to);
            evaluate(to, there);
            // What the model's step from there would have to draw to come back to where we were.
            back -= x - h * there.b + (std::abs(h) * setting.epsilon(to)) * there.s;
            for (Index j = 0; j < x.cols(); ++j) {
                result.log_weight[j] +=
                    (dot(noise, noise, j) - dot(back, back, j)) / (2 * variance);
            }
            std::swap(here, there);
        }
        return result;
    };
}

constexpr auto kEstimators = std::to_array<EstimatorRow>({
    {"tilted", "paths of the reversed SDE, weighted by Girsanov's theorem", spec_of<NoSettings>,
     kB | kS | kDivB, false, false, from_json<tilted>},
    {"chain", "the Euler-Maruyama sampler itself, by importance sampling; no divergence",
     spec_of<NoSettings>, kB | kS, false, true, from_json<chain>},
    {"feynman-kac", "paths of the model's own drift; for small dimensions only",
     spec_of<NoSettings>, kB | kS | kDivB | kDivS, false, false, from_json<feynman_kac>},
    {"elbo", "a lower bound, the mean logarithm of the tilted weights", spec_of<NoSettings>,
     kB | kS | kDivB, true, false, from_json<tilted>},
});

}  // namespace

Catalogue<EstimatorRow> estimators() { return {"estimator", kEstimators}; }

}  // namespace si
