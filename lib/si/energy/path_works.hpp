#pragma once

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/energy/potential.hpp"
#include "si/model/model.hpp"
#include "si/solver/sampler.hpp"
#include "si/solver/sde.hpp"

// Works of paths between two states that a model carries from one to the other.

namespace si {

/// The chain whose steps are those of Euler and Maruyama, forward with drift b + epsilon s and
/// backward with drift -b + epsilon s, on M + 1 times from 0 to 1:
///
///     A = l_b(X_M) - l_a(X_0) + sum_i [|X_i+1 - m+(X_i)|^2 / (4 epsilon_i h)
///         - |X_i - m-(X_i+1)|^2 / (4 epsilon_i+1 h) + d/2 log(epsilon_i / epsilon_i+1)],
///
/// m+(X_i) = X_i + h (b + epsilon s)(t_i, X_i), m-(X_i+1) = X_i+1 + h (-b + epsilon s)(t_i+1,
/// X_i+1), l = -U. E[e^A] = Z_b / Z_a over paths from a, whatever b and s are and however many
/// steps there are (arXiv:2504.11516 (8), with the noise of each kernel at its own time). Backward
/// paths have -A, with the mean Z_a / Z_b of its exponential.
///
/// b and s are those of the model. Where the score cannot be had at an end, it is minus the
/// gradient of that end's potential, if that has one, else the model's at the nearest time that has
/// it.
struct WorkChain {
    const Model& model;
    const Field& field;
    const ScalarPotential &a, &b;  ///< of x at t = 0 and t = 1, in the units of the files
    Epsilon epsilon;  ///< in the units of the model; positive at every time of the grid
    Index steps = 500;
};

/// What became of each path, one a column.
struct PathWorks {
    Vector a;             ///< minus the works, in kT
    Matrix ends;          ///< (d, n), where paths arrived, in the units of the files
    Vector start_energy;  ///< (n), and at the other end
    Vector end_energy;
    Index evaluations = 0;  ///< of the field, for each path
};

/// Carries samples x (d, n) of one end to the other. What happens to a sample depends on the seed,
/// the direction and its number. Throws Failure::usage when
/// epsilon is not positive at a time of the grid, naming it; Failure::data for a sample that has no
/// density under its own potential, by its number in `source`; Failure::check when a state leaves
/// the finite numbers.
PathWorks works_of_paths(const WorkChain& chain, Direction direction, ConstMatrix x,
                         const std::string& source, std::uint64_t seed, Threads& threads,
                         Progress& progress);

/// Works without a transport: U_a(x) - U_b(x), and minus that for samples of b.
PathWorks works_at_rest(const ScalarPotential& own, const ScalarPotential& other, ConstMatrix x,
                        const std::string& source);

}  // namespace si
