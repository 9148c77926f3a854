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
        StepNoise drawn{noise, Draws, {}, {}};
        const Index d = x.rows(), n = x.cols(), steps = steps_over(interval, spec.steps);
        const double h = (interval.to - interval.from) / static_cast<double>(steps);
        const auto variance = [&](double length, double t, double to) {
            const double end = At == EpsilonAt::start ? epsilon(t) : epsilon(to);
            return std::abs(length) * (epsilon(t) + end);  // 2 |h| times the mean
        };
        const auto advance = [&](double t, double to, double length, Matrix& state) {
            Advance(drift_at, t, to, length, drawn.normals, state);
            require(state.allFinite(), Failure::check, "the state is not finite at t = ", to);
            result.evaluations += Evaluations;
        };
        result.at_stops = walk(
            interval, steps, x,
            [&](Index k, double t, double to, Matrix& state) {
                drawn.fill(k, variance(h, t, to), d, n);
                advance(t, to, h, state);
            },
            [&](Index k, double t, double stop, Matrix& state) {
                const double to = step_time(interval, steps, static_cast<double>(k + 1));
                drawn.fill_part(k, variance(h, t, to), variance(stop - t, t, stop), d, n);
                advance(t, stop, stop - t, state);
            });
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
