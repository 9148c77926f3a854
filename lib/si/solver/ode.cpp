#include "si/solver/ode.hpp"

#include <array>
#include <cmath>

#include "si/solver/dopri5.hpp"
#include "si/solver/equal_steps.hpp"

namespace si {
namespace {

/// An explicit Runge-Kutta method: stage k starts at x + h (a[k][0] k_0 + ...), time t + c[k] h.
struct Tableau {
    int stages;
    std::array<std::array<double, 3>, 4> a;
    std::array<double, 4> b, c;
};

constexpr Tableau kEuler{1, {}, {1}, {0}};
constexpr Tableau kMidpoint{2, {{{}, {0.5}}}, {0, 1}, {0, 0.5}};
constexpr Tableau kHeun{2, {{{}, {1}}}, {0.5, 0.5}, {0, 1}};
constexpr Tableau kRk4{
    4, {{{}, {0.5}, {0, 0.5}, {0, 0, 1}}}, {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6}, {0, 0.5, 0.5, 1}};

void require_finite(const Matrix& x, double t) {
    require(x.allFinite(), Failure::check, "the state is not finite at t = ", t);
}

/// Step `i` of `steps` equal ones over the interval.
void step_of(const Tableau& method, const Drift& drift, const TimeInterval& interval, Index steps,
             Index i, Matrix& x, std::array<Matrix, 4>& k) {
    const double h = (interval.to - interval.from) / static_cast<double>(steps);
    const auto time = [&](double c) {
        return step_time(interval, steps, static_cast<double>(i) + c);
    };
    Vector times(x.cols());
    Matrix at;
    for (int stage = 0; stage < method.stages; ++stage) {
        const auto s = static_cast<std::size_t>(stage);
        at = x;
        for (std::size_t j = 0; j < s; ++j) {
            if (method.a[s][j] != 0) at += (h * method.a[s][j]) * k[j];
        }
        times.setConstant(time(method.c[s]));
        k[s].resize(x.rows(), x.cols());
        drift(times, at, k[s]);
    }
    for (int stage = 0; stage < method.stages; ++stage) {
        const auto s = static_cast<std::size_t>(stage);
        if (method.b[s] != 0) x += (h * method.b[s]) * k[s];
    }
    require_finite(x, time(1));
}

using OdeStepsSpec = EqualStepsSpec<100>;

template <const Tableau& Method>
OdeSolve equal_ode_steps(const OdeStepsSpec& spec) {
    return [spec](const Drift& drift, const TimeInterval& interval, Matrix x) {
        OdeResult result;
        std::array<Matrix, 4> stages;
        const Index steps = steps_over(interval, spec.steps);
        Index taken = 0;
        result.at_stops = walk(
            interval, steps, x,
            [&](Index i, double, double, Matrix& state) {
                step_of(Method, drift, interval, steps, i, state, stages);
                ++taken;
            },
            [&](Index, double t, double stop, Matrix& state) {
                step_of(Method, drift, {t, stop}, 1, 0, state, stages);
                ++taken;
            });
        result.evaluations.setConstant(x.cols(), static_cast<int>(taken * Method.stages));
        result.rejected.setZero(x.cols());
        result.x = std::move(x);
        return result;
    };
}

OdeSolve make_dopri5(const Dopri5Spec& spec) {
    return [spec](const Drift& drift, const TimeInterval& interval, Matrix x) {
        return dopri5(spec, drift, interval, std::move(x));
    };
}

constexpr auto kSolvers = std::to_array<OdeRow>({
    {"dopri5", "Dormand-Prince 5(4), with adaptive steps for each sample", spec_of<Dopri5Spec>, 5,
     from_json<make_dopri5>},
    {"rk4", "classical Runge-Kutta, four drifts per step", spec_of<OdeStepsSpec>, 4,
     from_json<equal_ode_steps<kRk4>>},
    {"heun", "explicit trapezoid, two drifts per step", spec_of<OdeStepsSpec>, 2,
     from_json<equal_ode_steps<kHeun>>},
    {"midpoint", "explicit midpoint, two drifts per step", spec_of<OdeStepsSpec>, 2,
     from_json<equal_ode_steps<kMidpoint>>},
    {"euler", "forward Euler, one drift per step", spec_of<OdeStepsSpec>, 1,
     from_json<equal_ode_steps<kEuler>>},
});

}  // namespace

Catalogue<OdeRow> ode_solvers() { return {"ODE solver", kSolvers}; }

OdeSolve euler_steps(Index steps) { return equal_ode_steps<kEuler>({steps}); }
OdeSolve heun_steps(Index steps) { return equal_ode_steps<kHeun>({steps}); }
OdeSolve rk4_steps(Index steps) { return equal_ode_steps<kRk4>({steps}); }

Index steps_over(const TimeInterval& interval, Index steps) {
    const double length = std::abs(interval.to - interval.from);
    if (length == 0) return 0;
    const double whole = interval.whole > 0 ? interval.whole : length;
    const double share = static_cast<double>(steps) * length / whole;
    return std::max<Index>(1, static_cast<Index>(std::ceil(share - 1e-9)));
}

double step_time(const TimeInterval& interval, Index steps, double k) {
    const double u = k / static_cast<double>(steps);
    return u >= 1 ? interval.to : interval.from + u * (interval.to - interval.from);
}

bool same_time(double a, double b) { return std::abs(a - b) <= 1e-12; }

}  // namespace si
