#pragma once

#include <string_view>
#include <vector>

#include "si/model/given.hpp"
#include "si/model/model.hpp"
#include "si/solver/ode.hpp"
#include "si/solver/sde.hpp"

namespace si {

enum class Direction { forward, backward };

/// How a path ends where the score does, `length` before its end.
enum class FinalStep { ode, euler, mean, denoise, none };

struct Final {
    FinalStep step = FinalStep::ode;
    double length = 0;
};

struct FinalRow {
    std::string_view name, summary, aliases;
    SpecInfo spec;
    Final (*make)(const Json& settings);
};

/// ode, euler, mean, denoise, none.
Catalogue<FinalRow> finals();

/// dx/dt = b; with one row more than the field has, d(last row)/dt = div b.
Drift velocity(Evaluator& evaluate, Index dim, FieldValues& values);

/// Times at which states are wanted, in the order of travel, each with its place in the list
/// that was asked for.
struct Stops {
    std::vector<double> times;
    std::vector<std::size_t> places;

    Stops(const std::vector<double>& asked, Direction direction);

    /// The part of the way from `from` to `to`; a stop at `from` belongs to the leg before,
    /// except on the first leg.
    TimeInterval leg(double from, double to, bool first) const;
};

/// One chunk of samples on its way. What is asked of `field` must be available.
class ChunkTransport {
  public:
    /// `wanted` are the times of the trajectory. Refers to its arguments.
    ChunkTransport(const Setup& setup, const Field& field, const std::vector<double>& wanted,
                   Direction direction, Evaluator& evaluator, const Given& given);

    /// Along dx/dt = b; a row more than the field has carries the integral of div b.
    void by_ode(const OdeSolve& solve, Matrix state);

    /// Along dx = (b +- epsilon s) dt + sqrt(2 epsilon) dW (arXiv:2303.08797 (2.34), (2.35)).
    /// The SDE runs where the score is to be had; one Runge-Kutta step of the ODE carries over
    /// what is left at the start, and `last` over what is left at the end.
    void by_sde(const SdeSolve& solve, const Epsilon& epsilon, const Increments& increments,
                Final last, Matrix state);

    /// By `steps` steps x_s = alpha(s) E[x0|x_t] + beta(s) E[x1|x_t] + gamma(s) E[z|x_t], which is
    /// E[x_s|x_t] where x_t is given (5.14). First order, and regular wherever those means are;
    /// from t = 0 the first step is (5.14)'s start corrected by the mean of x1.
    void by_denoising(Index steps, Matrix state);

    /// The state at the k-th time that was asked for.
    const Matrix& at_time(std::size_t k) const;

    Matrix x;
    Eigen::VectorXi evaluations, rejected;

  private:
    std::array<double, 2> ends(std::array<double, 2> span) const;
    void keep(std::vector<Matrix> states);
    void finish(Matrix state, Index evaluations_each);
    /// One step of `method` of the ODE from a to b.
    void bridge(const char* method, double a, double b, bool opening, Matrix& state, Index& count);
    /// From `at` to the end, after an SDE with this drift.
    void last_step(Final last, const Drift& noisy, double at, Matrix& state, Index& count);

    const Setup& setup_;
    const Field& field_;
    Direction direction_;
    Evaluator& evaluator_;
    const Given& given_;
    Stops stops_;
    FieldValues values_;
    std::vector<Matrix> states_;
};

/// b + epsilon s as the SDE of a model takes it, and where it can be had: from a point b and s
/// are singular, and the drift is u + (epsilon - e) s with e = (gamma gamma')(0).
struct NoisyDrift {
    std::array<double, 2> span;  ///< the times at which the field can answer
    Drift drift;
};

/// Throws Failure::usage when a path from a point starts with another noise than e. `sign` is 1
/// forward and -1 backward. The drift refers to its arguments.
NoisyDrift noisy_drift(const Setup& setup, const Field& field, const Epsilon& epsilon, double sign,
                       Evaluator& evaluator, FieldValues& values);

}  // namespace si
