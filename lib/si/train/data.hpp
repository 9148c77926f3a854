#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "si/model/model.hpp"
#include "si/train/blocks.hpp"

// What networks are trained on, and how some of it is held out.

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

}  // namespace si
