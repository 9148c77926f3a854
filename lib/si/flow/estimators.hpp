#pragma once

#include <functional>
#include <string_view>

#include "si/base/catalogue.hpp"
#include "si/interpolant/fields.hpp"
#include "si/solver/ode.hpp"
#include "si/solver/sde.hpp"

// The density of a diffusion at a point, from random paths that run from there to the end of
// time whose density is known:
//
//     rho(x) = E[w rho_end(X_end)].
//
// Evaluated at t = 1, the model is the forward SDE dX = (b + epsilon s) dt + sqrt(2 epsilon) dW
// from the base; evaluated at t = 0, it is the backward SDE, with b - epsilon s, from the target.
// The estimators differ in how paths are drawn, hence in the spread of w. Below, h > 0 is the
// step of a path, which leads away from the evaluated point; at t = 1 that is back in time.

namespace si {

/// Paths that go together, one a column.
struct PathSetting {
    Evaluator& evaluate;
    const Epsilon& epsilon;
    const Increments& increments;
    double from, to;  ///< the time of the evaluated point, and where paths end
    Index steps;
};

/// The logarithms of the weights (n), and how often the field was evaluated for each path.
struct PathWeights {
    Vector log_weight;
    Index evaluations = 0;
};

/// Carries every column of x (d, n) from setting.from to setting.to. What happens to a column
/// depends on its own increments alone. Throws Failure::check when the state leaves the finite
/// numbers.
using WeighPaths = std::function<PathWeights(const PathSetting& setting, Matrix& x)>;

struct EstimatorRow {
    std::string_view name, summary;
    SpecInfo spec;
    unsigned want;     ///< what the field must answer
    bool bound;        ///< mean of log w rho_end instead of log of the mean: below log rho (Jensen)
    bool exact_steps;  ///< about the sampler with these steps; else about the limit of small ones
    WeighPaths (*make)(const Json& settings);
};

/// tilted: paths of the time-reversed SDE, weighted by Girsanov's theorem. For any score,
///
///     log w = -integral of (div b + epsilon |s|^2) |dt| - integral of s o sqrt(2 epsilon) dW
///
/// in the sense of Stratonovich, which needs no div s (at t = 0, div b has the other sign). Where
/// s is the score of the model, w rho_end is the same for all paths. A step is half a step of the
/// flow of b, the noise, and half a step of the flow again. The noise moves x as Hamiltonian
/// dynamics with momentum p ~ N(0, I) and force s do in time sqrt(2 epsilon h), by two leapfrog
/// steps, and adds |p|^2 / 2 before and -|p|^2 / 2 after it to log w (as in annealed importance
/// sampling by Hamiltonian dynamics, arXiv:1205.1925). Leapfrog steps keep the volume of (x, p)
/// whatever s may be, so the estimate integrates to 1 over x, save for the steps of the flow: a
/// rough or wrong score spreads the weights and cannot make the density too large. Bias and spread
/// are O(h). Steps shrink towards an end where the score breaks down, and are equal elsewhere.
///
/// chain: the sampler's own chain of Euler-Maruyama steps, whose density at x is
/// integral of rho_end(x_N) prod p(x_k | x_k+1), by importance sampling with the reversed chain.
/// No divergence, and no error of discretisation: it is about `--sde euler-maruyama` itself.
///
/// feynman-kac: paths of drift -(b + epsilon s), log w = -integral of div(b + epsilon s)
/// (arXiv:2303.08797 (2.58), (2.60)). Its weights spread exponentially with the dimension.
///
/// elbo: the mean of log w rho_end of the tilted paths, a lower bound of log rho for any score.
Catalogue<EstimatorRow> estimators();

}  // namespace si
