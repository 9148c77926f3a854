#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "si/model/model.hpp"
#include "si/train/blocks.hpp"

// What networks are trained on, and how some of it is held out.

namespace si {

/// Samples of one end, in the data's coordinates, one column a sample.
struct EndData {
    Matrix samples;  ///< to train on; without rows, the end has none, and is a density
    Matrix valid;    ///< held-out ones; none: no validation
    /// What counts in the cost of a coupling beside them: coordinates_beside() them, or none.
    Matrix beside, valid_beside;
    /// How much each sample counts (1, n); empty where all count alike. See draw_by_weight().
    Matrix weight, valid_weight;
    /// More of them than memory holds: `samples` then has no columns.
    std::optional<StoredSet> stored;

    /// Whether it has samples, here or stored.
    bool sampled() const { return samples.rows() > 0; }
    /// How many there are to train on.
    Index n() const { return stored ? stored->kept() : samples.cols(); }
};

/// What a model is trained on.
struct TrainData {
    std::vector<EndData> ends{2};  ///< x_0 .. x_K; without samples of x_0, the base is N(0, I)
    std::vector<Index> shape;      ///< of one sample
    /// What x_K is conditioned on, a column for each sample (for each row of a stored set): a
    /// label, then numbers, as conditions says.
    Matrix given, valid_given;
    Conditions conditions;
    std::optional<Grid> grid;  ///< of --dequantize, where whoever read the data looked for it
    std::vector<std::string> no_density;  ///< why the law of x_K has none
    std::vector<std::string> checksums;   ///< of the sets that were read: see Model::trained_on
    std::optional<Model> teacher;         ///< whose flow made the pairs (x0, x1), if one did

    EndData& x0() { return ends.front(); }
    EndData& x1() { return ends.back(); }
    const EndData& x0() const { return ends.front(); }
    const EndData& x1() const { return ends.back(); }
    Index dim() const { return x1().samples.rows(); }
};

/// Whether a coupling can pair samples that are not all in memory.
bool pairs_in_blocks(const CouplingRow& coupling);

/// The rows of n that a fraction holds out, by a permutation of the seed: at most `most`. `set`
/// tells sets apart that are split in their own ways.
std::vector<Index> held_out_rows(Index n, double fraction, std::uint64_t seed, std::uint32_t set,
                                 Index most = 10'000);

/// The same rows, and with each of them all that equal it by `firsts` (first_equals()), so that no
/// sample that is trained on judges the training; up to the number of the former. `firsts` whose
/// groups are larger than a twentieth of all, as those of atoms are, are split as if they differed.
std::vector<Index> held_out_together(const std::vector<Index>& firsts, double fraction,
                                     std::uint64_t seed, std::uint32_t set);

/// Splits a fraction of the samples of each end off for validation, by a permutation of the seed:
/// at most 10000, and one at least where there are three. Ends of as many samples as the last are
/// split row by row with it. Samples that are equal stay together, where that leaves samples on
/// both sides: see held_out_together().
void hold_out(TrainData& data, double fraction, std::uint64_t seed);

/// Repeats the samples of weighted ends as often as their weights say (in_proportion() to four
/// times their number), those that are held out by themselves, and forgets the weights: everything
/// that follows, from moments to losses, is then one of the weighted law. Call it after hold_out(),
/// or copies of a sample are on both sides. `pairs` keeps sample i of x0 with sample i of x1.
void draw_by_weight(TrainData& data, bool pairs);

}  // namespace si
