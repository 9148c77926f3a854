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
    /// `counts` are those of the held-out samples of x_0 .. x_K.
    void take(const std::vector<Index>& counts, bool independent);
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
    /// The samples of one end in the model's coordinates.
    struct End {
        Matrix samples, valid;
        Matrix seen, valid_seen;  ///< by a coupling, where that is more than they
    };
    std::vector<End> ends;      ///< x_0 .. x_K
    Matrix given, valid_given;  ///< what x_K is conditioned on
    BatchSource source;
    Validation validation;

    End& x0() { return ends.front(); }
    End& x1() { return ends.back(); }
};

/// Whether E[x1|x_t], and with it the velocity, come from E[x0|x_t] alone, whose errors they
/// magnify near t = 0.
bool magnifies(const Setup& setup, std::span<const Quantity* const> learned);

/// Throws Failure::data when data do not fit together, Failure::usage when options do not.
std::unique_ptr<Preparation> prepare(const TrainData& data, const InterpolantSpec& interpolant,
                                     TrainSpec open, std::uint64_t seed);

}  // namespace si
