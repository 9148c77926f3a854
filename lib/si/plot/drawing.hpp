#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "si/base/types.hpp"

// A picture as a list of shapes, in units of a pixel at its natural size, y downwards. There is
// one description and two writers: SVG keeps the shapes, PNG and PGM are drawn from them.

namespace si::plot {

/// Colours by what they are for. Each theme has its own, told apart in all common kinds of colour
/// blindness and of contrast 3 or more with the ground.
enum class Ink : std::uint8_t { text, faint, paper, one, two, three, four, five, six };
inline constexpr std::size_t kInks = 9;

/// The ink of the k-th series; they repeat after six.
Ink series_ink(std::size_t k);

/// What a picture is looked at on. Of `either` an SVG file asks its reader; PNG takes light.
enum class Theme : std::uint8_t { either, light, dark };
/// What people call them, in that order.
std::vector<std::string> theme_names();
Theme theme_called(std::string_view name);

using Colour = std::array<std::uint8_t, 3>;
Colour colour_of(Ink ink, Theme theme);

struct Spot {
    double x = 0, y = 0;
};

struct Stroke {
    std::vector<Spot> spots;
    Ink ink = Ink::text;
    double width = 1;
    double opacity = 1;
    bool dashed = false;
};

/// The inside of a polygon.
struct Area {
    std::vector<Spot> spots;
    Ink ink = Ink::one;
    double opacity = 1;
};

/// Equal discs.
struct Dots {
    std::vector<Spot> spots;
    Ink ink = Ink::one;
    double radius = 1.5;
    double opacity = 1;
};

enum class Anchor : std::uint8_t { start, middle, end };

struct Caption {
    Spot at;  ///< on the baseline
    std::string text;
    double size = 12;
    Anchor anchor = Anchor::start;
    Ink ink = Ink::text;
    bool upwards = false;  ///< turned to be read from below to above
};

/// Levels 0 .. 255, row by row from the top, of 1 (grey) or 3 (colour) channels.
struct Bitmap {
    Index width = 0, height = 0, channels = 1;
    std::vector<std::uint8_t> levels;

    Bitmap() = default;
    Bitmap(Index width, Index height, Index channels = 1, std::uint8_t level = 255);
    std::uint8_t& at(Index x, Index y, Index channel = 0) {
        return levels[static_cast<std::size_t>((y * width + x) * channels + channel)];
    }
    std::uint8_t at(Index x, Index y, Index channel = 0) const {
        return levels[static_cast<std::size_t>((y * width + x) * channels + channel)];
    }
};

/// A bitmap in a rectangle, its pixels as sharp squares. With an `ink`, levels are how much of it
/// lies on the ground.
struct Inset {
    Spot corner;
    double width = 0, height = 0;
    Bitmap bitmap;
    std::optional<Ink> ink;
};

using Shape = std::variant<Stroke, Area, Dots, Caption, Inset>;

struct Drawing {
    double width = 0, height = 0;
    std::string title;        ///< what is shown, in one line
    std::string description;  ///< its numbers, for those who cannot see it
    std::vector<Shape> shapes;

    template <class Kind>
    void add(Kind shape) {
        shapes.emplace_back(std::move(shape));
    }
    /// All of another drawing, with its corner there. Its description is added to this one.
    void place(const Drawing& other, Spot corner);
};

/// About how wide a line of text is.
double width_of(std::string_view text, double size);

/// `text` as it may stand in XML and HTML, in attributes too. Control characters and what is not
/// UTF-8 become U+FFFD.
std::string escaped(std::string_view words);

/// A complete SVG document, without scripts.
std::string svg(const Drawing& drawing, Theme theme = Theme::either);

/// The same as an element of an HTML page that has style_sheet() once; `id` is unique in the page.
std::string svg_element(const Drawing& drawing, const std::string& id);

/// The colours of both themes as CSS.
std::string style_sheet(Theme theme = Theme::either);

/// The drawing as pixels, `scale` of them for one unit, in three channels. Throws Failure::data
/// when that is more than 2^28 of them.
Bitmap raster(const Drawing& drawing, double scale, Theme theme = Theme::light);

/// One channel from three, as the eye weighs them (Rec. 601).
Bitmap grey(const Bitmap& bitmap);

/// The bytes of a PNG file (RFC 2083, 8-bit grey or RGB).
std::string png(const Bitmap& bitmap);

/// The bytes of a PGM file (P5) of one channel.
std::string pgm(const Bitmap& bitmap);

/// A kind of picture file.
struct PictureFormat {
    std::string_view ending;
    /// The bytes of a file; `scale` as in raster().
    std::string (*encode)(const Drawing& drawing, double scale, Theme theme);
};

/// By the ending of a name, .svg, .png or .pgm in letters of any size; PNG for a name without one.
/// Throws Failure::usage for another ending.
const PictureFormat& picture_format(const std::string& file);

}  // namespace si::plot
