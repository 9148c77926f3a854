#pragma once

#include "si/solver/ode.hpp"

// The adaptive solver of Dormand and Prince, with a step size for every sample.

namespace si {

struct Dopri5Spec {
    double rtol = 1e-5;
    double atol = 1e-5;
    Index max_steps = 100'000;

    static constexpr auto fields() {
        return std::tuple{
            field("rtol", &Dopri5Spec::rtol, "Relative tolerance of a step", kPositive),
            field("atol", &Dopri5Spec::atol, "Absolute tolerance of a step", kPositive),
            field("max_steps", &Dopri5Spec::max_steps, "Largest number of steps for one sample",
                  kPositive)};
    }
};

/// The 5(4) pair of Dormand and Prince (J. Comput. Appl. Math. 6, 1980), fifth-order solution
/// carried on, PI step control as in Hairer, Norsett and Wanner (II.4). Every column has its
/// own time and step size; finished columns leave the batch.
OdeResult dopri5(const Dopri5Spec& spec, const Drift& drift, const TimeInterval& interval,
                 Matrix x);

}  // namespace si
