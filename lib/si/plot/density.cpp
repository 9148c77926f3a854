#include <algorithm>
#include <cmath>

#include "si/plot/kinds.hpp"

namespace si::plot {
namespace {

/// Shares of samples in square cells, the first row uppermost, and the share outside of them.
struct Cells {
    Matrix shares;
    double outside = 0;
};

Cells count(const Samples& samples, const std::vector<Index>& axes, const Range& x, const Range& y,
            Index bins) {
    Cells cells{Matrix::Zero(bins, bins)};
    const double unit = 1 / static_cast<double>(samples.n());
    const auto place = [&](double value, const Range& range) {
        const double at = (value - range.low) / (range.high - range.low);
        return std::min(static_cast<Index>(at * static_cast<double>(bins)), bins - 1);
    };
    for (Index j = 0; j < samples.n(); ++j) {
        const double u = samples.values(axes[0], j), v = samples.values(axes[1], j);
        if (!x.holds(u) || !y.holds(v)) {
            cells.outside += unit;
            continue;
        }
        cells.shares(place(u, x), bins - 1 - place(v, y)) += unit;
    }
    return cells;
}

/// The share that is drawn with full ink: two and a half times the mean of cells that have any.
double full_share(const Matrix& shares) {
    const auto used = std::max<Index>((shares.array() > 0).count(), 1);
    return std::max(2.5 * shares.sum() / static_cast<double>(used), 1e-300);
}

Bitmap levels_of(const Matrix& shares, double full) {
    Bitmap bitmap(shares.rows(), shares.cols());
    for (Index y = 0; y < shares.cols(); ++y) {
        for (Index x = 0; x < shares.rows(); ++x) {
            const double level = std::min(shares(x, y) / full, 1.0);
            bitmap.at(x, y) = static_cast<std::uint8_t>(std::lround(255 * level));
        }
    }
    return bitmap;
}

/// Ranges of one length, where the longer is not far longer: distances look as they are.
void equalise(Range& x, Range& y) {
    const double a = x.high - x.low, b = y.high - y.low;
    if (std::max(a, b) > 4 * std::min(a, b)) return;
    const auto grow = [](Range& range, double by) { range = {range.low - by, range.high + by}; };
    grow(a < b ? x : y, std::abs(a - b) / 2);
}

}  // namespace

Drawing density(const DensitySpec& spec, const Sources& sources) {
    const auto sets = all_samples(sources);
    const Index dim = sets.front()->dim(), number = std::ssize(sets);
    require(dim >= 2, Failure::data,
            "a density is drawn of samples in 2 dimensions or more, these have 1; ",
            "--kind marginals shows them");
    const auto axes = chosen({spec.x, spec.y}, dim, 2);
    Range x, y;
    for (const Samples* samples : sets) {
        x.include(middle_range(*samples, axes[0]));
        y.include(middle_range(*samples, axes[1]));
    }
    x = x.padded();
    y = y.padded();
    equalise(x, y);
    const auto suited = static_cast<Index>(4 * std::cbrt(static_cast<double>(sets.front()->n())));
    const Index bins =
        spec.bins > 0 ? spec.bins : std::clamp<Index>(suited, 24, std::max<Index>(spec.pixels, 24));
    const auto size = static_cast<double>(spec.pixels);
    const Panels panels{number, spec.across > 0 ? std::min(spec.across, number) : number, size,
                        size};
    Drawing drawing = panels.sheet();
    drawing.title = text("Density of ", names_of(sources));
    double full = 0;
    for (Index k = 0; k < number; ++k) {
        const auto at = static_cast<std::size_t>(k);
        const Cells cells = count(*sets[at], axes, x, y, bins);
        if (k == 0) full = full_share(cells.shares);
        const Box box = panels.frame(k);
        drawing.add(Inset{{box.x, box.y}, size, size, levels_of(cells.shares, full), Ink::one});
        Axes(drawing, box, {x, coordinate_name(*sets[at], axes[0])},
             {y, k % panels.across == 0 ? coordinate_name(*sets[at], axes[1]) : ""},
             sources[at].name)
            .frame();
        drawing.description += summary(sources[at], axes) + " ";
        if (cells.outside > 0) {
            drawing.description +=
                text("Outside of the frame: ", short_number(100 * cells.outside, 3), " %. ");
        }
    }
    const auto cell = [&](const Range& range) {
        return short_number((range.high - range.low) / static_cast<double>(bins), 3);
    };
    drawing.description +=
        text("Full colour is a share of ", short_number(full, 3),
             " or more of the samples in a cell of ", cell(x), " by ", cell(y), ", in all panels.");
    return drawing;
}

}  // namespace si::plot
