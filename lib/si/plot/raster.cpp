#include <algorithm>
#include <cmath>

#include "si/base/error.hpp"
#include "si/plot/drawing.hpp"
#include "si/plot/glyphs.hpp"

namespace si::plot {
namespace {

/// How much of each pixel of a rectangle is covered, 0 to 1.
struct Mask {
    Index left, top, width, height;
    std::vector<float> cover;

    Mask(Spot low, Spot high, const Bitmap& page)
        : left(std::clamp<Index>(static_cast<Index>(std::floor(low.x)) - 1, 0, page.width)),
          top(std::clamp<Index>(static_cast<Index>(std::floor(low.y)) - 1, 0, page.height)),
          width(std::clamp<Index>(static_cast<Index>(std::ceil(high.x)) + 1, left, page.width) -
                left),
          height(std::clamp<Index>(static_cast<Index>(std::ceil(high.y)) + 1, top, page.height) -
                 top),
          cover(static_cast<std::size_t>(width * height)) {}

    float& at(Index x, Index y) { return cover[static_cast<std::size_t>(y * width + x)]; }

    /// A line with round ends: cover falls from one to zero over the pixel at its edge.
    void add_line(Spot a, Spot b, double half) {
        const double reach = half + 1, dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
        const auto from = [](double v, Index origin, Index size) {
            return std::clamp<Index>(static_cast<Index>(std::floor(v)) - origin, 0, size);
        };
        const Index x0 = from(std::min(a.x, b.x) - reach, left, width),
                    x1 = from(std::max(a.x, b.x) + reach + 1, left, width),
                    y0 = from(std::min(a.y, b.y) - reach, top, height),
                    y1 = from(std::max(a.y, b.y) + reach + 1, top, height);
        for (Index y = y0; y < y1; ++y) {
            for (Index x = x0; x < x1; ++x) {
                const double px = static_cast<double>(left + x) + 0.5 - a.x,
                             py = static_cast<double>(top + y) + 0.5 - a.y;
                const double along =
                    square > 0 ? std::clamp((px * dx + py * dy) / square, 0.0, 1.0) : 0;
                const double far = std::hypot(px - along * dx, py - along * dy);
                const auto value = static_cast<float>(std::clamp(half + 0.5 - far, 0.0, 1.0));
                at(x, y) = std::max(at(x, y), value);
            }
        }
    }

    /// The inside of a polygon by the even-odd rule, from kLines lines a pixel.
    void add_polygon(const std::vector<Spot>& spots) {
        constexpr int kLines = 8;
        std::vector<double> crossings;
        for (Index line = 0; line < kLines * height; ++line) {
            const double y = static_cast<double>(top) + (static_cast<double>(line) + 0.5) / kLines;
            crossings.clear();
            for (std::size_t i = 0; i < spots.size(); ++i) {
                const Spot &a = spots[i], &b = spots[(i + 1) % spots.size()];
                if ((a.y <= y) == (b.y <= y)) continue;
                crossings.push_back(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x) -
                                    static_cast<double>(left));
            }
            std::sort(crossings.begin(), crossings.end());
            for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
                fill(line / kLines, crossings[i], crossings[i + 1], 1.0 / kLines);
            }
        }
    }

  private:
    void fill(Index y, double from, double to, double weight) {
        from = std::clamp(from, 0.0, static_cast<double>(width));
        to = std::clamp(to, 0.0, static_cast<double>(width));
        for (auto x = static_cast<Index>(from); x < width && static_cast<double>(x) < to; ++x) {
            const double part =
                std::min(to, static_cast<double>(x + 1)) - std::max(from, static_cast<double>(x));
            at(x, y) += static_cast<float>(weight * part);
        }
    }
};

class Painter {
  public:
    Painter(const Drawing& drawing, double scale, Theme theme)
        : scale_(scale), theme_(theme), page_{length(drawing.width), length(drawing.height), 3} {
        const Colour paper = colour_of(Ink::paper, theme);
        for (std::size_t i = 0; i < page_.levels.size(); ++i) page_.levels[i] = paper[i % 3];
    }

    void operator()(const Stroke& stroke) {
        const double half = std::max(stroke.width * scale_, 1.0) / 2;
        const auto spots = scaled(stroke.spots);
        Mask mask = around({spots}, half);
        const std::vector<std::vector<Spot>> whole{spots};
        for (const auto& piece : stroke.dashed ? dashes(spots) : whole) {
            for (std::size_t i = 0; i + 1 < piece.size(); ++i) {
                mask.add_line(piece[i], piece[i + 1], half);
            }
        }
        paint(mask, stroke.ink, stroke.opacity);
    }

    void operator()(const Area& area) {
        const auto spots = scaled(area.spots);
        Mask mask = around({spots}, 0);
        mask.add_polygon(spots);
        paint(mask, area.ink, area.opacity);
    }

    /// One opacity for all, where they overlap too, as in SVG.
    void operator()(const Dots& dots) {
        const auto spots = scaled(dots.spots);
        const double radius = dots.radius * scale_;
        Mask mask = around({spots}, radius);
        for (const Spot& spot : spots) mask.add_line(spot, spot, radius);
        paint(mask, dots.ink, dots.opacity);
    }

    void operator()(const Caption& words) {
        const std::string text = ascii(words.text);
        const double unit = words.size * scale_ * 0.1, half = std::max(0.42 * unit, 0.5);
        const double all = width_of(words.text, words.size) * scale_;
        double x = words.anchor == Anchor::start ? 0
                   : words.anchor == Anchor::end ? -all
                                                 : -all / 2;
        std::vector<std::vector<Spot>> lines;
        for (const char c : text) {
            for (auto line : glyph(c)) {
                for (Spot& spot : line) {
                    const Spot at{x + spot.x * unit, (kGlyphBaseline - spot.y) * unit};
                    spot = words.upwards
                               ? Spot{words.at.x * scale_ + at.y, words.at.y * scale_ - at.x}
                               : Spot{words.at.x * scale_ + at.x, words.at.y * scale_ + at.y};
                }
                lines.push_back(std::move(line));
            }
            x += glyph_advance(c) * unit;
        }
        Mask mask = around(lines, half);
        for (const auto& line : lines) {
            for (std::size_t i = 0; i < line.size(); ++i) {
                mask.add_line(line[i], line[std::min(i + 1, line.size() - 1)], half);
            }
        }
        paint(mask, words.ink, 1);
    }

    void operator()(const Inset& inset) {
        const Index x0 = std::lround(inset.corner.x * scale_),
                    y0 = std::lround(inset.corner.y * scale_),
                    x1 = std::lround((inset.corner.x + inset.width) * scale_),
                    y1 = std::lround((inset.corner.y + inset.height) * scale_);
        const Bitmap& from = inset.bitmap;
        for (Index y = std::max<Index>(y0, 0); y < std::min(y1, page_.height); ++y) {
            for (Index x = std::max<Index>(x0, 0); x < std::min(x1, page_.width); ++x) {
                const Index u = (x - x0) * from.width / (x1 - x0),
                            v = (y - y0) * from.height / (y1 - y0);
                if (inset.ink) {
                    blend(x, y, *inset.ink, from.at(u, v) / 255.0);
                    continue;
                }
                for (Index c = 0; c < 3; ++c) {
                    page_.at(x, y, c) = from.at(u, v, std::min(c, from.channels - 1));
                }
            }
        }
    }

    Bitmap take() { return std::move(page_); }

  private:
    Index length(double units) const {
        const double pixels = std::ceil(units * scale_);
        require(pixels >= 1 && pixels <= 16384, Failure::data, "a picture ", pixels,
                " pixels long is not drawn; at most 16384");
        return static_cast<Index>(pixels);
    }

    std::vector<Spot> scaled(std::vector<Spot> spots) const {
        for (Spot& spot : spots) spot = {spot.x * scale_, spot.y * scale_};
        return spots;
    }

    Mask around(const std::vector<std::vector<Spot>>& lines, double margin) const {
        Spot low{1e9, 1e9}, high{-1e9, -1e9};
        for (const auto& line : lines) {
            for (const Spot& spot : line) {
                low = {std::min(low.x, spot.x - margin), std::min(low.y, spot.y - margin)};
                high = {std::max(high.x, spot.x + margin), std::max(high.y, spot.y + margin)};
            }
        }
        return {low, high, page_};
    }

    std::vector<std::vector<Spot>> dashes(const std::vector<Spot>& spots) const {
        const double on = 5 * scale_, period = 9 * scale_;
        std::vector<std::vector<Spot>> pieces;
        double walked = 0;
        for (std::size_t i = 0; i + 1 < spots.size(); ++i) {
            const Spot a = spots[i], b = spots[i + 1];
            const double all = std::hypot(b.x - a.x, b.y - a.y);
            const auto at = [&](double s) {
                return Spot{a.x + (b.x - a.x) * s / all, a.y + (b.y - a.y) * s / all};
            };
            for (double s = 0; s < all;) {
                const double phase = std::fmod(walked + s, period);
                const double next =
                    std::min(all, s + std::max(phase < on ? on - phase : period - phase, 1e-3));
                if (phase < on) pieces.push_back({at(s), at(next)});
                s = next;
            }
            walked += all;
        }
        return pieces;
    }

    void paint(Mask& mask, Ink ink, double opacity) {
        for (Index y = 0; y < mask.height; ++y) {
            for (Index x = 0; x < mask.width; ++x) {
                const float cover = std::min(mask.at(x, y), 1.0F);
                if (cover > 0) blend(mask.left + x, mask.top + y, ink, cover * opacity);
            }
        }
    }

    void blend(Index x, Index y, Ink ink, double amount) {
        const Colour colour = colour_of(ink, theme_);
        for (Index c = 0; c < 3; ++c) {
            std::uint8_t& level = page_.at(x, y, c);
            const double mixed = level + (colour[static_cast<std::size_t>(c)] - level) * amount;
            level = static_cast<std::uint8_t>(std::lround(mixed));
        }
    }

    double scale_;
    Theme theme_;
    Bitmap page_;
};

}  // namespace

Bitmap raster(const Drawing& drawing, double scale, Theme theme) {
    Painter painter(drawing, scale, theme);
    for (const Shape& shape : drawing.shapes) std::visit(painter, shape);
    return painter.take();
}

}  // namespace si::plot
