#pragma once

#include "si/base/threads.hpp"
#include "si/flow/transport.hpp"

// Measures of how much the trajectories of a flow bend, and so of how many steps they need.

namespace si {

/// How straight the paths of a model's flow are, in the data's units, from n of them.
struct Straightness {
    double energy, energy_error;  ///< E of the integral of |dX/dt|^2, and its standard error
    double displacement, displacement_error;  ///< E|X_1 - X_0|^2, which is never larger
    double excess,
        excess_error;  ///< their difference, E of the integral of |dX/dt - (X_1 - X_0)|^2
};

/// The integrals are by Simpson's rule on 64 intervals of a flow with tolerance 1e-6. Starts from
/// `start` (d, n) in the model's coordinates, and from what is `given` with it (transport.hpp).
Straightness straightness(const Model& model, const Field& field, ConstMatrix start,
                          Threads& threads, Progress& progress, const Matrix& given = {});

}  // namespace si
