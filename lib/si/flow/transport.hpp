#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/solver/sampler.hpp"

// Carrying samples along a model, from base to target or back.

namespace si {

struct TransportSpec : SamplerSpec {
    bool log_density = false;
    std::vector<double> trajectory;

    /// SamplerSpec::resolved(); a log-density asks for the flow.
    TransportSpec resolved(const Model& model, const Field& field) const;

    static constexpr auto fields() {
        return std::tuple_cat(
            SamplerSpec::fields(),
            std::tuple{field("log_density", &TransportSpec::log_density,
                             "Also write the log-density of each sample (ODE only)"),
                       field("trajectory", &TransportSpec::trajectory,
                             "Also write the states at these times", kUnit)
                           .value("T,...")});
    }
};

/// In the model's coordinates, one column a sample.
struct Transported {
    Matrix x;
    Vector log_density;              ///< log rho(1, x) in the model's coordinates, if asked for
    std::vector<Matrix> trajectory;  ///< one matrix for each time asked for, in their order
    Eigen::VectorXi evaluations;     ///< of the field, for each sample
    Eigen::VectorXi rejected;        ///< adaptive steps tried again
};

/// Times at which states are wanted, in the order of travel, each with its place in the list that
/// was asked for.
struct Stops {
    std::vector<double> times;
    std::vector<std::size_t> places;

    Stops(const std::vector<double>& asked, Direction direction);
};

/// Samples `first` .. `first` + n - 1 of the base at `seed`, in the model's coordinates.
/// Throws Failure::usage when the base is known by its samples only.
Matrix draw_base(const Model& model, std::uint64_t seed, Index first, Index n);

/// The states that transport() starts from, and the numbers of their samples: column i is sample
/// `first` + i at `seed`. Both matrices are views, so their memory must outlive this.
struct InitialStates {
    MatrixView x;  ///< (d, n), in the model's coordinates
    Direction direction = Direction::forward;
    std::uint64_t seed = 0;       ///< of the noise; flows have none
    Index first = 0;              ///< at least 0
    MatrixView given = Matrix();  ///< their conditions (field.conditions().rows(), n), if any
};

/// Carries `start` from one end to the other. Sample i depends on the model, the seed, its index
/// `start.first` + i, its starting point and its conditions alone. Throws Failure::usage when the
/// model lacks what is asked for, and as check_given() for `start.given`.
Transported transport(const Model& model, const Field& field, const TransportSpec& spec,
                      const InitialStates& start, Threads& threads, Progress& progress);

}  // namespace si
