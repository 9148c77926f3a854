#pragma once

#include <optional>
#include <tuple>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/plot/axes.hpp"
#include "si/plot/drawing.hpp"
#include "si/plot/source.hpp"

// The kinds of pictures: their settings, and the functions that draw them. The table of them is in
// picture.cpp. All throw Failure::data when a file cannot be shown this way.

namespace si::plot {

using Sources = std::vector<Source>;

struct ScatterSpec {
    Index x = 1, y = 2;
    Index limit = 2000;
    Index size = 420;

    static constexpr auto fields() {
        return std::tuple{
            field("x", &ScatterSpec::x, "Horizontal coordinate, counting from 1", kPositive),
            field("y", &ScatterSpec::y, "Vertical coordinate, counting from 1", kPositive),
            field("limit", &ScatterSpec::limit,
                  "Largest number of points per file; of more, a random choice is drawn",
                  kPositive),
            field("size", &ScatterSpec::size, "Width of the frame, in units (see --scale)",
                  kPositive)};
    }
};
Drawing scatter(const ScatterSpec& spec, const Sources& sources);

struct DensitySpec {
    Index x = 1, y = 2;
    Index pixels = 256, bins = 0;
    Index across = 0;

    static constexpr auto fields() {
        return std::tuple{
            field("x", &DensitySpec::x, "Horizontal coordinate, counting from 1", kPositive),
            field("y", &DensitySpec::y, "Vertical coordinate, counting from 1", kPositive),
            field("pixels", &DensitySpec::pixels, "Width of a panel, in units (see --scale)",
                  kPositive),
            field("bins", &DensitySpec::bins,
                  "Number of cells per row; 0 chooses by the number of samples", kNonNegative),
            field("across", &DensitySpec::across, "Panels per row; 0 puts all in one row",
                  kNonNegative)};
    }
};
Drawing density(const DensitySpec& spec, const Sources& sources);

struct MarginalsSpec {
    std::vector<Index> coordinates;
    Index bins = 0, across = 4;

    static constexpr auto fields() {
        return std::tuple{
            field("coordinates", &MarginalsSpec::coordinates,
                  "Coordinates, counting from 1, as in 1:3; the first twelve by default",
                  kPositive),
            field("bins", &MarginalsSpec::bins,
                  "Number of bars; 0 chooses by the number of samples", kNonNegative),
            field("across", &MarginalsSpec::across, "Panels per row", kPositive)};
    }
};
Drawing marginals(const MarginalsSpec& spec, const Sources& sources);

struct PairsSpec {
    std::vector<Index> coordinates;
    Index limit = 500, size = 120;

    static constexpr auto fields() {
        return std::tuple{
            field("coordinates", &PairsSpec::coordinates,
                  "Coordinates, counting from 1, as in 1:3; the first five by default", kPositive),
            field("limit", &PairsSpec::limit,
                  "Largest number of points per file; of more, a random choice is drawn",
                  kPositive),
            field("size", &PairsSpec::size, "Width of a frame, in units (see --scale)", kPositive)};
    }
};
Drawing pairs(const PairsSpec& spec, const Sources& sources);

struct TrajectoriesSpec {
    Index x = 1;
    std::optional<Index> y;
    Index limit = 60, size = 420;

    static constexpr auto fields() {
        return std::tuple{
            field("x", &TrajectoriesSpec::x,
                  "Horizontal coordinate, counting from 1; in one dimension the vertical "
                  "coordinate, over time",
                  kPositive),
            field("y", &TrajectoriesSpec::y,
                  "Vertical coordinate, counting from 1; the second by default, none in one "
                  "dimension",
                  kPositive),
            field("limit", &TrajectoriesSpec::limit,
                  "Largest number of paths per file; of more, a random choice is drawn", kPositive),
            field("size", &TrajectoriesSpec::size, "Width of the frame, in units (see --scale)",
                  kPositive)};
    }
};
Drawing trajectories(const TrajectoriesSpec& spec, const Sources& sources);

struct FlowSpec {
    std::vector<double> t;
    std::optional<Index> n, size;
    std::uint64_t seed = 0;

    static constexpr auto fields() {
        return std::tuple{
            field("t", &FlowSpec::t,
                  "Times of the panels, as in 0.1:0.5:0.9, the default; in one dimension there is "
                  "one panel, over all times",
                  kUnit),
            field("n", &FlowSpec::n,
                  "Number of samples that are carried along; 300 by default, 80 in one dimension",
                  kPositive),
            field("size", &FlowSpec::size,
                  "Width of a panel, in units (see --scale); 256 by default, 420 in one dimension",
                  kPositive),
            field("seed", &FlowSpec::seed, "Seed of their starting points")};
    }
};
Drawing flow(const FlowSpec& spec, const Sources& sources);

struct CurvesSpec {
    std::vector<std::string> figures;
    bool log = false;
    Index size = 480;

    static constexpr auto fields() {
        return std::tuple{
            field("figures", &CurvesSpec::figures,
                  "Quantities of the log to draw, as in loss:validation, the default"),
            field("log", &CurvesSpec::log,
                  "Logarithmic vertical axis; all values must be positive"),
            field("size", &CurvesSpec::size, "Width of the frame, in units (see --scale)",
                  kPositive)};
    }
};
Drawing curves(const CurvesSpec& spec, const Sources& sources);

struct SweepSpec {
    Index size = 480;

    static constexpr auto fields() {
        return std::tuple{field("size", &SweepSpec::size,
                                "Width of the frame, in units (see --scale)", kPositive)};
    }
};
Drawing sweep(const SweepSpec& spec, const Sources& sources);

struct GridSpec {
    Index rows = 10, columns = 10;
    Index zoom = 4;
    std::vector<Index> size;

    static constexpr auto fields() {
        return std::tuple{
            field("rows", &GridSpec::rows, "Images per column", kPositive),
            field("columns", &GridSpec::columns, "Images per row", kPositive),
            field("zoom", &GridSpec::zoom, "Width of one image pixel, in units (see --scale)",
                  kPositive),
            field("size", &GridSpec::size,
                  "Height and width of an image, as in 8:8; by default from the shape of a sample",
                  kPositive)};
    }
};
Drawing grid(const GridSpec& spec, const Sources& sources);

/// Height, width and channels (1 or 3) of the samples as images, as far as their shape says so:
/// (h, w), (1, h, w), (3, h, w), or a square of d numbers.
std::optional<std::array<Index, 3>> image_size(const Samples& samples);

// What several of them use.

/// The samples of every source; one without any is an error that says what it is.
std::vector<const Samples*> all_samples(const Sources& sources);

/// The middle of a coordinate's samples: all but one in two thousand at each end.
Range middle_range(const Samples& samples, Index coordinate);

/// "a.h5: 1000 samples, x1 mean 0.1 sd 1.2, x2 ..." for these coordinates.
std::string summary(const Source& source, const std::vector<Index>& coordinates);

/// Coordinates as people count them, checked and from 0; the first `most` when none are named.
std::vector<Index> chosen(const std::vector<Index>& named, Index dim, Index most);

/// One entry for each source.
std::vector<Entry> entries_of(const Sources& sources);

/// "a.h5, b.h5 and c.h5".
std::string names_of(const Sources& sources);

}  // namespace si::plot
