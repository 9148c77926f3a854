#pragma once

#include <vector>

#include "si/interpolant/expression.hpp"

// Cubic splines, for custom paths that are given by points.

namespace si {

/// The cubic spline through given points, with two continuous derivatives and the "not-a-knot"
/// condition: the first two intervals share one cubic, and so do the last two. It reproduces
/// any cubic. Three points give the parabola through them, two the line.
class Spline {
  public:
    /// `knots` are increasing, at least two, with one of `values` each, all finite; else
    /// Failure::usage: "knots must increase; number 3 is not above the one before".
    Spline(std::vector<double> knots, std::vector<double> values);

    /// Value and derivatives at t; outside the knots, the cubic of the nearest interval.
    Jet operator()(double t) const;

  private:
    std::vector<double> knots_, values_, bends_;  // bends: second derivatives at the knots
};

}  // namespace si
