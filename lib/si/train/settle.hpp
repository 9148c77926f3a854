#pragma once

#include "si/train/data.hpp"
#include "si/train/spec.hpp"

// Defaults that depend on the data.

namespace si {

/// What a specification of training leaves open, filled in from the data: the network by the
/// number and dimension of the samples, the optimiser's rate and the batch by the network, and the
/// number of steps. From experiments (data/experiments/defaults.sh), not from a theory. What is
/// said stays as it is.
TrainSpec settled(TrainSpec spec, const TrainData& data);

/// The most steps that are worth a long --max-time where their number is left open: beyond this
/// many times through the data a network learns them by heart.
Index most_steps(const TrainSpec& settled, Index samples);

}  // namespace si
