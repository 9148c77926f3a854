#pragma once

#include <vector>

#include "si/plot/axes.hpp"
#include "si/plot/source.hpp"

// Histograms of samples, alone and as panels of a picture.

namespace si::plot {

/// Shares of samples in equal bins of a range, over the width of a bin: the heights of a density.
/// What lies outside of the range counts in the whole.
struct Histogram {
    Range range;
    std::vector<double> heights;

    /// Its upper edge as points of a line, from the left end of the range to the right one.
    std::vector<Spot> outline() const;
    double top() const;
};

/// `bins` of 0 follow the number of samples.
Histogram histogram(const Samples& samples, Index coordinate, const Range& range, Index bins);

/// Half the sum of the differences of shares: 0 for equal histograms, at most 1.
double total_variation(const Histogram& a, const Histogram& b);

/// A curve over a coordinate.
struct Curve {
    std::vector<Spot> points;
    Ink ink;
};

/// A panel of histograms, without the samples.
struct HistogramPanel {
    Box box;
    Axis x;                          ///< of the coordinate; its range is cut into the bins
    std::string label;               ///< of the densities; without one their axis has no numbers
    Index bins = 0;                  ///< 0: after the number of samples of the smallest set
    std::vector<Curve> curves = {};  ///< drawn over the histograms
};

/// Draws the histograms of one coordinate of several sets, the first filled, on equal bins.
void histograms(Drawing& drawing, const HistogramPanel& panel,
                const std::vector<const Samples*>& sets, Index coordinate);

}  // namespace si::plot
