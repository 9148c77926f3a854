#include <algorithm>
#include <cmath>

#include "si/plot/kinds.hpp"

namespace si::plot {
namespace {

constexpr double kGap = 16, kTitle = 22;

std::array<Index, 3> size_for(const GridSpec& spec, const Samples& samples) {
    const Index d = samples.dim();
    if (spec.size.empty()) {
        if (const auto size = image_size(samples)) return *size;
    }
    const bool told = spec.size.size() == 2;
    const Index area = told ? spec.size[0] * spec.size[1] : 0;
    require(told, Failure::data, "samples of ", d,
            " numbers say no height and width of an image; give --kind grid,size=H:W");
    require(area == d || 3 * area == d, Failure::data, "samples of ", d,
            " numbers are no images of ", spec.size[0], " x ", spec.size[1]);
    return {spec.size[0], spec.size[1], d / area};
}

Bitmap sheet_of(const GridSpec& spec, const Samples& samples, const Range& levels) {
    const auto [height, width, channels] = size_for(spec, samples);
    const Index zoom = spec.zoom, cell_x = width * zoom + 2, cell_y = height * zoom + 2;
    const Index count = std::min(spec.rows * spec.columns, samples.n());
    const Index columns = std::min(spec.columns, count), rows = (count + columns - 1) / columns;
    Bitmap sheet(columns * cell_x, rows * cell_y, channels, 128);
    for (Index k = 0; k < count; ++k) {
        for (Index y = 0; y < height * zoom; ++y) {
            for (Index x = 0; x < width * zoom; ++x) {
                for (Index c = 0; c < channels; ++c) {
                    const double value =
                        samples.values((c * height + y / zoom) * width + x / zoom, k);
                    const double level =
                        (value / 2 - levels.low / 2) / (levels.high / 2 - levels.low / 2);
                    sheet.at(k % columns * cell_x + x + 1, k / columns * cell_y + y + 1, c) =
                        static_cast<std::uint8_t>(std::lround(255 * std::clamp(level, 0.0, 1.0)));
                }
            }
        }
    }
    return sheet;
}

}  // namespace

std::optional<std::array<Index, 3>> image_size(const Samples& samples) {
    const auto& shape = samples.shape;
    if (shape.size() == 2) return std::array<Index, 3>{shape[0], shape[1], 1};
    if (shape.size() == 3 && (shape[0] == 1 || shape[0] == 3)) {
        return std::array<Index, 3>{shape[1], shape[2], shape[0]};
    }
    const Index d = samples.dim();
    const auto side = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(d))));
    if (side * side != d) return {};
    return std::array<Index, 3>{side, side, 1};
}

Drawing grid(const GridSpec& spec, const Sources& sources) {
    const auto sets = all_samples(sources);
    // Black and white are the extremes of the first set, which is the real data by custom.
    Range levels;
    levels.include(sets.front()->values.minCoeff());
    levels.include(sets.front()->values.maxCoeff());
    if (levels.high <= levels.low) levels = levels.padded();
    Drawing drawing;
    drawing.title = text("Images of ", names_of(sources));
    drawing.width = kGap;
    for (std::size_t k = 0; k < sets.size(); ++k) {
        Bitmap sheet = sheet_of(spec, *sets[k], levels);
        const auto width = static_cast<double>(sheet.width),
                   height = static_cast<double>(sheet.height);
        drawing.add(Caption{{drawing.width + width / 2, kTitle - 6},
                            fitted(sources[k].name, 12, width),
                            12,
                            Anchor::middle});
        const Matrix& values = sets[k]->values;  // divided first, so that the sum is finite
        const double mean = (values / static_cast<double>(values.size())).sum();
        drawing.description +=
            text(sources[k].name, ": the first ", std::min(spec.rows * spec.columns, sets[k]->n()),
                 " of ", sets[k]->n(), " images, mean level ", short_number(mean), ". ");
        drawing.height = std::max(drawing.height, kTitle + height + kGap);
        drawing.add(Inset{{drawing.width, kTitle}, width, height, std::move(sheet), {}});
        drawing.width += width + kGap;
    }
    drawing.description += text("Black is ", short_number(levels.low), ", white ",
                                short_number(levels.high), ", in all panels.");
    return drawing;
}

}  // namespace si::plot
