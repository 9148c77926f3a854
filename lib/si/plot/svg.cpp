#include <array>
#include <cmath>

#include "si/base/text.hpp"
#include "si/io/base64.hpp"
#include "si/plot/drawing.hpp"

namespace si::plot {
namespace {

constexpr std::array<std::string_view, kInks> kNames{"text",  "faint", "paper", "one", "two",
                                                     "three", "four",  "five",  "six"};

std::string_view name_of(Ink ink) { return kNames[static_cast<std::size_t>(ink)]; }

/// A length to a tenth of a unit, in as few characters as that takes.
std::string units(double value) {
    const auto tenths = std::lround(10 * value);
    const std::string whole = std::to_string(std::abs(tenths) / 10);
    const auto rest = std::abs(tenths) % 10;
    return (tenths < 0 ? "-" : "") + (rest == 0 ? whole : whole + "." + std::to_string(rest));
}

std::string path_of(const std::vector<Spot>& spots) {
    std::string out;
    for (std::size_t i = 0; i < spots.size(); ++i) {
        out += text(i == 0 ? "M" : "L", units(spots[i].x), " ", units(spots[i].y));
    }
    return out;
}

std::string opacity_of(double opacity) {
    return opacity >= 1 ? "" : text(" opacity=\"", rounded(opacity, 2), "\"");
}

class Writer {
  public:
    explicit Writer(std::string id) : id_(std::move(id)) {}

    void operator()(const Stroke& stroke) {
        out_ += text("<path class=\"si-", name_of(stroke.ink),
                     "\" fill=\"none\" stroke=\"currentColor\" stroke-linejoin=\"round\" "
                     "stroke-width=\"",
                     units(stroke.width), "\"", opacity_of(stroke.opacity),
                     stroke.dashed ? " stroke-dasharray=\"5 4\"" : "", " d=\"",
                     path_of(stroke.spots), "\"/>\n");
    }

    void operator()(const Area& area) {
        out_ += text("<path class=\"si-", name_of(area.ink), "\" fill=\"currentColor\"",
                     opacity_of(area.opacity), " d=\"", path_of(area.spots), "Z\"/>\n");
    }

    /// All discs are one path of lines without length under round caps: a dozen bytes each.
    void operator()(const Dots& dots) {
        out_ += text("<path class=\"si-", name_of(dots.ink),
                     "\" fill=\"none\" stroke=\"currentColor\" stroke-linecap=\"round\" "
                     "stroke-width=\"",
                     units(2 * dots.radius), "\"", opacity_of(dots.opacity), " d=\"");
        for (const Spot& spot : dots.spots) {
            out_ += text("M", units(spot.x), " ", units(spot.y), "h0");
        }
        out_ += "\"/>\n";
    }

    void operator()(const Caption& words) {
        constexpr std::array<std::string_view, 3> kAnchors{"start", "middle", "end"};
        const std::string x = units(words.at.x), y = units(words.at.y);
        out_ += text("<text class=\"si-", name_of(words.ink), "\" fill=\"currentColor\" x=\"", x,
                     "\" y=\"", y, "\" font-size=\"", units(words.size), "\" text-anchor=\"",
                     kAnchors[static_cast<std::size_t>(words.anchor)], "\"");
        if (words.upwards) out_ += text(" transform=\"rotate(-90 ", x, " ", y, ")\"");
        out_ += text(">", escaped(words.text), "</text>\n");
    }

    void operator()(const Inset& inset) {
        const std::string place =
            text("x=\"", units(inset.corner.x), "\" y=\"", units(inset.corner.y), "\" width=\"",
                 units(inset.width), "\" height=\"", units(inset.height), "\"");
        const std::string image =
            text("<image ", place,
                 " preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
                 "href=\"data:image/png;base64,",
                 base64_encode(png(inset.bitmap)), "\"/>");
        if (!inset.ink) {
            out_ += image + "\n";
            return;
        }
        const std::string mask = text(id_, "-m", masks_++);
        out_ +=
            text("<mask id=\"", mask, "\">", image, "</mask><rect class=\"si-", name_of(*inset.ink),
                 "\" fill=\"currentColor\" ", place, " mask=\"url(#", mask, ")\"/>\n");
    }

    std::string take() { return std::move(out_); }

  private:
    std::string id_, out_;
    int masks_ = 0;
};

std::string document(const Drawing& drawing, const std::string& id, const std::string& style) {
    const std::string width = units(drawing.width), height = units(drawing.height);
    Writer writer(id);
    for (const Shape& shape : drawing.shapes) std::visit(writer, shape);
    return text(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"si-picture\" viewBox=\"0 0 ", width, " ",
        height, "\" width=\"", width, "\" height=\"", height, "\" role=\"img\" aria-labelledby=\"",
        id, "-t ", id, "-d\" font-family=\"sans-serif\">\n<title id=\"", id, "-t\">",
        escaped(drawing.title), "</title>\n<desc id=\"", id, "-d\">", escaped(drawing.description),
        "</desc>\n", style, "<rect class=\"si-paper\" fill=\"currentColor\" width=\"", width,
        "\" height=\"", height, "\"/>\n", writer.take(), "</svg>\n");
}

std::string colours(Theme theme) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (std::size_t k = 0; k < kInks; ++k) {
        out += text(".si-", kNames[k], "{color:#");
        for (const auto level : colour_of(static_cast<Ink>(k), theme)) {
            out += kDigits[level / 16];
            out += kDigits[level % 16];
        }
        out += "}";
    }
    return out;
}

/// The length of the UTF-8 character at the beginning, or 0 when there is none.
std::size_t character(std::string_view s) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned lead = byte(0);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
    if (size == 0 || size > s.size()) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return 0;
    }
    if (size == 3) {  // too long a spelling, surrogates, and U+FFFE, U+FFFF
        if (lead == 0xE0 && byte(1) < 0xA0) return 0;
        if (lead == 0xED && byte(1) >= 0xA0) return 0;
        if (lead == 0xEF && byte(1) == 0xBF && byte(2) >= 0xBE) return 0;
    }
    if (size == 4 && ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) >= 0x90))) {
        return 0;
    }
    return size;
}

}  // namespace

std::string escaped(std::string_view words) {
    std::string out;
    while (!words.empty()) {
        const std::size_t size = character(words);
        const char first = words.front();
        const bool control =
            size == 1 &&
            ((first >= 0 && first < ' ' && first != '\n' && first != '\t') || first == 0x7F);
        if (size == 0 || control) {
            out += "\xEF\xBF\xBD";
        } else if (first == '&') {
            out += "&amp;";
        } else if (first == '<') {
            out += "&lt;";
        } else if (first == '>') {
            out += "&gt;";
        } else if (first == '"') {
            out += "&quot;";
        } else if (first == '\'') {
            out += "&#39;";
        } else {
            out += words.substr(0, size);
        }
        words.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return out;
}

std::string style_sheet(Theme theme) {
    if (theme != Theme::either) return colours(theme) + "\n";
    return text(colours(Theme::light), "\n@media (prefers-color-scheme:dark){",
                colours(Theme::dark), "}\n");
}

std::string svg(const Drawing& drawing, Theme theme) {
    return document(drawing, "si", text("<style>\n", style_sheet(theme), "</style>\n"));
}

std::string svg_element(const Drawing& drawing, const std::string& id) {
    return document(drawing, id, "");
}

}  // namespace si::plot
