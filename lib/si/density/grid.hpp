#pragma once

#include <optional>
#include <string>
#include <vector>

#include "si/base/types.hpp"

// Coordinates whose numbers lie on a grid, such as counts and grey levels: they have a density once
// uniform noise as wide as a step is added (Theis, van den Oord and Bethge, arXiv 1511.01844, 3.1).

namespace si {

/// Which coordinates are whole steps from an origin, and got such noise.
struct Grid {
    double step = 0;  ///< 0: none of them
    /// Of each coordinate, the least number that was seen, or nothing where it is on no grid. One
    /// alone stands for all coordinates. Empty: all are on one, and nobody knows from where.
    std::vector<std::optional<double>> origins = {};

    friend bool operator==(const Grid&, const Grid&) = default;
    /// How wide the noise of each of `dim` coordinates is.
    Vector widths(Index dim) const;
    /// Takes noise away: to the next number of the grid below, where an origin is known.
    void snap(Matrix& x) const;
};

/// Looks for them in samples that come one part after another.
class GridSearch {
  public:
    /// `common`: all coordinates have one origin, as pixels do.
    GridSearch(double step, bool common) : step_(step), common_(common) {}
    void add(ConstMatrix x);
    /// Throws Failure::data when no coordinate is on a grid, or when one of a common grid is not,
    /// with two of its numbers.
    Grid found() const;

    /// Columns that a few numbers keep off the grid: "column 2 is whole steps of 1 apart but for 1
    /// number, 2.5 in row 5". Rows count from 1 in the order of add().
    std::vector<std::string> near_misses() const;

  private:
    struct Seen {
        double first = 0, least = 0;
        std::optional<double> off = {};  ///< the first number between the lines of the grid
        Index off_row = 0, off_count = 0, count = 0;
        bool steps = false;  ///< some number is another one than the first
    };
    void look(Seen& seen, double value, bool first) const;
    std::optional<double> origin(const Seen& seen) const;

    double step_;
    bool common_;
    std::vector<Seen> seen_ = {};
    Index row_ = 0;  ///< the one that is looked at, from 1
};

}  // namespace si
