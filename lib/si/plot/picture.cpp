#include "si/plot/picture.hpp"

#include <algorithm>
#include <cmath>

namespace si {
namespace {

constexpr Index kGap = 16;  // between panels
constexpr std::uint8_t kMargin = 255;

/// Panels of one size on a light ground, `across` of them in a row (0: all).
Picture tiled(const std::vector<Picture>& parts, Index across) {
    const Index count = std::ssize(parts), columns = across > 0 ? std::min(across, count) : count,
                rows = (count + columns - 1) / columns;
    Index width = 0, height = 0;
    for (const Picture& part : parts) {
        width = std::max(width, part.width);
        height = std::max(height, part.height);
    }
    Picture all(kGap + columns * (width + kGap), kGap + rows * (height + kGap), kMargin);
    for (Index k = 0; k < count; ++k) {
        const Picture& part = parts[static_cast<std::size_t>(k)];
        const Index left = kGap + k % columns * (width + kGap),
                    top = kGap + k / columns * (height + kGap);
        for (Index y = 0; y < part.height; ++y) {
            for (Index x = 0; x < part.width; ++x) all.at(left + x, top + y) = part.at(x, y);
        }
    }
    return all;
}

struct GridSpec {
    Index rows = 10, columns = 10;
    Index zoom = 4;
    std::vector<Index> size;

    static constexpr auto fields() {
        return std::tuple{
            field("rows", &GridSpec::rows, "Images in a column", kPositive),
            field("columns", &GridSpec::columns, "Images in a row", kPositive),
            field("zoom", &GridSpec::zoom, "Pixels for one pixel of an image", kPositive),
            field("size", &GridSpec::size,
                  "Height and width of an image, as 8:8; from the shape of a sample when left out",
                  kPositive)};
    }
};

/// Height and width of a sample: as told, or its last two axes, or a square.
std::array<Index, 2> image_size(const GridSpec& spec, const Panel& panel) {
    const Index d = panel.x->rows();
    std::vector<Index> size = spec.size;
    if (size.empty()) {
        const auto side = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(d))));
        size = {side, side};
        if (panel.shape.size() >= 2)
            size = {panel.shape[panel.shape.size() - 2], panel.shape.back()};
    }
    require(size.size() == 2 && size[0] * size[1] == d, Failure::data, "samples of ", d,
            " numbers are no grey images of ",
            size.size() == 2 ? text(size[0], " x ", size[1]) : "that size");
    return {size[0], size[1]};
}

Picture grid_of(const GridSpec& spec, const Panel& panel, double low, double high) {
    const auto [height, width] = image_size(spec, panel);
    const Index cell_x = width * spec.zoom + 2, cell_y = height * spec.zoom + 2;
    const Index count = std::min(spec.rows * spec.columns, panel.x->cols());
    const Index rows = std::min(spec.rows, (count + spec.columns - 1) / spec.columns);
    Picture picture(spec.columns * cell_x, rows * cell_y, 128);
    for (Index k = 0; k < count; ++k) {
        for (Index y = 0; y < height * spec.zoom; ++y) {
            for (Index x = 0; x < width * spec.zoom; ++x) {
                const double value = (*panel.x)(y / spec.zoom * width + x / spec.zoom, k);
                const double level = std::clamp((value - low) / (high - low), 0.0, 1.0);
                picture.at(k % spec.columns * cell_x + x + 1, k / spec.columns * cell_y + y + 1) =
                    static_cast<std::uint8_t>(std::lround(255 * level));
            }
        }
    }
    return picture;
}

/// Black and white are the extremes of the first panel, which is the real data by custom.
Picture grid(const GridSpec& spec, const std::vector<Panel>& panels) {
    const double low = panels.front().x->minCoeff(),
                 high = std::max(panels.front().x->maxCoeff(), low + 1e-300);
    std::vector<Picture> parts;
    for (const Panel& panel : panels) parts.push_back(grid_of(spec, panel, low, high));
    return tiled(parts, 0);
}

struct DensitySpec {
    Index pixels = 256;
    Index across = 0;

    static constexpr auto fields() {
        return std::tuple{
            field("pixels", &DensitySpec::pixels, "Width and height of a panel", kPositive),
            field("across", &DensitySpec::across, "Panels in a row; 0 is all of them",
                  kNonNegative)};
    }
};

/// Dark where samples are many. The frame is that of the first panel and a little more.
Picture density(const DensitySpec& spec, const std::vector<Panel>& panels) {
    const Matrix& first = *panels.front().x;
    require(first.rows() == 2, Failure::data,
            "a density is drawn of samples in 2 dimensions, these have ", first.rows());
    const Eigen::Vector2d low = first.rowwise().minCoeff(), high = first.rowwise().maxCoeff();
    const double side = 1.1 * std::max((high - low).maxCoeff(), 1e-300);
    const Eigen::Vector2d corner = (low + high) / 2 - Eigen::Vector2d::Constant(side / 2);
    const Index p = spec.pixels;
    std::vector<Picture> parts;
    double full = 0;  // share of samples that is black
    for (const Panel& panel : panels) {
        require(panel.x->rows() == 2, Failure::data, "samples have ", panel.x->rows(),
                " coordinates, those before them 2");
        Matrix counts = Matrix::Zero(p, p);
        for (const auto& x : panel.x->colwise()) {
            const Eigen::Vector2d place = (x - corner) / side * static_cast<double>(p);
            if (place.minCoeff() < 0 || place.maxCoeff() >= static_cast<double>(p)) continue;
            counts(static_cast<Index>(place[0]), p - 1 - static_cast<Index>(place[1])) += 1;
        }
        counts /= static_cast<double>(panel.x->cols());
        if (full == 0) {
            const double mean = counts.sum() / static_cast<double>(std::max<Index>(
                                                   (counts.array() > 0).count(), 1));
            full = 2.5 * mean;
        }
        Picture part(p, p);
        for (Index y = 0; y < p; ++y) {
            for (Index x = 0; x < p; ++x) {
                const double level = std::min(counts(x, y) / full, 1.0);
                part.at(x, y) = static_cast<std::uint8_t>(std::lround(250 * (1 - level)));
            }
        }
        parts.push_back(std::move(part));
    }
    return tiled(parts, spec.across);
}

constexpr auto kPictures = std::to_array<PictureRow>({
    {"grid", "samples as small grey images", spec_of<GridSpec>, from_json<grid>},
    {"density", "two-dimensional histograms", spec_of<DensitySpec>, from_json<density>},
});

}  // namespace

Picture::Picture(Index w, Index h, std::uint8_t grey)
    : width(w), height(h), pixels(static_cast<std::size_t>(w * h), grey) {}

Catalogue<PictureRow> pictures() { return {"picture", kPictures}; }

std::string_view suitable_picture(const Panel& panel) {
    return panel.x->rows() == 2 ? "density" : "grid";
}

}  // namespace si
