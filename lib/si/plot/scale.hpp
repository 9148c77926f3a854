#pragma once

#include <limits>
#include <string>
#include <vector>

#include "si/base/types.hpp"

// Ranges and ticks of axes, linear and logarithmic.

namespace si::plot {

/// An interval of finite numbers; empty until something is included.
struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    bool empty() const { return low > high; }
    void include(double value);  ///< what is not finite is passed over
    void include(const Eigen::Ref<const Vector, 0, Eigen::InnerStride<>>& values);
    void include(const Range& other);
    bool holds(double value) const { return value >= low && value <= high; }

    /// Wider by this share of its length on each side; of some length even if it was empty
    /// (then -1 .. 1) or one number, and of a length that is finite.
    Range padded(double share = 0.04) const;
    /// The same for an axis in decades: within the positive numbers.
    Range padded_decades() const;
};

struct Tick {
    double at = 0;
    std::string label;
};

/// Places on an axis, in increasing order, and what is to be added to their labels: "", "+1e9".
struct Ticks {
    std::vector<Tick> each;
    std::string offset;
};

/// Multiples of 1, 2 or 5 times a power of ten inside a range, between half of `about` and twice as
/// many, with labels that differ. The range has a length (padded()).
Ticks linear_ticks(const Range& range, int about);

/// Powers of ten inside a range, every one or every so many, with 2 and 5 times them where they are
/// few. The range is positive and has a length (padded_decades()).
Ticks decade_ticks(const Range& range, int about);

/// A number in as few characters as say it to `digits` significant digits: "0.25", "1.5e-7".
std::string short_number(double value, int digits = 4);

}  // namespace si::plot
