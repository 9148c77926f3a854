#pragma once

#include <cstdint>
#include <string_view>

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/flow/estimators.hpp"
#include "si/model/model.hpp"

// Log-densities that a model gives to points: of its flow by the change of variables, of its
// diffusion by random paths (estimators.hpp). In nats, in the model's coordinates.

namespace si {

/// How div b is had along the flow.
struct Divergence {
    Index probes = 0;       ///< 0 for the trace itself
    bool gaussian = false;  ///< probes are N(0, I); else random signs
};

struct TraceRow {
    std::string_view name, summary;
    SpecInfo spec;
    Divergence (*make)(const Json& settings);
};

/// exact; hutchinson, which costs one backward pass for each probe instead of each dimension.
Catalogue<TraceRow> traces();

/// The end of time at which points are evaluated. What must be known is the density of the other.
enum class End { base, target };

/// How log-densities are computed along the flow.
struct OdeLogDensitySpec {
    Choice<ode_solvers> ode{"dopri5"};
    Choice<traces> divergence{"exact"};

    static constexpr auto fields() {
        return std::tuple{
            field("ode", &OdeLogDensitySpec::ode, "Solver of dx = b dt").value("SOLVER,..."),
            field("divergence", &OdeLogDensitySpec::divergence, "Divergence of b along the flow")};
    }
};

/// How log-densities are estimated by paths of a diffusion.
struct SdeLogDensitySpec {
    Choice<estimators> estimator{"tilted"};
    Index steps = 100;  ///< positive
    Index paths = 16;   ///< from 1 to 2^24
};

/// One number for each evaluated point.
struct LogDensities {
    Vector log_density;
    Vector standard_error;   ///< of log_density; empty where there is none
    Vector effective_paths;  ///< (sum w)^2 / sum w^2; empty for the flow
    Vector relative_sd;      ///< of the weight of one path; empty for the flow
    Vector log_weight_sd;    ///< of its logarithm; empty for the flow
    Eigen::Matrix<Index, Eigen::Dynamic, 1> evaluations;  ///< of the field, over all paths
};

/// The points to evaluate, and which they are: the numbers of point i are those of sample
/// `first` + i at `seed`, and its result depends on nothing else.
struct Points {
    MatrixView x;  ///< (d, n)
    End end = End::target;
    std::uint64_t seed = 0;
    Index first = 0;
    Matrix given = {};  ///< what they are conditioned on (field.conditions().rows(), n)
};

/// log rho of the flow, by its change of variables (arXiv:2303.08797 (2.56)): a point is carried
/// to the other end together with the integral of div b. Each of K Hutchinson probes is one fixed
/// direction for the whole way and has an integral of its own; log_density is their mean, without
/// bias, and for K >= 2 their spread is its standard error.
///
/// Throws Failure::usage when the density at the other end is not known: that of a base known
/// by its samples only, unless the field knows it, as a bridge in closed form does; or, for points
/// at t = 0, that of a target whose field is not in closed form.
LogDensities ode_log_density(const Model& model, const Field& field, const OdeLogDensitySpec& spec,
                             const Points& points, Threads& threads, Progress& progress);

/// log rho of the diffusion of noise `epsilon`, from spec.paths paths a point: the logarithm of
/// their mean weight, or for a bound the mean of their logarithms. The former is low by about
/// relative_sd^2 / (2 paths) on average, the latter by what does not vanish with more paths.
/// Standard errors are those of the mean weight over the mean weight, or of the mean logarithm.
/// Warns when the weights are so uneven that these numbers cannot be trusted, and when the first
/// points come out otherwise with half the steps.
///
/// The SDE runs where the field has a score; what is left at the ends is carried over by one
/// Runge-Kutta step of the flow, as si-sample does, so that the whole is the density of its
/// samples. Throws as ode_log_density does, when the field has no score, and when paths or steps
/// are not positive.
LogDensities sde_log_density(const Model& model, const Field& field, const SdeLogDensitySpec& spec,
                             const Epsilon& epsilon, const Points& points, Threads& threads,
                             Progress& progress);

/// sde_log_density() without its warnings.
LogDensities path_log_density(const Model& model, const Field& field, const SdeLogDensitySpec& spec,
                              const Epsilon& epsilon, const Points& points, Threads& threads,
                              Progress& progress);

/// The number of points that judge_paths() evaluates a second time.
inline constexpr Index kPointsJudged = 32;

/// Points that path_log_density() evaluated, in one part or in several. It refers to its arguments.
struct EvaluatedPaths {
    const LogDensities& all;    ///< of all points; only effective_paths and log_weight_sd are read
    const Points& first;        ///< the first of the points, at most kPointsJudged
    const Vector& log_density;  ///< of `first`, one number for each; none: no second look
};

/// The warnings of sde_log_density(), for points that were evaluated part by part with the same
/// `spec` and `epsilon`. Throws as path_log_density() does.
void judge_paths(const Model& model, const Field& field, const SdeLogDensitySpec& spec,
                 const Epsilon& epsilon, const EvaluatedPaths& paths, Threads& threads,
                 Progress& progress);

}  // namespace si
