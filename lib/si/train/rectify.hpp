#pragma once

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/train/data.hpp"

// Pairs for rectification, made by the flow of a model.

namespace si {

/// Pairs for rectification (arXiv:2303.08797, section 5.3): x0 from the base of `teacher` (from
/// data.x0 when that is known by its samples only) and x1 where its flow takes it, in the units of
/// the data. There are `pairs.pairs` for training, or as many as data.x1 has; and as many held-out
/// ones as data.valid1 has. Throws Failure::data when model and data differ in dimension.
TrainData rectified(const Model& teacher, const PairsOfModel& pairs, const TrainData& data,
                    std::uint64_t seed, Threads& threads, Progress& progress);

}  // namespace si
