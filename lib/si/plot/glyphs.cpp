#include "si/plot/glyphs.hpp"

#include <array>

#include "si/base/text.hpp"

namespace si::plot {
namespace {

// A character: how far the next one is, then its lines. A spot is two digits, x and y. A line that
// begins with ~ is smooth (a quadratic B-spline with these control points from the first to the
// last), with o smooth and closed.
constexpr std::array<std::string_view, 95> kGlyphs{
    "3",                               // space
    "3 1914 12",                       // !
    "4 1917 3937",                     // "
    "6 2329 4349 1555 1757",           // #
    "6 ~5758181654531314 3931",        // $
    "7 1269 o17373919 o42626444",      // %
    "7 ~621729494714124265",           // &
    "2 1917",                          // '
    "4 ~3a181331",                     // (
    "4 ~1a383311",                     // )
    "6 3935 1856 1658",                // *
    "6 3337 1555",                     // +
    "3 2210",                          // ,
    "5 1545",                          // -
    "3 12",                            // .
    "4 0149",                          // /
    "6 o12525919",                     // 0
    "6 173932",                        // 1
    "6 ~1719595612 1252",              // 2
    "6 ~1819595636 ~3656521213",       // 3
    "6 42491454",                      // 4
    "6 591916 ~1657521213",            // 5
    "6 o12525616 ~491914",             // 6
    "6 195922",                        // 7
    "6 o16565919 o12525616",           // 8
    "6 o15555919 ~575222",             // 9
    "3 12 16",                         // :
    "3 2210 26",                       // ;
    "6 571553",                        // <
    "6 1454 1656",                     // =
    "6 175513",                        // >
    "6 ~171959563634 32",              // ?
    "8 o11717919 o34545737 5754",      // @
    "7 023962 1454",                   // A
    "7 1912 ~19595616 ~16666212",      // B
    "7 ~676919126264",                 // C
    "7 1912 ~19696212",                // D
    "6 59191252 1646",                 // E
    "6 591912 1646",                   // F
    "7 ~676919126264 646545",          // G
    "7 1912 6962 1666",                // H
    "2 1912",                          // I
    "6 ~5954521214",                   // J
    "7 1912 6915 2662",                // K
    "6 191252",                        // L
    "8 1219447972",                    // M
    "7 12196269",                      // N
    "7 o12626919",                     // O
    "7 1912 ~19696515",                // P
    "7 o12626919 4462",                // Q
    "7 1912 ~19696515 3562",           // R
    "7 ~6769191665621214",             // S
    "7 0969 3932",                     // T
    "7 ~191412626469",                 // U
    "7 093269",                        // V
    "9 0922496289",                    // W
    "7 1962 1269",                     // X
    "7 093569 3532",                   // Y
    "7 19691262",                      // Z
    "4 3a1a1131",                      // [
    "4 0941",                          // backslash
    "4 1a3a3111",                      // ]
    "6 173957",                        // ^
    "6 0161",                          // _
    "3 1928",                          // `
    "6 o12525717 5752",                // a
    "6 o12525717 1912",                // b
    "6 ~565717125253",                 // c
    "6 o12525717 5952",                // d
    "6 1555 ~555717125253",            // e
    "4 ~49292722 1737",                // f
    "6 o12525717 ~57525010",           // g
    "6 1912 ~1517575552",              // h
    "2 1712 19",                       // i
    "3 ~27222000 29",                  // j
    "6 1912 5714 2552",                // k
    "3 ~19131222",                     // l
    "8 1712 ~1517474542 ~4547777572",  // m
    "6 1712 ~1517575552",              // n
    "6 o12525717",                     // o
    "6 o12525717 1710",                // p
    "6 o12525717 5750",                // q
    "4 1712 ~151747",                  // r
    "6 ~5657171554521213",             // s
    "4 ~29232242 1737",                // t
    "6 ~1714125254 5752",              // u
    "6 173257",                        // v
    "8 1722466277",                    // w
    "6 1752 1257",                     // x
    "6 1732 5720",                     // y
    "6 17571252",                      // z
    "4 3a292615242231",                // {
    "2 1a11",                          // |
    "4 1a292635242211",                // }
    "6 ~15274355",                     // ~
};

constexpr std::string_view kBox = "6 1252591912";

std::string_view row_of(char c) {
    return c >= ' ' && c <= '~' ? kGlyphs[static_cast<std::size_t>(c - ' ')] : kBox;
}

double digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

Spot middle(Spot a, Spot b) { return {(a.x + b.x) / 2, (a.y + b.y) / 2}; }

/// Appends the arc from a to b that has its corner at c, without a itself.
void arc(Spot a, Spot c, Spot b, std::vector<Spot>& out) {
    constexpr int kPieces = 6;
    for (int i = 1; i <= kPieces; ++i) {
        const double u = static_cast<double>(i) / kPieces, v = 1 - u;
        out.push_back({v * v * a.x + 2 * u * v * c.x + u * u * b.x,
                       v * v * a.y + 2 * u * v * c.y + u * u * b.y});
    }
}

std::vector<Spot> smooth(std::vector<Spot> corners, bool closed) {
    if (closed) {  // from the middle of the last side and back to it
        const Spot seam = middle(corners.back(), corners.front());
        corners.insert(corners.begin(), seam);
        corners.push_back(seam);
    }
    std::vector<Spot> out{corners.front()};
    for (std::size_t i = 1; i + 1 < corners.size(); ++i) {
        const bool last = i + 2 == corners.size();
        const Spot end = last ? corners.back() : middle(corners[i], corners[i + 1]);
        arc(out.back(), corners[i], end, out);
    }
    return out;
}

}  // namespace

double glyph_advance(char c) { return digit(row_of(c).front()); }

std::vector<std::vector<Spot>> glyph(char c) {
    std::vector<std::vector<Spot>> lines;
    const auto pieces = split(row_of(c), ' ');
    for (std::size_t k = 1; k < pieces.size(); ++k) {
        std::string_view piece = pieces[k];
        const char kind = piece.front();
        const bool curved = kind == '~' || kind == 'o';
        if (curved) piece.remove_prefix(1);
        std::vector<Spot> line;
        for (std::size_t i = 0; i + 1 < piece.size(); i += 2) {
            line.push_back({digit(piece[i]), digit(piece[i + 1])});
        }
        lines.push_back(curved ? smooth(std::move(line), kind == 'o') : std::move(line));
    }
    return lines;
}

std::string ascii(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80 && byte < 0xC0) continue;  // the rest of a character of UTF-8
        out += byte < 0x80 ? c : '\1';
    }
    return out;
}

double width_of(std::string_view text, double size) {
    double units = 0;
    for (const char c : ascii(text)) units += glyph_advance(c);
    return 0.1 * size * units;
}

}  // namespace si::plot
