#pragma once

#include <functional>

#include "si/base/catalogue.hpp"
#include "si/model/quantity.hpp"

// Weights lambda(t) in front of a regression loss, as a table. A new one is one row.

namespace si {

/// lambda(t) > 0 in front of |f^ - f|^2 when f is learned: fields stay the same minimisers, and
/// what the network spends itself on changes. (arXiv:2401.08740, section 2.4 has the same for its
/// own parametrisation of the score, sigma s.)
using Weighting = std::function<double(double t)>;

struct WeightingRow {
    std::string_view name, summary;
    SpecInfo spec;
    /// Throws Failure::usage for a field and an interpolant that have no such weight.
    Weighting (*make)(const Json& settings, const Setup& setup, const Quantity& learned);
};

/// uniform, noise, velocity, likelihood.
Catalogue<WeightingRow> weightings();

}  // namespace si
