#include "si/solver/sde.hpp"

#include <array>
#include <cmath>

namespace si {
namespace {

/// What a step works with: drift at one time for all columns, scratch, noise of this step.
struct Stepper {
    const Drift& drift;
    Vector times;
    Matrix k1, k2, at;

    void operator()(double t, const Matrix& x, Matrix& out) {
        times.setConstant(x.cols(), t);
        out.resizeLike(x);
        drift(times, x, out);
    }
};

/// One step from t to t + h; `noise` is N(0, 2 |h| epsilon), epsilon by the trapezoid.
using Step = void (*)(Stepper& f, double t, double to, double h, const Matrix& noise, Matrix& x);

void euler_maruyama(Stepper& f, double t, double, double h, const Matrix& noise, Matrix& x) {
    f(t, x, f.k1);
    x += h * f.k1;
    x += noise;
}

/// The same increment in predictor and corrector: weak order 2 for additive noise. Adding it
/// before both, or after both, would be of order 1. Terms are added in the order of the ODE's
/// step, so that without noise the two agree to the last bit.
void heun(Stepper& f, double t, double to, double h, const Matrix& noise, Matrix& x) {
    f(t, x, f.k1);
    f.at = x + h * f.k1;
    f.at += noise;
    f(to, f.at, f.k2);
    x += (h / 2) * f.k1;
    x += (h / 2) * f.k2;
    x += noise;
}

/// Half the noise, a Heun step of the drift, the other half: two independent draws a step.
void strang(Stepper& f, double t, double to, double h, const Matrix& noise, Matrix& x) {
    const Index n = x.cols();
    x += noise.leftCols(n);
    f(t, x, f.k1);
    f.at = x + h * f.k1;
    f(to, f.at, f.k2);
    x += (h / 2) * f.k1;
    x += (h / 2) * f.k2;
    x += noise.rightCols(n);
}

struct SdeStepsSpec {
    Index steps = 500;
    static constexpr auto fields() {
        return std::tuple{
            field("steps", &SdeStepsSpec::steps, "Equal steps from end to end", kPositive)};
    }
};

/// `Draws` independent increments a step, side by side, of equal variance.
template <Step Advance, int Draws, int Evaluations>
SdeSolve equal_steps(const SdeStepsSpec& spec) {
    return [spec](const Drift& drift, const Epsilon& epsilon, const Increments& increments,
                  const TimeInterval& interval, Matrix x) {
        SdeResult result;
        Stepper stepper{drift, {}, {}, {}, {}};
        Matrix noise(x.rows(), Draws * x.cols());
        const double length = std::abs(interval.to - interval.from);
        double t = interval.from;
        const auto travel = [&](double end) {
            if (end == t) return;
            const double start = t,
                         share = static_cast<double>(spec.steps) * std::abs(end - t) / length;
            const auto steps = std::max<Index>(1, static_cast<Index>(std::ceil(share - 1e-9)));
            const double h = (end - start) / static_cast<double>(steps);
            for (Index i = 0; i < steps; ++i, ++result.steps) {
                const auto u = static_cast<double>(i + 1) / static_cast<double>(steps);
                const double to = i + 1 == steps ? end : start + u * (end - start);
                const double variance =
                    std::abs(h) * (epsilon(t) + epsilon(to));  // 2 |h| times the mean
                if (variance > 0) {
                    for (int k = 0; k < Draws; ++k) {
                        increments(result.steps * Draws + k,
                                   noise.middleCols(k * x.cols(), x.cols()));
                    }
                    noise *= std::sqrt(variance / Draws);
                } else {
                    noise.setZero();
                }
                Advance(stepper, t, to, h, noise, x);
                require(x.allFinite(), Failure::check, "the state is not finite at t = ", to);
                t = to;
            }
        };
        for (const double stop : interval.stops) {
            travel(stop);
            result.at_stops.push_back(x);
        }
        travel(interval.to);
        result.evaluations = result.steps * Evaluations;
        result.x = std::move(x);
        return result;
    };
}

constexpr auto kSteps = std::to_array<SdeRow>({
    {"heun", "stochastic Heun, the same increment in predictor and corrector",
     spec_of<SdeStepsSpec>, 2, from_json<equal_steps<heun, 1, 2>>},
    {"strang", "half the noise, a Heun step, half the noise", spec_of<SdeStepsSpec>, 2,
     from_json<equal_steps<strang, 2, 2>>},
    {"euler-maruyama", "the simplest step", spec_of<SdeStepsSpec>, 1,
     from_json<equal_steps<euler_maruyama, 1, 1>>},
});

}  // namespace

Catalogue<SdeRow> sde_steps() { return {"SDE step", kSteps}; }

}  // namespace si
