#pragma once

#include <array>
#include <optional>
#include <span>
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
    /// The samples of each end x_0 .. x_K, (d, n_k); that of x_0 is null when it is drawn from a
    /// density. Without columns where the pairs come with their samples.
    std::vector<const Matrix*> ends{nullptr, nullptr};
    std::optional<GaussianMixture> base;  ///< the density of x0; without it, N(0, I)
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
    std::vector<Matrix> ends{2};  ///< x_0 .. x_K
    Matrix z;                     ///< pi z, the latent as modulated; empty when there is none
    Matrix xt, mirrored;          ///< x_t with z, and with -z (empty unless asked for)
    Matrix given;                 ///< what x1 is conditioned on (conditions.rows(), n)
    Matrix uniform;               ///< what t was made from (1, n)

    Matrix& x0() { return ends.front(); }
    Matrix& x1() { return ends.back(); }
    const Matrix& x0() const { return ends.front(); }
    const Matrix& x1() const { return ends.back(); }
    const Matrix& end(Index k) const { return ends[static_cast<std::size_t>(k)]; }
};

/// Column j of every end of a batch.
class EndColumns {
  public:
    EndColumns(const Batch& batch, Index j) : count_(batch.ends.size()) {
        for (std::size_t k = 0; k < count_; ++k) columns_[k] = batch.ends[k].col(j).data();
    }
    operator std::span<const double* const>() const {  // NOLINT(google-explicit-constructor)
        return {columns_.data(), count_};
    }

  private:
    std::array<const double*, kMostEnds> columns_;
    std::size_t count_;
};

/// Which part of which batch.
struct BatchPart {
    Index step = 0;
    Columns columns;          ///< the samples of the part
    Index batch = 0;          ///< samples of the whole batch
    bool antithetic = false;  ///< x_t with -z is wanted too
    bool validation = false;  ///< its draws are apart from those of training, and labels all stay
};

/// The times of samples `columns` of the batch of a step, whose address this is. `uniform` is room
/// for what they are made from.
void draw_times(const BatchSource& source, const Address& address, Columns columns, Index batch,
                Matrix& uniform, Vector& t);

/// Builds a part of a batch. A sample is a function of (seed, step, its index, the batch size).
void build_batch(const BatchSource& source, const Pairs& pairs, const BatchPart& part, Batch& out);

/// x_t (and its mirror image) from t, the ends and z.
void mix(const Setup& setup, bool antithetic, Batch& out);

}  // namespace si
