#include <algorithm>

#include "si/plot/histogram.hpp"
#include "si/plot/kinds.hpp"

namespace si::plot {
namespace {

std::vector<Spot> points_of(const Samples& samples, Index x, Index y, Index limit) {
    std::vector<Spot> points;
    for (const Index j : shown(samples.n(), limit)) {
        points.push_back({samples.values(x, j), samples.values(y, j)});
    }
    return points;
}

/// Fewer dots are larger and darker.
double radius_for(Index n) { return n <= 100 ? 2.6 : n <= 800 ? 1.9 : 1.3; }

}  // namespace

Drawing scatter(const ScatterSpec& spec, const Sources& sources) {
    const auto sets = all_samples(sources);
    const Index dim = sets.front()->dim();
    require(dim >= 2, Failure::data, "points are drawn of samples in 2 dimensions or more, ",
            "these have 1; --kind marginals shows them");
    const auto axes = chosen({spec.x, spec.y}, dim, 2);
    Range x, y;
    for (const Samples* samples : sets) {
        x.include(middle_range(*samples, axes[0]));
        y.include(middle_range(*samples, axes[1]));
    }
    const auto size = static_cast<double>(spec.size);
    const auto entries = sets.size() > 1 ? entries_of(sources) : std::vector<Entry>{};
    const Panels panels{1, 1, size, size, legend_height(entries, size)};
    Drawing drawing = panels.sheet();
    drawing.title = text("Samples of ", names_of(sources));
    legend(drawing, {Axes::kLeft, 8}, entries, size);
    Axes frame(drawing, panels.frame(0), {x.padded(), coordinate_name(*sets.front(), axes[0])},
               {y.padded(), coordinate_name(*sets.front(), axes[1])},
               sets.size() > 1 ? "" : sources.front().name);
    for (std::size_t k = 0; k < sets.size(); ++k) {
        const auto points = points_of(*sets[k], axes[0], axes[1], spec.limit);
        frame.dots(points, series_ink(k), radius_for(std::ssize(points)), 0.65);
        drawing.description += summary(sources[k], axes) + " ";
        if (std::ssize(points) < sets[k]->n()) {
            drawing.description +=
                text("A random choice of ", points.size(), " of them is drawn. ");
        }
    }
    frame.frame();
    return drawing;
}

Drawing pairs(const PairsSpec& spec, const Sources& sources) {
    const auto sets = all_samples(sources);
    const auto axes = chosen(spec.coordinates, sets.front()->dim(), 5);
    const Index count = std::ssize(axes);
    const auto size = static_cast<double>(spec.size);
    constexpr double kGap = 8;
    Drawing drawing;
    drawing.width = Axes::kLeft + static_cast<double>(count) * (size + kGap) + Axes::kRight;
    const double inner = drawing.width - Axes::kLeft - Axes::kRight;
    const auto entries = entries_of(sources);
    const double top = 10 + legend_height(entries, inner);
    drawing.height = top + static_cast<double>(count) * (size + kGap) + Axes::kBottom;
    drawing.title = text("Pairs of coordinates of ", names_of(sources));
    for (const Source& source : sources) drawing.description += summary(source, axes) + " ";
    drawing.description += text("At most ", spec.limit, " points of each are drawn.");
    legend(drawing, {Axes::kLeft, 6}, entries, inner);

    std::vector<Range> ranges(axes.size());
    for (std::size_t k = 0; k < axes.size(); ++k) {
        for (const Samples* set : sets) ranges[k].include(middle_range(*set, axes[k]));
        ranges[k] = ranges[k].padded();
    }
    for (Index row = 0; row < count; ++row) {
        for (Index column = 0; column <= row; ++column) {
            const auto i = static_cast<std::size_t>(column), j = static_cast<std::size_t>(row);
            const Box box{Axes::kLeft + static_cast<double>(column) * (size + kGap),
                          top + static_cast<double>(row) * (size + kGap), size, size};
            const auto name = [&](std::size_t k) {
                return coordinate_name(*sets.front(), axes[k]);
            };
            const bool bottom = row + 1 == count, left = column == 0;
            const Axis x{ranges[i], bottom ? name(i) : "", false, {}, bottom};
            if (row == column) {
                histograms(drawing, {.box = box, .x = x, .label = left ? "density" : ""}, sets,
                           axes[i]);
                continue;
            }
            Axes frame(drawing, box, x, {ranges[j], left ? name(j) : "", false, {}, left});
            for (std::size_t k = 0; k < sets.size(); ++k) {
                frame.dots(points_of(*sets[k], axes[i], axes[j], spec.limit), series_ink(k), 1.1,
                           0.6);
            }
            frame.frame();
        }
    }
    return drawing;
}

}  // namespace si::plot
