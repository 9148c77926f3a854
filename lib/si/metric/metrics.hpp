#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/base/estimate.hpp"
#include "si/base/threads.hpp"
#include "si/base/types.hpp"

// Everything that si-eval can say of samples and a reference. A new distance is one row.

namespace si {

std::vector<std::string> metric_names();

struct MetricSpec {
    /// Those that need nothing else, in the order in which they are shown.
    std::vector<std::string> metrics{"w1",         "w2",      "sliced", "energy",    "mmd",
                                     "classifier", "moments", "kl",     "neighbours"};
    Index most = 4000, exact = 1000, floors = 20, directions = 64, neighbours = 5;
    std::optional<double> bandwidth;
    double notice = 0.2;
    std::string modes;

    static constexpr auto fields() {
        return std::tuple{
            field("metrics", &MetricSpec::metrics, "What to compute", one_of(metric_names)),
            field("most", &MetricSpec::most,
                  "Largest number of samples of a side where the work grows with its square",
                  kPositive),
            field("exact", &MetricSpec::exact,
                  "Likewise for w1 and w2 in two dimensions or more, whose work grows faster; each "
                  "thread takes 8 bytes times its square of memory",
                  kPositive),
            field("floors", &MetricSpec::floors,
                  "Pairs of parts of the reference that are compared for the noise floor",
                  Rule{[](double v) { return v >= 3; }, "3 or more"}),
            field("directions", &MetricSpec::directions, "Projections of the sliced distances",
                  kPositive),
            field("neighbours", &MetricSpec::neighbours,
                  "Balls of neighbourhoods reach to this one of the nearest", kPositive),
            field("bandwidth", &MetricSpec::bandwidth,
                  "Deviation of the Gaussian kernel of mmd; without, the median distance in the "
                  "reference",
                  kPositive),
            field(
                "notice", &MetricSpec::notice,
                "What a metric must notice to call two sets the same: every coordinate shifted by "
                "this many standard deviations, and stretched by this part",
                kPositive),
            field("modes", &MetricSpec::modes, "Centres of modes, a row each, for the metric modes")
                .value("FILE")};
    }
};

/// What all comparisons of one run share, so that a distance and its floor are the same function.
struct MetricSetting {
    MetricSpec spec;
    std::uint64_t seed = 0;
    double bandwidth = 1;
    Vector mean;        ///< of the reference
    Vector scale;       ///< deviation of each coordinate of the reference; 1 where it is constant
    Matrix directions;  ///< (d, k), unit vectors
    Matrix modes;       ///< (d, modes), or empty
};

/// Parts of the samples (d, n) and of the reference (d, m).
struct TwoSamples {
    ConstMatrix x, y;
    const MetricSetting& setting;
    Threads& threads;
    bool with_error = true;  ///< else errors, where they take long, may be left out
};

/// A number that a metric gives. What it estimates is `value` to the power of `power`.
struct MetricNumber {
    std::string_view name, summary;
    int power = 1;           ///< 2: a square is estimated, and its root is shown
    bool biased = false;     ///< noise alone adds about the floor to the estimate
    bool two_sided = false;  ///< less than the floor is a difference, too
    bool nonlinear = false;  ///< its error leaves out what remains where the laws are equal
    double top = std::numeric_limits<double>::infinity();  ///< no distance of laws is above
};

struct MetricRow {
    std::string_view name, summary;
    SpecInfo spec;
    std::span<const MetricNumber> scores;
    Index (*most)(const MetricSpec& spec, Index dim);  ///< samples of a side, for time and memory
    bool even = false;                                 ///< needs as many samples on both sides
    bool alone = false;  ///< one thread does it, so that several comparisons go on together
    Index (*enough)(const MetricSetting& setting, Index dim);  ///< samples that a side needs
    /// One estimate for each of `scores`. Throws Failure::data where it is not defined.
    std::vector<Estimate> (*make)(const TwoSamples& sets);
    /// More to show of the samples and the reference, or null.
    Json (*details)(const TwoSamples& sets) = nullptr;
    bool centres = false;  ///< needs MetricSetting::modes
};

/// w1, w2, sliced, energy, mmd, classifier, moments, kl, frechet, neighbours, modes.
Catalogue<MetricRow> metrics();

}  // namespace si
