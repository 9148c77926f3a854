#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/base/types.hpp"

namespace si {

/// Grey levels, 0 black to 255 white, row by row from the top.
struct Picture {
    Index width = 0, height = 0;
    std::vector<std::uint8_t> pixels;

    Picture(Index width, Index height, std::uint8_t grey = 255);
    std::uint8_t& at(Index x, Index y) { return pixels[static_cast<std::size_t>(y * width + x)]; }
    std::uint8_t at(Index x, Index y) const {
        return pixels[static_cast<std::size_t>(y * width + x)];
    }
};

/// The bytes of a PNG file (RFC 2083, 8-bit grey).
std::string png(const Picture& picture);

/// The bytes of a PGM file (P5).
std::string pgm(const Picture& picture);

/// Samples to show: one panel a set.
struct Panel {
    const Matrix* x = nullptr;  ///< (d, n)
    std::vector<Index> shape;   ///< of one sample
};

struct PictureRow {
    std::string_view name, summary;
    SpecInfo spec;
    /// Throws Failure::data when the samples cannot be shown this way.
    Picture (*draw)(const Json& settings, const std::vector<Panel>& panels);
};

/// grid (samples as small images) and density (2-D histograms); panels stand side by side, on
/// common scales.
Catalogue<PictureRow> pictures();

/// The kind that suits the samples: density for dimension 2, grid otherwise.
std::string_view suitable_picture(const Panel& panel);

}  // namespace si
