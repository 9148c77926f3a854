#include "si/plot/axes.hpp"

#include <algorithm>
#include <cmath>

#include "si/base/text.hpp"

namespace si::plot {
namespace {

constexpr double kNumbers = 10, kLabels = 11, kTitles = 12;  // sizes of text

double share(const Axis& axis, double value) {
    if (axis.decades) {
        const double low = std::log(axis.range.low), high = std::log(axis.range.high);
        return (std::log(std::max(value, 1e-300)) - low) / (high - low);
    }
    return (value - axis.range.low) / (axis.range.high - axis.range.low);
}

Ticks ticks_of(const Axis& axis, int about) {
    if (!axis.ticks.empty()) return {axis.ticks, ""};
    return axis.decades ? decade_ticks(axis.range, about) : linear_ticks(axis.range, about);
}

/// As many ticks as have room side by side.
Ticks fitting(const Axis& axis, double length) {
    for (int about = std::clamp(static_cast<int>(length / 40), 2, 8);; --about) {
        Ticks ticks = ticks_of(axis, about);
        double used = 0;
        for (const Tick& tick : ticks.each) used += width_of(tick.label, kNumbers) + 10;
        if (used <= length || about <= 1 || !axis.ticks.empty()) return ticks;
    }
}

std::string named(const Axis& axis, const Ticks& ticks) {
    return ticks.offset.empty() ? axis.label : text(axis.label, " (", ticks.offset, ")");
}

/// The part of a segment inside a box (Liang and Barsky); false when there is none.
bool clip(const Box& box, Spot& a, Spot& b) {
    const double dx = b.x - a.x, dy = b.y - a.y;
    if (!std::isfinite(dx) || !std::isfinite(dy)) return false;  // what is nowhere is not inside
    double from = 0, to = 1;
    const auto half = [&](double p, double q) {  // p u <= q
        if (p == 0) return q >= 0;
        if (p < 0) from = std::max(from, q / p);
        if (p > 0) to = std::min(to, q / p);
        return true;
    };
    const bool met = half(-dx, a.x - box.x) && half(dx, box.x + box.width - a.x) &&
                     half(-dy, a.y - box.y) && half(dy, box.y + box.height - a.y);
    if (!met || from > to) return false;
    b = {a.x + to * dx, a.y + to * dy};
    a = {a.x + from * dx, a.y + from * dy};
    return true;
}

bool same(Spot a, Spot b) { return std::hypot(a.x - b.x, a.y - b.y) < 1e-9; }

}  // namespace

Axes::Axes(Drawing& drawing, Box box, Axis x, Axis y, const std::string& title)
    : drawing_(drawing), box_(box), x_(std::move(x)), y_(std::move(y)), title_(title) {}

Spot Axes::at(double x, double y) const {
    // Far outside is as good as outside, and stays within what a pixel can be called by.
    const auto bounded = [](double v) { return std::clamp(v, -100.0, 100.0); };
    return {box_.x + bounded(share(x_, x)) * box_.width,
            box_.y + (1 - bounded(share(y_, y))) * box_.height};
}

Spot Axes::cut(Spot spot) const {
    return {std::clamp(spot.x, box_.x, box_.x + box_.width),
            std::clamp(spot.y, box_.y, box_.y + box_.height)};
}

void Axes::line(const std::vector<Spot>& points, Ink ink, double width, bool dashed,
                double opacity) {
    std::vector<Spot> piece;
    const auto flush = [&] {
        if (piece.size() > 1) drawing_.add(Stroke{piece, ink, width, opacity, dashed});
        piece.clear();
    };
    for (std::size_t i = 0; i + 1 < points.size(); ++i) {
        Spot a = at(points[i].x, points[i].y), b = at(points[i + 1].x, points[i + 1].y);
        if (!clip(box_, a, b)) {
            flush();
            continue;
        }
        if (piece.empty() || !same(piece.back(), a)) {
            flush();
            piece.push_back(a);
        }
        if (!same(a, b)) piece.push_back(b);
    }
    flush();
}

void Axes::dots(const std::vector<Spot>& points, Ink ink, double radius, double opacity) {
    Dots dots{{}, ink, radius, opacity};
    for (const Spot& point : points) {
        if (x_.range.holds(point.x) && y_.range.holds(point.y)) {
            dots.spots.push_back(at(point.x, point.y));
        }
    }
    if (!dots.spots.empty()) drawing_.add(std::move(dots));
}

void Axes::area(const std::vector<Spot>& points, Ink ink, double opacity) {
    if (points.empty()) return;
    Area area{{}, ink, opacity};
    const double floor = box_.y + box_.height;
    for (const Spot& point : points) area.spots.push_back(cut(at(point.x, point.y)));
    area.spots.push_back({area.spots.back().x, floor});
    area.spots.push_back({area.spots.front().x, floor});
    drawing_.add(std::move(area));
}

void Axes::bar(double x, double low, double high, Ink ink) {
    constexpr double kEnd = 4;
    const Spot a = cut(at(x, low)), b = cut(at(x, high));
    drawing_.add(Stroke{{a, b}, ink, 1.5});
    drawing_.add(Stroke{{{a.x - kEnd, a.y}, {a.x + kEnd, a.y}}, ink, 1.5});
    drawing_.add(Stroke{{{b.x - kEnd, b.y}, {b.x + kEnd, b.y}}, ink, 1.5});
}

void Axes::horizontal_axis() {
    const double floor = box_.y + box_.height;
    const Ticks ticks = fitting(x_, box_.width);
    for (const Tick& tick : ticks.each) {
        const double x = at(tick.at, y_.range.low).x;
        drawing_.add(Stroke{{{x, floor}, {x, floor + 4}}, Ink::text, 1});
        if (!x_.numbers) continue;
        drawing_.add(Caption{{x, floor + 15}, tick.label, kNumbers, Anchor::middle});
    }
    const std::string label = x_.numbers ? named(x_, ticks) : x_.label;
    if (label.empty()) return;
    drawing_.add(Caption{{box_.x + box_.width / 2, floor + 31},
                         fitted(label, kLabels, box_.width),
                         kLabels,
                         Anchor::middle});
}

void Axes::vertical_axis() {
    const Ticks ticks = ticks_of(y_, std::clamp(static_cast<int>(box_.height / 36), 2, 8));
    for (const Tick& tick : ticks.each) {
        const double y = at(x_.range.low, tick.at).y;
        drawing_.add(Stroke{{{box_.x - 4, y}, {box_.x, y}}, Ink::text, 1});
        if (!y_.numbers) continue;
        drawing_.add(Caption{{box_.x - 7, y + 3.5}, tick.label, kNumbers, Anchor::end});
    }
    const std::string label = y_.numbers ? named(y_, ticks) : y_.label;
    if (label.empty()) return;
    drawing_.add(Caption{{box_.x - kLeft + 11, box_.y + box_.height / 2},
                         fitted(label, kLabels, box_.height + 20),
                         kLabels,
                         Anchor::middle,
                         Ink::text,
                         true});
}

void Axes::frame() {
    horizontal_axis();
    vertical_axis();
    const double right = box_.x + box_.width, floor = box_.y + box_.height;
    drawing_.add(Stroke{
        {{box_.x, box_.y}, {right, box_.y}, {right, floor}, {box_.x, floor}, {box_.x, box_.y}},
        Ink::faint,
        1});
    if (title_.empty()) return;
    drawing_.add(Caption{{box_.x + box_.width / 2, box_.y - 8},
                         fitted(title_, kTitles, box_.width + kLeft),
                         kTitles,
                         Anchor::middle});
}

Box Panels::frame(Index k) const {
    const double above = titled ? Axes::kTop : Axes::kRight;
    return {Axes::kLeft + static_cast<double>(k % across) * (Axes::kLeft + width + Axes::kRight),
            top + above + static_cast<double>(k / across) * (above + height + Axes::kBottom), width,
            height};
}

Drawing Panels::sheet() const {
    const Box last = frame((count + across - 1) / across * across - 1);
    Drawing drawing;
    drawing.width = last.x + last.width + Axes::kRight;
    drawing.height = last.y + last.height + Axes::kBottom;
    return drawing;
}

namespace {

constexpr double kEntryHeight = 17, kSwatch = 20;

/// Where each entry stands, row by row.
std::vector<Spot> places(const std::vector<Entry>& entries, double width) {
    std::vector<Spot> list;
    Spot at{0, 0};
    for (const Entry& entry : entries) {
        const double needed =
            kSwatch + 6 + 1.08 * width_of(fitted(entry.name, kLabels, width - 40), kLabels) + 18;
        if (at.x > 0 && at.x + needed > width) at = {0, at.y + kEntryHeight};
        list.push_back(at);
        at.x += needed;
    }
    return list;
}

}  // namespace

double legend_height(const std::vector<Entry>& entries, double width) {
    return entries.empty() ? 0 : places(entries, width).back().y + kEntryHeight + 6;
}

void legend(Drawing& drawing, Spot corner, const std::vector<Entry>& entries, double width) {
    const auto where = places(entries, width);
    for (std::size_t k = 0; k < entries.size(); ++k) {
        const Spot at{corner.x + where[k].x, corner.y + where[k].y + 12};
        drawing.add(Stroke{{{at.x, at.y - 4}, {at.x + kSwatch, at.y - 4}},
                           entries[k].ink,
                           3,
                           1,
                           entries[k].dashed});
        drawing.add(Caption{
            {at.x + kSwatch + 6, at.y}, fitted(entries[k].name, kLabels, width - 40), kLabels});
    }
}

std::string fitted(std::string words, double size, double width) {
    if (1.05 * width_of(words, size) <= width) return words;
    while (!words.empty() && 1.05 * width_of(words + "...", size) > width) {
        // A character of UTF-8 goes as a whole.
        while (words.size() > 1 && (static_cast<unsigned char>(words.back()) & 0xC0U) == 0x80) {
            words.pop_back();
        }
        words.pop_back();
    }
    return words + "...";
}

}  // namespace si::plot
