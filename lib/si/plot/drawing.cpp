#include "si/plot/drawing.hpp"

#include <algorithm>

#include "si/base/error.hpp"

namespace si::plot {
namespace {

struct Shade {
    Colour light, dark;
};

// After Okabe and Ito (2008), darkened for white paper and lightened for black.
constexpr std::array<Shade, kInks> kShades{{
    {{0x1c, 0x23, 0x2b}, {0xe6, 0xea, 0xee}},  // text
    {{0x9a, 0xa3, 0xad}, {0x66, 0x70, 0x7a}},  // faint
    {{0xff, 0xff, 0xff}, {0x12, 0x16, 0x1b}},  // paper
    {{0x00, 0x6a, 0xb0}, {0x5c, 0xb8, 0xf0}},  // blue
    {{0xc9, 0x4f, 0x00}, {0xf0, 0xa0, 0x30}},  // vermilion, orange
    {{0x00, 0x7f, 0x5f}, {0x33, 0xc9, 0x9a}},  // green
    {{0xa6, 0x45, 0x8a}, {0xe3, 0x8f, 0xc4}},  // purple
    {{0x8a, 0x6a, 0x00}, {0xe8, 0xdc, 0x50}},  // ochre, yellow
    {{0x4f, 0x4f, 0x4f}, {0xb8, 0xb8, 0xb8}},  // grey
}};

Spot moved(Spot spot, Spot by) { return {spot.x + by.x, spot.y + by.y}; }

}  // namespace

Ink series_ink(std::size_t k) {
    constexpr auto first = static_cast<std::size_t>(Ink::one);
    return static_cast<Ink>(first + k % (kInks - first));
}

std::vector<std::string> theme_names() { return {"auto", "light", "dark"}; }

Theme theme_called(std::string_view name) {
    const auto names = theme_names();
    const auto found = std::find(names.begin(), names.end(), name);
    require(found != names.end(), Failure::usage, "no theme '", name, "'");
    return static_cast<Theme>(found - names.begin());
}

Colour colour_of(Ink ink, Theme theme) {
    const Shade& shade = kShades[static_cast<std::size_t>(ink)];
    return theme == Theme::dark ? shade.dark : shade.light;
}

Bitmap::Bitmap(Index w, Index h, Index c, std::uint8_t level)
    : width(w), height(h), channels(c), levels(static_cast<std::size_t>(w * h * c), level) {}

void Drawing::place(const Drawing& other, Spot corner) {
    for (const Shape& one : other.shapes) {
        Shape& shape = shapes.emplace_back(one);
        std::visit(
            [&](auto& s) {
                if constexpr (requires { s.spots; }) {
                    for (Spot& spot : s.spots) spot = moved(spot, corner);
                } else if constexpr (requires { s.at; }) {
                    s.at = moved(s.at, corner);
                } else {
                    s.corner = moved(s.corner, corner);
                }
            },
            shape);
    }
    if (!other.description.empty()) {
        if (!description.empty()) description += ' ';
        description += other.description;
    }
}

Bitmap grey(const Bitmap& bitmap) {
    if (bitmap.channels == 1) return bitmap;
    Bitmap out(bitmap.width, bitmap.height);
    for (std::size_t i = 0; i < out.levels.size(); ++i) {
        const auto* c = &bitmap.levels[3 * i];
        out.levels[i] = static_cast<std::uint8_t>((299 * c[0] + 587 * c[1] + 114 * c[2]) / 1000);
    }
    return out;
}

}  // namespace si::plot
