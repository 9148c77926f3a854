#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/base/types.hpp"

// Solvers of ODEs as a table. A new Runge-Kutta method is one row.

namespace si {

/// The rule of numbers of steps: no computer takes more in a lifetime, and the number of each step
/// stays exact as a double.
inline constexpr Rule kStepCount{[](double v) { return v >= 1 && v <= 1e12; }, "from 1 to 1e12"};

/// dx/dt of every column of x (d, n), each at its own time t (n).
using Drift = std::function<void(ConstVector t, ConstMatrix x, MatrixRef dx)>;

/// From one time to another, forward or backward, with times on the way at which the state is
/// wanted; those lie between the ends, in the order of travel. Methods of equal steps answer them
/// by a shorter step that leads to nothing else, so that asking changes no result; an adaptive one
/// lands on them.
struct TimeInterval {
    double from = 0, to = 1;
    std::vector<double> stops = {};
    /// Length of the way that this is a leg of, over which equal steps are counted: a leg takes its
    /// share of them, rounded up. 0: it is the whole way.
    double whole = 0;
    Index unmeasured_rows = 0;  ///< last rows of the state, which no choice of step size looks at
    /// Called when columns have arrived and are left out from now on, with the numbers that the
    /// others began with.
    std::function<void(const std::vector<Index>& columns)> on_compaction = {};
};

struct OdeResult {
    Matrix x;                      ///< at the end
    std::vector<Matrix> at_stops;  ///< one for each stop
    Eigen::VectorXi evaluations;   ///< of the drift, for each column
    Eigen::VectorXi rejected;      ///< steps tried again, for each column
};

/// Integrates every column of x from interval.from to interval.to. Never asks for the drift at a
/// time outside the interval, and lands on stops and end exactly. What happens to a column does
/// not depend on the others. Throws Failure::check when the state leaves the finite numbers or
/// the step size underflows.
using OdeSolve =
    std::function<OdeResult(const Drift& drift, const TimeInterval& interval, Matrix x)>;

struct OdeRow {
    std::string_view name, summary;
    SpecInfo spec;
    int order;
    OdeSolve (*make)(const Json& settings);
};

/// Solvers of equal steps, and adaptive ones with steps of each column's own.
Catalogue<OdeRow> ode_solvers();

/// `steps` equal steps of a method of ode_solvers().
OdeSolve euler_steps(Index steps);
OdeSolve heun_steps(Index steps);
OdeSolve rk4_steps(Index steps);

}  // namespace si
