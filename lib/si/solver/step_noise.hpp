#pragma once

#include <algorithm>
#include <cmath>

#include "si/solver/sde.hpp"

// The noise of one step of an SDE, and how much of it has come by a time inside of the step.

namespace si {

/// How often a step is halved to find its noise at a time inside of it.
inline constexpr Index kHalvings = 12;

/// The noise of one step, `draws` independent increments side by side, of the variance `all`
/// together.
struct StepNoise {
    const Noise& noise;
    Index draws;
    Matrix normals, more;

    void fill(Index step, double all, Index d, Index n) {
        normals.resize(d, draws * n);
        if (all == 0) {
            normals.setZero();
            return;
        }
        for (Index k = 0; k < draws; ++k) {
            noise.increments(step * draws + k, normals.middleCols(k * n, n));
        }
        normals *= std::sqrt(all / static_cast<double>(draws));
    }

    /// What of them has come when their variance is `part`: Brownian motion that ends in them, by
    /// midpoints of halves of halves, so that all times inside of a step go together.
    void fill_part(Index step, double all, double part, Index d, Index n) {
        fill(step, all, d, n);
        if (part == 0) {
            normals.setZero();
            return;
        }
        const double each = all / static_cast<double>(draws);
        const double r = all > 0 ? std::min(1.0, part / all) : 0;
        const double beyond = std::max(0.0, part - all) / static_cast<double>(draws);
        more.resize(d, n);
        for (Index k = 0; k < draws; ++k) {
            auto own = normals.middleCols(k * n, n);
            const Index first = (step * draws + k) << kHalvings;
            own = halved(first, r, each, own);
            if (beyond == 0) continue;
            noise.inside(first, more);
            own += std::sqrt(beyond) * more;
        }
    }

    /// The motion at `r` of its way to `end`, whose variance is `variance`; node 1 is the middle of
    /// the way, nodes 2 k and 2 k + 1 those of the two halves of node k. Between the last two
    /// neighbours it is straight.
    Matrix halved(Index first, double r, double variance, const Matrix& end) {
        more.resize(end.rows(), end.cols());
        double low = 0, high = 1;
        Matrix at_low = Matrix::Zero(end.rows(), end.cols()), at_high = end;
        for (Index node = 1; node < Index{1} << kHalvings && r > low && r < high;) {
            const double middle = (low + high) / 2;
            noise.inside(first + node, more);
            const Matrix at =
                (at_low + at_high) / 2 + std::sqrt(variance * (high - low)) / 2 * more;
            const bool above = r >= middle;
            (above ? low : high) = middle;
            (above ? at_low : at_high) = at;
            node = 2 * node + (above ? 1 : 0);
        }
        const double u = (r - low) / (high - low);
        return (1 - u) * at_low + u * at_high;
    }
};

}  // namespace si
