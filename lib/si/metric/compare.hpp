#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/progress.hpp"
#include "si/metric/metrics.hpp"
#include "si/metric/parts.hpp"
#include "si/metric/units.hpp"
#include "si/random/draw.hpp"

// Distances between samples and a reference, with what noise alone would give.

namespace si {

enum class Verdict {
    same,     ///< within the noise, where a change by `MetricSpec::notice` would not have been
    differs,  ///< above the noise
    closer,   ///< below the noise, also of their own law: they are not independent of the reference
    too_few,  ///< within the noise, but a change by `MetricSpec::notice` would have been, too
    blind,    ///< within the noise, though samples are wild that no noise explains
    undefined,  ///< not computed; `note` says why
};

std::string_view to_text(Verdict verdict);

/// One score of a metric.
///
/// The value compares na of the samples with nb of the reference. The floor does the same with na
/// others of the reference in the place of the samples, `MetricSpec::floors` times with parts drawn
/// anew; it is the mean, and floor_deviation the spread of one of them, which any independent
/// samples of the truth would have. A value is above the noise when it is more than three such
/// deviations above the floor, and more than 1.96 of its own errors. Below the floor it differs
/// too, as samples that are too narrow do, unless it is below what two halves of the samples have
/// as well.
///
/// The interval covers the distance of the laws with a chance of about 95 %, or more; for shares,
/// as of a classifier or of neighbourhoods, the share at these sizes. That of sliced distances is
/// of the lines that were drawn, in blocks at right angles, which are exact for a shift. Where
/// noise adds to the estimate, it reaches from the value less the floor less 1.96 errors to the
/// value plus 1.96 errors, in squares where a square is estimated: the mean at n lies above the
/// distance of the laws, and the floor is about by how much. For transport, the larger of the floor
/// and its average with the distance between halves of the samples is subtracted.
///
/// The error of a value that a wild sample (si/metric/wild.hpp) enters is that of a law with as far
/// a tail, which the reference does not have. Then the deviation of the floors alone decides what
/// is above the noise, and a metric that finds nothing is blind to what is there.
struct Comparison {
    const MetricNumber* score = nullptr;
    double value = 0, error = 0, low = 0, high = 0;
    double floor = 0, floor_deviation = 0;
    double changed = 0;  ///< the last of the floors, with its part shifted and stretched
    Index na = 0, nb = 0;
    Verdict verdict = Verdict::undefined;
    std::string note;
};

/// One metric of the run: its scores, and details of the samples against the reference, or null.
struct MetricResult {
    const MetricRow* row;
    std::vector<Comparison> scores;
    Json details;
};

/// How many of n samples and m of the reference a metric compares: as many of both as leave na
/// others of the reference for the floor.
struct Sizes {
    Index na, nb;
};
Sizes sizes_of(const MetricRow& row, const MetricSpec& spec, Index n, Index m, Index dim);

/// Reads the points (d, k) of a file that a metric's settings name.
using ReadPoints = std::function<Matrix(const std::string& file)>;

/// Two sets to compare.
struct Compared {
    MatrixView samples, reference;  ///< (d, n), (d, m)
    bool one_unit = false;          ///< of all coordinates, as of pixels
};

/// All that a comparison says.
struct ComparisonReport {
    std::vector<MetricResult> metrics;
    std::vector<Index> wild, wild_reference;  ///< columns that are wild beside the other set
    std::vector<Index> stray;  ///< columns of the reference that are wild beside its others
    std::vector<ConstantCoordinate> constant;

    /// What all of it says together: that the laws differ where any metric does, or where anything
    /// is wild.
    Verdict verdict() const;
};

/// The metrics that `spec` names, in the units that it names. Rows are taken in their order where
/// all are, else by addresses of the seed. A metric that is not defined for these samples says so
/// in its notes. Throws Failure::data for different dimensions, and where no metric is defined;
/// Failure::usage for a metric that is named twice, or for none.
ComparisonReport compare(const Compared& sets, const MetricSpec& spec, std::uint64_t seed,
                         const ReadPoints& read, Threads& threads, Progress& progress);

}  // namespace si
