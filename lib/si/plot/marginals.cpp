#include <algorithm>
#include <cmath>

#include "si/plot/histogram.hpp"
#include "si/plot/kinds.hpp"

namespace si::plot {
namespace {

Index bins_for(Index n) {
    const double root = std::cbrt(static_cast<double>(n));
    return std::clamp<Index>(static_cast<Index>(2 * root), 6, 100);
}

constexpr Index kCurvePoints = 241;

/// The sources that show samples; the models among `sources` stand aside.
Sources with_samples(const Sources& sources) {
    Sources list;
    for (const Source& source : sources) {
        if (!source.model) list.push_back(source);
    }
    return list;
}

std::vector<Spot> curve_of(const Source& source, Index coordinate, const Range& range) {
    const Vector x = Vector::LinSpaced(kCurvePoints, range.low, range.high);
    Threads threads(1);
    const auto y = source.model->marginal_density(coordinate, x, threads);
    require(y.has_value(), Failure::data, source.name,
            ": the density of one coordinate is known for Gaussians, mixtures, and models in one "
            "dimension with a known base; si-sample draws from the others");
    std::vector<Spot> points;
    for (Index i = 0; i < kCurvePoints; ++i) points.push_back({x[i], (*y)[i]});
    return points;
}

}  // namespace

std::vector<Spot> Histogram::outline() const {
    std::vector<Spot> points;
    const double width = (range.high - range.low) / static_cast<double>(heights.size());
    for (std::size_t k = 0; k < heights.size(); ++k) {
        const double left = range.low + width * static_cast<double>(k);
        points.push_back({left, heights[k]});
        points.push_back({left + width, heights[k]});
    }
    return points;
}

double Histogram::top() const { return *std::max_element(heights.begin(), heights.end()); }

Histogram histogram(const Samples& samples, Index coordinate, const Range& range, Index bins) {
    if (bins == 0) bins = bins_for(samples.n());
    Histogram out{range, std::vector<double>(static_cast<std::size_t>(bins))};
    const double length = range.high - range.low;
    for (Index j = 0; j < samples.n(); ++j) {
        const double x = samples.values(coordinate, j);
        if (!range.holds(x)) continue;
        const auto k = static_cast<Index>((x - range.low) / length * static_cast<double>(bins));
        out.heights[static_cast<std::size_t>(std::min(k, bins - 1))] += 1;
    }
    const double unit = static_cast<double>(samples.n()) * (length / static_cast<double>(bins));
    for (double& height : out.heights) height /= unit;
    return out;
}

double total_variation(const Histogram& a, const Histogram& b) {
    const double width = (a.range.high - a.range.low) / static_cast<double>(a.heights.size());
    double sum = 0, all_a = 0, all_b = 0;
    for (std::size_t k = 0; k < a.heights.size(); ++k) {
        sum += std::abs(a.heights[k] - b.heights[k]) * width;
        all_a += a.heights[k] * width;
        all_b += b.heights[k] * width;
    }
    return (sum + std::abs(all_a - all_b)) / 2;  // what lies outside is one more bin
}

void histograms(Drawing& drawing, const HistogramPanel& panel,
                const std::vector<const Samples*>& sets, Index coordinate) {
    Index bins = panel.bins;
    if (bins == 0) {
        Index least = 0;
        for (const Samples* set : sets) least = least == 0 ? set->n() : std::min(least, set->n());
        bins = bins_for(least);
    }
    std::vector<Histogram> all;
    double top = 0;
    for (const Samples* set : sets) {
        all.push_back(histogram(*set, coordinate, panel.x.range, bins));
        top = std::max(top, all.back().top());
    }
    for (const Curve& curve : panel.curves) {
        for (const Spot& point : curve.points) top = std::max(top, point.y);
    }
    const Axis density{.range = {0, top > 0 && std::isfinite(top) ? 1.06 * top : 1},
                       .label = panel.label,
                       .numbers = !panel.label.empty()};
    Axes frame(drawing, panel.box, panel.x, density);
    for (std::size_t k = 0; k < all.size(); ++k) {
        const auto outline = all[k].outline();
        if (k == 0) frame.area(outline, series_ink(k), 0.25);
        frame.line(outline, series_ink(k), 1.3);
    }
    for (const Curve& curve : panel.curves) frame.line(curve.points, curve.ink, 1.8);
    frame.frame();
}

namespace {

/// A sentence about the largest value of a density.
std::string peak_of(const Source& source, const Curve& density) {
    const auto peak = std::max_element(density.points.begin(), density.points.end(),
                                       [](Spot a, Spot b) { return a.y < b.y; });
    return text("The density of ", source.name, " is largest at ", short_number(peak->x, 3),
                ", where it is ", short_number(peak->y, 3), ". ");
}

/// Sentences about the distance of each set from the first, in one coordinate.
std::string differences(const Sources& data, const std::vector<const Samples*>& sets,
                        Index coordinate, const Range& range) {
    std::string all;
    const std::string name = coordinate_name(*sets.front(), coordinate);
    for (std::size_t j = 1; j < sets.size(); ++j) {
        const auto bins = bins_for(std::min(sets[0]->n(), sets[j]->n()));
        const double distance = total_variation(histogram(*sets[0], coordinate, range, bins),
                                                histogram(*sets[j], coordinate, range, bins));
        all += text(name, " of ", data[j].name, " differs from ", data[0].name,
                    " by a total variation of ", short_number(distance, 3), ". ");
    }
    return all;
}

}  // namespace

Drawing marginals(const MarginalsSpec& spec, const Sources& sources) {
    const Sources data = with_samples(sources);
    require(!data.empty(), Failure::data, "give samples too: what range does a density have?");
    const auto sets = all_samples(data);
    const Index dim = sets.front()->dim();
    for (const Source& source : sources) {
        require(!source.model || source.model->dim() == dim, Failure::data, source.name,
                ": has another dimension than ", data.front().name);
    }
    const auto axes = chosen(spec.coordinates, dim, 12);
    const Index count = std::ssize(axes), across = std::min(count, spec.across);
    const double width = count == 1 ? 420 : 200, height = count == 1 ? 280 : 150;
    auto entries = entries_of(data);
    for (const Source& source : sources) {
        if (source.model) entries.push_back({source.name, series_ink(entries.size())});
    }
    Panels panels{count, across, width, height, 0};
    const double inner = panels.sheet().width - Axes::kLeft;
    panels.top = legend_height(entries, inner);
    Drawing drawing = panels.sheet();
    drawing.title = text("Marginals of ", names_of(sources));
    legend(drawing, {Axes::kLeft, 8}, entries, inner);
    for (const Source& source : data) drawing.description += summary(source, axes) + " ";
    for (Index k = 0; k < count; ++k) {
        const Index c = axes[static_cast<std::size_t>(k)];
        Range range;
        for (const Samples* set : sets) range.include(middle_range(*set, c));
        range = range.padded(0.05);
        std::vector<Curve> curves;
        for (const Source& source : sources) {
            if (!source.model) continue;
            curves.push_back(
                {curve_of(source, c, range), entries[data.size() + curves.size()].ink});
            drawing.description += peak_of(source, curves.back());
        }
        histograms(drawing,
                   {.box = panels.frame(k),
                    .x = {range, coordinate_name(*sets.front(), c)},
                    .label = k % across == 0 ? "density" : " ",
                    .bins = spec.bins,
                    .curves = std::move(curves)},
                   sets, c);
        drawing.description += differences(data, sets, c, range);
    }
    return drawing;
}

}  // namespace si::plot
