#include "si/solver/sde.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "si/random/draw.hpp"
#include "si/solver/equal_steps.hpp"
#include "si/solver/step_noise.hpp"

namespace si {
namespace {

/// How stiff the drift is over the steps: how much it changes from one look to the next, against
/// how far the state should have moved. For a coordinate that relaxes at the rate L it is h L, and
/// explicit steps are stable up to h L = 2 only; beyond, what they make is wider than it should be.
class Stiffness {
  public:
    /// The drift went from `before` to `after` over a step of length h, while the state moved by
    /// h before and noise of this variance.
    void look(double t, double h, double variance, const Matrix& before, const Matrix& after) {
        const auto n = static_cast<double>(before.cols());
        changed_ = h * h * (after - before).rowwise().squaredNorm() / n;
        moved_ = h * h * before.rowwise().squaredNorm() / n;
        moved_.array() += variance + kSmall * kSmall;
        const Vector ratios = (changed_.array() / moved_.array()).sqrt();
        const double ratio = ratios.maxCoeff();
        // The ratio of one column is random: its square is like chi^2 of n over n.
        const double limit = kStable * std::sqrt(1 + 5 * std::sqrt(2 / n));
        const Vector larger =
            (after.rowwise().squaredNorm().array() / before.rowwise().squaredNorm().array()).sqrt();
        grow(t, ratios, limit, larger);
        if (ratio <= limit) {
            worst_ = 0;
            return;
        }
        if (worst_ == 0) first_ = t;
        worst_ = std::max(worst_, std::isfinite(ratio) ? ratio : kStable);
    }

    /// Of the last steps, and of those before them that the steps since then did not make good.
    std::optional<Unresolved> of_last(Index steps) const {
        const bool off = growth_.size() > 0 && growth_.maxCoeff() > kForgotten;
        if (worst_ == 0 && !off) return std::nullopt;
        const double enough = static_cast<double>(steps) * std::max(worst_, worst_ever_);
        const double power = std::pow(10.0, std::floor(std::log10(enough)));
        return Unresolved{worst_ > 0 ? first_ : grows_from_, std::ceil(enough / power) * power};
    }

  private:
    /// A step that is too long for a drift towards a narrow place leads beyond it, to where the
    /// drift is `larger`: what is off grows as that does, or as its square in a step of second
    /// order. (Next to a pole in time the drift changes as much, and falls.) A step that is short
    /// enough draws what is off together by about 1 - ratio + ratio^2 / 2.
    void grow(double t, const Vector& ratios, double limit, const Vector& larger) {
        if (growth_.size() == 0) growth_.setZero(ratios.size());
        if (growth_.maxCoeff() <= kForgotten) grows_from_ = t, worst_ever_ = 0;
        for (Index i = 0; i < ratios.size(); ++i) {
            const double ratio = ratios[i];
            if (ratio > limit && larger[i] > 1 && std::isfinite(larger[i])) {
                growth_[i] += 2 * std::log(larger[i]);
                worst_ever_ = std::max(worst_ever_, std::isfinite(ratio) ? ratio : kStable);
            } else if (ratio < kStable) {
                const double drawn = std::log(1 - ratio + ratio * ratio / 2);
                growth_[i] = std::max(0.0, growth_[i] + drawn);
            }
        }
    }

    static constexpr double kStable = 2;
    /// Moves below this part of the scale of the model do no harm.
    static constexpr double kSmall = 1e-3;
    Vector changed_, moved_;
    double worst_ = 0, first_ = 0;
    /// Logarithm of how much larger an error of unresolved steps is by now, for each coordinate.
    Vector growth_;
    double worst_ever_ = 0, grows_from_ = 0;
    static constexpr double kForgotten = 0.05;
};

/// The drift at one time for all columns, and the scratch memory of a step.
struct DriftAt {
    const Drift& drift;
    Vector times;
    Matrix k1, k2, at;

    void operator()(double t, const Matrix& x, Matrix& out) {
        times.setConstant(x.cols(), t);
        out.resizeLike(x);
        drift(times, x, out);
    }
};

/// One step from t to t + h; `noise` is N(0, 2 |h| epsilon).
using Step = void (*)(DriftAt& f, double t, double to, double h, const Matrix& noise, Matrix& x);

void euler_maruyama(DriftAt& f, double t, double, double h, const Matrix& noise, Matrix& x) {
    f(t, x, f.k1);
    x += h * f.k1;
    x += noise;
}

/// The same increment in predictor and corrector: weak order 2 for additive noise. Adding it
/// before both, or after both, would be of order 1. Terms are added in the order of the ODE's
/// step, so that without noise the two agree to the last bit.
void heun(DriftAt& f, double t, double to, double h, const Matrix& noise, Matrix& x) {
    f(t, x, f.k1);
    f.at = x + h * f.k1;
    f.at += noise;
    f(to, f.at, f.k2);
    x += (h / 2) * f.k1;
    x += (h / 2) * f.k2;
    x += noise;
}

/// Half the noise, a Heun step of the drift, the other half: two independent draws a step.
void strang(DriftAt& f, double t, double to, double h, const Matrix& noise, Matrix& x) {
    const Index n = x.cols();
    x += noise.leftCols(n);
    f(t, x, f.k1);
    f.at = x + h * f.k1;
    f(to, f.at, f.k2);
    x += (h / 2) * f.k1;
    x += (h / 2) * f.k2;
    x += noise.rightCols(n);
}

using SdeStepsSpec = EqualStepsSpec<500>;

/// `Draws` independent increments per step, side by side, of equal variance: epsilon is taken by
/// the trapezoid, or at the start of the step by a method that looks at nothing else.
enum class EpsilonAt { trapezoid, start };
template <Step Advance, int Draws, int Evaluations, EpsilonAt At = EpsilonAt::trapezoid>
SdeSolve equal_sde_steps(const SdeStepsSpec& spec) {
    return [spec](const Drift& drift, const Epsilon& epsilon, const Noise& noise,
                  const TimeInterval& interval, Matrix x) {
        SdeResult result;
        DriftAt drift_at{drift, {}, {}, {}, {}};
        Stiffness stiffness;
        StepNoise drawn{noise, Draws, {}, {}};
        const Index d = x.rows(), n = x.cols(), steps = steps_over(interval, spec.steps);
        const double h = (interval.to - interval.from) / static_cast<double>(steps);
        const auto variance = [&](double length, double t, double to) {
            const double end = At == EpsilonAt::start ? epsilon(t) : epsilon(to);
            return std::abs(length) * (epsilon(t) + end);  // 2 |h| times the mean
        };
        const auto advance = [&](double t, double to, double length, Matrix& state) {
            Advance(drift_at, t, to, length, drawn.normals, state);
            if (!state.allFinite()) require_resolved(stiffness.of_last(spec.steps));
            require(state.allFinite(), Failure::check, "the state is not finite at t = ", to);
            result.evaluations += Evaluations;
        };
        // A step that looks once is compared with the one before.
        Matrix last;
        double last_variance = 0;
        const auto watch = [&](double t, double to) {
            const double all = variance(h, t, to);
            if (Evaluations == 2) {
                stiffness.look(t, h, Draws == 1 ? all : 0, drift_at.k1, drift_at.k2);
                return;
            }
            if (last.size() > 0) stiffness.look(t, h, last_variance, last, drift_at.k1);
            last.swap(drift_at.k1);
            last_variance = all;
        };
        result.at_stops = walk(
            interval, steps, x,
            [&](Index k, double t, double to, Matrix& state) {
                drawn.fill(k, variance(h, t, to), d, n);
                advance(t, to, h, state);
                watch(t, to);
            },
            [&](Index k, double t, double stop, Matrix& state) {
                const double to = step_time(interval, steps, static_cast<double>(k + 1));
                drawn.fill_part(k, variance(h, t, to), variance(stop - t, t, stop), d, n);
                advance(t, stop, stop - t, state);
            });
        result.unresolved = stiffness.of_last(spec.steps);
        result.steps = steps;
        result.increments = steps * Draws;
        result.x = std::move(x);
        return result;
    };
}

constexpr auto kSteps = std::to_array<SdeRow>({
    {"heun", "stochastic Heun, the same increment in predictor and corrector",
     spec_of<SdeStepsSpec>, 2, from_json<equal_sde_steps<heun, 1, 2>>},
    {"strang", "Strang splitting: half the noise, a Heun step, half the noise",
     spec_of<SdeStepsSpec>, 2, from_json<equal_sde_steps<strang, 2, 2>>},
    {"euler-maruyama", "the simplest step", spec_of<SdeStepsSpec>, 1,
     from_json<equal_sde_steps<euler_maruyama, 1, 1, EpsilonAt::start>>},
});

}  // namespace

void require_resolved(const std::optional<Unresolved>& part) {
    if (!part) return;
    throw Error(Failure::check,
                text("the steps are too long for this noise from t = ", part->from,
                     " on, where the density is narrow; take the sampler multistep, "
                     "less noise, or about ",
                     part->enough, " steps"));
}

Noise noise_of(std::uint64_t seed, Index first) {
    const auto of = [seed, first](Purpose purpose) -> Increments {
        return [=](Index index, MatrixRef out) {
            require(index <= std::numeric_limits<std::uint32_t>::max(), Failure::usage,
                    "so many steps have no random numbers of their own; take fewer");
            fill_normal({seed, purpose, static_cast<std::uint32_t>(index)}, first, out);
        };
    };
    return {of(Purpose::noise), of(Purpose::inside)};
}

Catalogue<SdeRow> sde_steps() { return {"SDE step", kSteps}; }

}  // namespace si
