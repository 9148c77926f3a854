#pragma once

#include <cstdint>
#include <string>

#include "si/base/json.hpp"
#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/io/samples.hpp"
#include "si/metric/compare.hpp"

// The task of `si-eval A B`: two files of samples compared by metrics with their noise floors.

namespace si {

/// compare() of two files, and of those that settings of metrics in `spec` name:
///
///     {"n", "n_reference", "dim", "seed", "units", "verdict", "differs": [names],
///      "wild_rows": {"count", "rows": [...]}, "wild_rows_of_reference": the same,
///      "metrics": {NAME: {"value", "stderr", "interval": [low, high], "floor", "floor_deviation",
///                         "changed", "n", "n_reference", "verdict"}, ...},
///      "details": {...}}
///
/// A metric that is not defined has null in the place of its numbers, and a "note". The verdict of
/// the whole is that it differs where any metric does, or where rows are wild, which then are among
/// what "differs". Rows count from 1, and the first 20 are listed; `progress` is warned of them,
/// and of columns in which the reference alone is constant. Coordinates of samples of more than one
/// axis, such as images, have one unit. Throws Failure::data when files do not fit
/// together.
Json compare_report(const std::string& samples, const std::string& reference,
                    const MetricSpec& spec, std::uint64_t seed, Threads& threads,
                    Progress& progress);

/// Whether all coordinates have one unit: those of images and of fields, which are places.
bool share_unit(const Samples& a, const Samples& b);

/// Says by doubt() which rows of either set are wild beside the other, for tasks without verdicts.
void doubt_wild_rows(const Samples& a, const Samples& b);

/// The same as a table, for people.
std::string compare_text(const Json& report);

}  // namespace si
