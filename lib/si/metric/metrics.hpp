#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/choice_list.hpp"
#include "si/base/estimate.hpp"
#include "si/base/goes_with.hpp"
#include "si/base/threads.hpp"
#include "si/base/types.hpp"

// Everything that si-eval can say of samples and a reference. A new distance is one row.

namespace si {

/// Parts of the samples (d, n) and of the reference (d, m).
struct TwoSamples {
    ConstMatrix x, y;
    Threads& threads;
    bool with_error = true;  ///< else errors, where they take long, may be left out
};

/// What all comparisons of one run share, so that a distance and its floor are the same function.
struct MetricContext {
    ConstMatrix reference;  ///< (d, m), all of it
    Vector scale;  ///< deviation of each coordinate of the reference; 1 where it is constant
    Vector unit;   ///< of each coordinate, in those of the data
    std::uint64_t seed = 0;
    /// The points (d, k) of a file that a metric's settings name.
    std::function<Matrix(const std::string& file)> read;
};

/// A metric with its settings, ready for the comparisons of one run.
struct Metric {
    /// One estimate for each of the row's `scores`. Throws Failure::data where it is not defined.
    std::function<std::vector<Estimate>(const TwoSamples& sets)> estimate;
    /// More to show of the samples and the reference; may be empty.
    std::function<Json(const TwoSamples& sets)> details = {};
    Index enough = 8;  ///< samples that a side needs
};

/// A number that a metric gives. What it estimates is `value` to the power of `power`.
struct MetricNumber {
    std::string_view name, summary;
    int power = 1;           ///< 2: a square is estimated, and its root is shown
    bool biased = false;     ///< noise alone adds about the floor to the estimate
    bool two_sided = false;  ///< less than the floor is a difference, too
    bool nonlinear = false;  ///< its error leaves out what remains where the laws are equal
    bool sees_wider = true;  ///< it tells samples of a wider law, whose balls are wider as well
    double top = std::numeric_limits<double>::infinity();  ///< no distance of laws is above
};

struct MetricSpec;

struct MetricRow {
    std::string_view name, summary;
    SpecInfo spec;
    std::span<const MetricNumber> scores;
    Index (*most)(const MetricSpec& spec, Index dim);  ///< samples of a side, for time and memory
    bool even = false;                                 ///< needs as many samples on both sides
    bool alone = false;   ///< one thread does it, so that several comparisons go on together
    bool trains = false;  ///< it trains a network for each comparison, which takes long
    /// Throws Failure::usage where a setting without a default is missing.
    Metric (*make)(const Json& settings, const MetricContext& context);
};

Catalogue<MetricRow> metrics();

/// What comparisons are asked. Settings of a single metric belong to its row.
struct MetricSpec {
    /// Those that need nothing else, in the order in which they are shown.
    ChoiceList<si::metrics> metrics{"w1,w2,sliced,energy,mmd,classifier,moments,kl,neighbours"};
    Index most = 4000, exact = 1000, floors = 20;
    double notice = 0.2;
    std::string units = "reference";

    static constexpr auto fields() {
        return std::tuple{
            field("metrics", &MetricSpec::metrics,
                  "Metrics to compute, each followed by its settings")
                .value("METRIC,..."),
            field("most", &MetricSpec::most,
                  "Largest number of samples per set for metrics whose work grows with its square",
                  kPositive),
            field("exact", &MetricSpec::exact,
                  "Largest number of samples per set for w1 and w2 in two dimensions or more, "
                  "whose work grows faster; each thread takes 8 bytes times its square of memory",
                  kPositive),
            field("floors", &MetricSpec::floors,
                  "Number of pairs of parts of the reference to compare for the noise floor",
                  Rule{[](double v) { return v >= 3; }, "3 or more"}),
            field("notice", &MetricSpec::notice,
                  "Change that a metric must be able to detect to call two sets the same: every "
                  "coordinate shifted by this many standard deviations, and stretched by this "
                  "fraction",
                  kPositive),
            field("units", &MetricSpec::units,
                  "Units of distances: standard deviations of the reference, or raw, the units of "
                  "the data",
                  one_of(+[] {
                      return std::vector<std::string>{"reference", "raw"};
                  }))};
    }

    static GoesWithTable goes_with();
};

}  // namespace si
