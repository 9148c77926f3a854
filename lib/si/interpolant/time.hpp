#pragma once

#include <functional>
#include <string_view>

#include "si/base/catalogue.hpp"

// Distributions of training times as a table. A new one is one row.

namespace si {

/// Turns a uniform u in (0, 1) into a time in (0, 1), increasing.
using TimeMap = std::function<double(double u)>;

struct TimeRow {
    std::string_view name, summary;
    SpecInfo spec;
    TimeMap (*make)(const Json& settings);
};

/// Distributions of training times. The density is not divided out of the loss: a time that is
/// drawn more often weighs more.
Catalogue<TimeRow> times();

/// x with P(Z <= x) = p for a standard normal Z and 0 < p < 1, to 4 units in the last place.
double normal_quantile(double p);

}  // namespace si
