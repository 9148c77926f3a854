#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/flow/chunk_transport.hpp"

// Carrying samples along a model, from base to target or back.

namespace si {

struct TransportSpec {
    Choice<ode_solvers> ode{"dopri5"};
    std::optional<Choice<sde_steps>> sde;
    EpsilonChoice epsilon;
    Choice<finals> final{"ode"};
    std::optional<Index> denoise;
    bool log_density = false;
    std::vector<double> trajectory;

    static constexpr auto fields() {
        return std::tuple{
            field("ode", &TransportSpec::ode, "Solver of dx = b dt").value("SOLVER,..."),
            field("sde", &TransportSpec::sde,
                  "Steps of dx = (b + epsilon s) dt + sqrt(2 epsilon) dW, instead")
                .value("STEP,..."),
            field("epsilon", &TransportSpec::epsilon, "Noise of the SDE"),
            field("final", &TransportSpec::final, "How an SDE ends where the score does"),
            field("denoise", &TransportSpec::denoise,
                  "Go by this many steps of E[x_s|x_t] instead, as DDIM does", kPositive)
                .value("STEPS"),
            field("log_density", &TransportSpec::log_density,
                  "Also the log-density of each sample (ODE)"),
            field("trajectory", &TransportSpec::trajectory, "Also the states at these times", kUnit)
                .value("T,...")};
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

/// Samples `first` .. `first` + n - 1 of the base at `seed`, in the model's coordinates.
/// Throws Failure::usage when the base is known by its samples only.
Matrix draw_base(const Model& model, std::uint64_t seed, Index first, Index n);

/// Carries `start` (d, n) from one end to the other. `given` is what the samples are conditioned on
/// (field.conditions().rows(), n). Sample i depends on the model, the seed, its index `first` + i,
/// its starting point and its conditions alone. Throws Failure::usage when the model
/// lacks what is asked for.
Transported transport(const Model& model, const Field& field, const TransportSpec& spec,
                      Direction direction, ConstMatrix start, ConstMatrix given, std::uint64_t seed,
                      Index first, Threads& threads, Progress& progress);

/// The same by a field that is conditioned on nothing.
inline Transported transport(const Model& model, const Field& field, const TransportSpec& spec,
                             Direction direction, ConstMatrix start, std::uint64_t seed,
                             Index first, Threads& threads, Progress& progress) {
    return transport(model, field, spec, direction, start, Matrix(), seed, first, threads,
                     progress);
}

}  // namespace si
