#pragma once

#include <cstdint>
#include <optional>

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/model/model.hpp"
#include "si/train/blocks.hpp"
#include "si/train/checkpoint.hpp"
#include "si/train/spec.hpp"

// The training run: steps, validation, time limits, checkpoints, and the model at the end.

namespace si {

/// Samples to train on, in the data's coordinates, one column a sample.
struct TrainData {
    Matrix x1;
    std::optional<Matrix> x0;  ///< without it, the base is N(0, I)
    std::vector<Index> shape;  ///< of one sample
    Matrix valid1;             ///< held-out samples of the target; none: no validation
    std::optional<Matrix> valid0;
    /// What x1 is conditioned on, a column for each: a label, then numbers, as conditions says.
    Matrix given, valid_given;
    Conditions conditions;
    /// What counts in the cost of a coupling beside x0 and x1: coordinates_beside() them, or none.
    Matrix beside0, beside1, valid_beside0, valid_beside1;
    std::optional<Model> teacher;  ///< whose flow made the pairs (x0, x1), if one did
    /// More of x1 (and of x0, when there is one) than memory holds: x1 and x0 then have no columns,
    /// and `given` has one for each row of the set.
    std::optional<StoredSet> stored1, stored0;

    /// Samples of the target to train on.
    Index n1() const { return stored1 ? stored1->kept() : x1.cols(); }
    Index n0() const { return stored0 ? stored0->kept() : x0 ? x0->cols() : 0; }
};

/// Whether a coupling can pair samples that are not all in memory.
bool pairs_in_blocks(const CouplingRow& coupling);

/// The rows of n that a fraction holds out, by a permutation of the seed: at most `most`. `set`
/// tells sets apart that are split in their own ways.
std::vector<Index> held_out_rows(Index n, double fraction, std::uint64_t seed, std::uint32_t set,
                                 Index most = 10'000);

/// Splits a fraction of the samples off for validation: columns of x1 (and of x0, row by row
/// with it when the coupling pairs them), by a permutation of the seed. At most 10000.
void hold_out(TrainData& data, double fraction, std::uint64_t seed);

struct TrainLimits {
    double max_seconds = 0;              ///< plan the number of steps to fit; 0 is no limit
    Checkpoints* checkpoints = nullptr;  ///< none: nothing is kept until the end
};

/// Trains the fields `spec.learn` of the interpolant on the data, and returns a network model
/// with the averaged weights that did best on the held-out samples (the last ones without any).
///
/// The result is a function of (data, specs, seed) alone. With a time limit the number of
/// steps is decided once, while the schedule does not depend on it yet, and stands in the
/// model: training again with that number gives the same bytes.
///
/// With checkpoints, a run that was stopped, or that ended in any other way after one was saved,
/// and is begun again with the same arguments gives the bytes of one that never was.
///
/// Throws Failure::again when `checkpoints` wish to stop, Failure::data when data do not fit
/// together, Failure::usage when what is learned does not fit the interpolant, Failure::check when
/// the loss is not finite.
Model train(const TrainData& data, const InterpolantSpec& interpolant, TrainSpec spec,
            std::uint64_t seed, TrainLimits limits, Threads& threads, Progress& progress);

}  // namespace si
