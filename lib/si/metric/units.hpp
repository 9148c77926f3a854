#pragma once

#include <vector>

#include "si/base/types.hpp"

// The units in which samples are compared, so that no distance depends on those of the data.

namespace si {

/// A coordinate in which all of the reference has one value.
struct ConstantCoordinate {
    Index coordinate = 0;
    double value = 0;
    std::vector<Index>
        others;  ///< columns of the samples that have another value there, up to single precision
};

/// x becomes (x - origin) / scale, coordinate by coordinate.
struct Units {
    Vector origin, scale;  ///< (d), every scale above zero
    std::vector<ConstantCoordinate> constant;

    Matrix applied(ConstMatrix x) const;
};

/// The mean and the standard deviation of each coordinate of the reference (d, m); with `common`,
/// one scale for all, the root of their mean square, for coordinates that have one unit, as pixels
/// do. A coordinate in which the reference is constant, up to rounding, has no deviation: its scale
/// is then the root mean square distance of the samples (d, n) from that constant, so that it too
/// depends on no unit, and 1 where the samples have the same constant.
Units units_of(ConstMatrix samples, ConstMatrix reference, bool common);

/// No change: origin 0 and scale 1.
Units raw_units(Index dim);

}  // namespace si
