#pragma once

#include <string>
#include <vector>

#include "si/base/moments.hpp"
#include "si/base/types.hpp"

// What keeps the law of samples from having a density: a model can be trained on them and drawn
// from, but log-densities and cross-entropies fall without end as it gets better.

namespace si {

/// True when a deviation is what rounding makes of numbers of one size: 1e-12 of it, or less.
bool is_rounding(double mean, double deviation);

/// For each sample the first one that equals it in every coordinate; itself, where it is that.
std::vector<Index> first_equals(const Matrix& x);

struct Degenerate {
    Index n = 0, dim = 0;
    std::vector<Index> constant;   ///< coordinates that are one number, but for rounding
    std::vector<double> values;    ///< those numbers
    std::vector<Index> dependent;  ///< coordinates that are bound by a linear relation
    Index repeated = 0;            ///< samples that equal one before them, when a tenth or more do

    bool none() const;
    /// "column 3 is constant (0.1)", "columns 1 and 2 are bound by a linear relation", "20 samples
    /// span no more than 19 of 40 dimensions", "990 of 1000 rows repeat others".
    std::vector<std::string> sentences() const;
};

/// Tells by doubt() why samples of `source` have no density, and what to do about it.
void doubt_density(const std::string& source, const Degenerate& found);

/// What log-densities of a model mean whose samples were so, for these sentences().
std::string doubtful_densities(const std::vector<std::string>& sentences);

/// Of samples, one column each, whose coordinates are columns of a table. Coordinates in `skipped`
/// are left out. Relations are looked for among at most 256 coordinates.
Degenerate look_for_degenerate(const Matrix& x, const std::vector<Index>& skipped = {});

}  // namespace si
