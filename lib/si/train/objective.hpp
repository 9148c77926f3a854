#pragma once

#include <array>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/model/quantity.hpp"
#include "si/train/batch.hpp"

// The objectives that networks are trained with. Each field f of quantities() is a conditional mean
// f(t, x) = E[Y | x_t = x] of a regression target Y, which is linear in x0, x1 and z, and so it is
// the one minimiser of
//
//     L(f) = E[ |f(t, x_t)|^2 / 2 - Y . f(t, x_t) ],      L(f) - min L = E |f - E[Y | x_t]|^2 / 2,
//
// with t uniform on [0, 1] or distributed as --time says. L is negative at its minimum, where it
// is -E|f|^2 / 2. The mean square E|f - Y|^2 has the same gradient, times 2, and is reported too.

namespace si {

/// The regression target Y = sum_k w_k x_k + w_z z, for given ends and z (which stands for pi z
/// where the latent is modulated).
struct TargetWeights {
    PerEnd of_ends;
    double of_latent = 0;

    bool finite() const { return of_ends.allFinite() && std::isfinite(of_latent); }
    friend bool operator==(const TargetWeights&, const TargetWeights&) = default;
};

/// How a field is learned: the row of quantities() with the same name is the minimiser.
struct Objective {
    std::string_view name, summary;
    SpecInfo spec;
    /// Weights of the target at t; infinite where the target is singular.
    TargetWeights (*target)(const Setup& setup, double t);
};

/// One for each of quantities().
Catalogue<Objective> objectives();

/// The objective that a quantity is the minimiser of.
const Objective& objective_of(const Quantity& quantity);

/// The range of times on which all targets are finite, `margin` off the ends where not.
std::array<double, 2> regular_times(const Setup& setup, const std::vector<const Quantity*>& learned,
                                    double margin);

/// True when a target is singular in the Gaussian variable at an end: then its plain estimate
/// has a variance that grows without bound, and the antithetic one has not (arXiv:2303.08797,
/// section 6.1).
bool wants_antithetic(const Setup& setup, const Quantity& learned);

/// The weights of the ends and z in the target of an objective; `sign` is that of z.
TargetWeights target_weights(const Setup& setup, const Objective& objective, double t, double sign);

/// The regression target of a quantity for the columns of a batch; `sign` is that of z.
void build_target(const BatchSource& source, const Quantity& quantity, const Batch& batch,
                  double sign, Matrix& out);

/// One sample of a batch as the loss sees it: the output of a network, and what its target is made
/// of. All have `rows` numbers.
struct LossColumn {
    Index rows;
    const TargetWeights& w;
    std::span<const double* const> ends;
    const double* z;  ///< null where there is none
    const float* f;   ///< the output
    float scale;      ///< of the derivative
};

/// Sums over the coordinates of |f|^2 / 2 - Y f, and of |f - Y|^2.
struct LossSums {
    double form, square;
};

/// The losses of one sample; `derivative` gets scale (f - Y), the derivative of scale times the
/// first (`rows` numbers).
LossSums column_losses(const LossColumn& column, float* derivative);

}  // namespace si
