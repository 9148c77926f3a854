#pragma once

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/train/data.hpp"

// Pairs for rectification, made by the flow of a model.

namespace si {

/// Pairs for rectification (arXiv:2303.08797, section 5.3): x0 from the base of `teacher` (from
/// those of `data` when that is known by its samples only) and x1 where its flow takes it, in the
/// units of the data. It makes `pairs.pairs` pairs to train on (0: as many as x1 has samples), and
/// as many held-out ones as x1 has. Throws Failure::data when model and data differ in dimension.
TrainData rectified(const Model& teacher, const PairsOfModel& pairs, const TrainData& data,
                    std::uint64_t seed, Threads& threads, Progress& progress);

}  // namespace si
