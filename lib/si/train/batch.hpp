#pragma once

#include <optional>
#include <vector>

#include "si/base/threads.hpp"
#include "si/coupling/coupling.hpp"
#include "si/density/mixture.hpp"
#include "si/interpolant/time.hpp"
#include "si/model/quantity.hpp"
#include "si/random/draw.hpp"

// One training batch as a pure function of (seed, step): times, ends, latents, x_t and
// regression targets.

namespace si {

/// What a batch is drawn from, in the model's coordinates.
struct BatchSource {
    Setup setup;
    /// (d, n1) and (d, n0), x0 null when it is drawn from a density. Without columns where the
    /// pairs come with their samples.
    const Matrix* x1 = nullptr;
    const Matrix* x0 = nullptr;
    std::optional<GaussianMixture> base;  ///< that density; without it, N(0, I)
    bool mirror = false;                  ///< the path is a mirror: x0 is x1
    DrawPairs draw;
    TimeMap time;
    double first_time = 0, last_time = 1;  ///< times are mapped into this, off the singular ends
    const Matrix* given = nullptr;         ///< what x1 is conditioned on (rows, n1), or null
    Conditions conditions;                 ///< with what a corruption adds, and x0
    double label_dropout = 0;
    std::shared_ptr<const Corruption> corruption;  ///< makes x0 from x1, or null
    Vector dequantize;  ///< width of uniform noise on x1, a coordinate; or empty
    std::uint64_t seed = 0;
};

/// A part of one batch: columns j of everything belong together.
struct Batch {
    Vector t;
    Matrix x0, x1;
    Matrix z;             ///< empty when there is no latent
    Matrix xt, mirrored;  ///< x_t with z, and with -z (empty unless asked for)
    Matrix given;         ///< what x1 is conditioned on (conditions.rows(), n)
    Matrix uniform;       ///< what t was made from (1, n)
};

/// The range of times on which all targets are finite, `margin` off the ends where not.
std::array<double, 2> regular_times(const Setup& setup, const std::vector<const Quantity*>& learned,
                                    double margin);

/// True when a target is singular in the Gaussian variable at an end: then its plain estimate
/// has a variance that grows without bound, and the antithetic one has not (THEORY A.3).
bool wants_antithetic(const Setup& setup, const Quantity& learned);

/// The times of samples `columns` of the batch of a step, whose address this is. `uniform` is room
/// for what they are made from.
void draw_times(const BatchSource& source, const Address& address, Columns columns, Index batch,
                Matrix& uniform, Vector& t);

/// Builds samples `columns` of the batch of `step`. A sample is a function of (seed, step, its
/// index, the batch size). `validation` has draws of its own.
void build_batch(const BatchSource& source, const Pairs& pairs, Index step, Columns columns,
                 Index batch, bool antithetic, bool validation, Batch& out);

/// x_t (and its mirror image) from t, x0, x1 and z.
void mix(const Setup& setup, bool antithetic, Batch& batch);

/// The weights of x0, x1 and z in the regression target of a quantity; `sign` is that of z.
TargetWeights target_weights(const Setup& setup, const Quantity& quantity, double t, double sign);

/// The regression target of a quantity for the columns of a batch; `sign` is that of z.
void build_target(const BatchSource& source, const Quantity& quantity, const Batch& batch,
                  double sign, Matrix& out);

}  // namespace si
