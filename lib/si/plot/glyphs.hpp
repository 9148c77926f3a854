#pragma once

#include <string_view>
#include <vector>

#include "si/plot/drawing.hpp"

// A stroke font of our own for pictures made of pixels: the printable ASCII characters as lines on
// a grid 10 units high (2 below the baseline, capitals 7 and small letters 5 above it).

namespace si::plot {

inline constexpr double kGlyphBaseline = 2, kGlyphCapital = 7;

/// Units between the left edges of this character and the next.
double glyph_advance(char c);

/// The lines of a character, x to the right and y upwards from the bottom of the grid. What is no
/// printable ASCII is an empty box.
std::vector<std::vector<Spot>> glyph(char c);

/// Text with one '\1' for each character beyond ASCII.
std::string ascii(std::string_view text);

}  // namespace si::plot
