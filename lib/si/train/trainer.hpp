#pragma once

#include <cstdint>

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/train/checkpoint.hpp"
#include "si/train/data.hpp"
#include "si/train/spec.hpp"

// The training run: steps, validation, time limits, checkpoints, and the model at the end.

namespace si {

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
/// the gradient is not finite.
Model train(const TrainData& data, const InterpolantSpec& interpolant, TrainSpec spec,
            std::uint64_t seed, TrainLimits limits, Threads& threads, Progress& progress);

}  // namespace si
