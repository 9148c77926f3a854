#pragma once

#include <string>
#include <utility>
#include <vector>

#include "si/plot/drawing.hpp"
#include "si/plot/scale.hpp"

// Frames, ticks, labels, legends and panels on a drawing.

namespace si::plot {

struct Box {
    double x = 0, y = 0, width = 0, height = 0;
};

/// What an axis shows.
struct Axis {
    Range range;  ///< with a length
    std::string label = {};
    bool decades = false;          ///< logarithmic
    std::vector<Tick> ticks = {};  ///< instead of numbers at nice places
    bool numbers = true;           ///< labels at the ticks
};

/// A frame with scales in a drawing. What lies outside of it is cut off.
class Axes {
  public:
    /// The frame is `box`; labels stand outside of it, within the margins below.
    Axes(Drawing& drawing, Box box, Axis x, Axis y, const std::string& title = {});

    static constexpr double kLeft = 66, kRight = 14, kTop = 24, kBottom = 42;

    const Box& box() const { return box_; }
    /// The place of a point, which may be outside of the frame.
    Spot at(double x, double y) const;

    void line(const std::vector<Spot>& points, Ink ink, double width = 1.5, bool dashed = false,
              double opacity = 1);
    void dots(const std::vector<Spot>& points, Ink ink, double radius = 1.5, double opacity = 1);
    /// Between the points and the bottom of the frame.
    void area(const std::vector<Spot>& points, Ink ink, double opacity);
    /// Between low and high at x, with short ends.
    void bar(double x, double low, double high, Ink ink);
    /// The axes and their labels, over what was drawn before.
    void frame();

  private:
    Spot cut(Spot spot) const;
    void horizontal_axis();
    void vertical_axis();

    Drawing& drawing_;
    Box box_;
    Axis x_, y_;
    std::string title_;
};

/// Panels of one size, `across` of them in a row.
struct Panels {
    Index count, across;
    double width, height;  ///< of a frame
    double top = 0;        ///< above all of them
    bool titled = true;

    Box frame(Index k) const;
    Drawing sheet() const;  ///< an empty drawing that holds them
};

/// One entry of a legend.
struct Entry {
    std::string name;
    Ink ink;
    bool dashed = false;
};

/// How high a legend is in this width, and its drawing with the upper left corner at `corner`.
double legend_height(const std::vector<Entry>& entries, double width);
void legend(Drawing& drawing, Spot corner, const std::vector<Entry>& entries, double width);

/// `words` cut to a width, with "..." at its end when it does not fit.
std::string fitted(std::string words, double size, double width);

}  // namespace si::plot
