#pragma once

#include <memory>

#include "si/model/network_field.hpp"
#include "si/train/batch.hpp"
#include "si/train/data.hpp"
#include "si/train/spec.hpp"

// The work between options and the first step: standardisation, pairs, times, networks, held-out
// samples.

namespace si {

/// The held-out samples as a batch source, with fixed pairs, times and noise.
struct Validation {
    BatchSource source;
    Pairs pairs;
    Index size = 0;  ///< 0 when nothing is held out

    /// Few held-out samples are used several times, at different t and z; of many, the first.
    void take(Index n1, Index n0, bool independent);
};

/// Everything that training has before its first step. Sources refer to the matrices beside
/// them, so it stays where it is.
struct Preparation {
    Preparation() = default;
    Preparation(const Preparation&) = delete;
    Preparation& operator=(const Preparation&) = delete;

    TrainSpec spec;  ///< with nothing left open
    Model model;     ///< without its field
    NetworkFieldSpec field;
    std::vector<const Quantity*> learned;
    Matrix x1, x0, valid1, valid0;                  ///< in the model's coordinates
    Matrix given, valid_given;                      ///< what x1 is conditioned on
    Matrix seen1, seen0, valid_seen1, valid_seen0;  ///< by a coupling, where that is more than x
    BatchSource source;
    Validation validation;
};

/// Throws Failure::data when data do not fit together, Failure::usage when options do not.
std::unique_ptr<Preparation> prepare(const TrainData& data, const InterpolantSpec& interpolant,
                                     TrainSpec spec, std::uint64_t seed);

}  // namespace si
