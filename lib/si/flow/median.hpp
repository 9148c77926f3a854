#pragma once

#include <algorithm>
#include <cmath>

#include "si/base/types.hpp"

// A median that ignores unknown values.

namespace si {

/// The upper median of those numbers that are not NaN, which stands for what is not known; 0 when
/// there are none.
inline double median(Vector values) {
    const auto end =
        std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); });
    if (end == values.begin()) return 0;
    const auto middle = values.begin() + (end - values.begin()) / 2;
    std::nth_element(values.begin(), middle, end);
    return *middle;
}

}  // namespace si
