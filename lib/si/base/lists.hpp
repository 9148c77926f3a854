#pragma once

#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "si/base/json.hpp"
#include "si/base/types.hpp"

// Small conversions between vectors, lists and JSON that every folder needs.

namespace si {

/// The entries of a vector as a list, which JSON and settings are made of.
inline std::vector<double> as_list(const Eigen::Ref<const Vector>& v) {
    return {v.begin(), v.end()};
}

/// A number, or JSON's null for one that is not finite and that JSON cannot hold.
inline Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

/// The product of a shape, whose sizes were checked before (product_up_to() checks them).
inline Index product_of(const std::vector<Index>& shape) {
    return std::accumulate(shape.begin(), shape.end(), Index{1}, std::multiplies<>());
}

/// The settings of {"kind": ..., settings}: everything but its kind.
inline Json without_kind(Json choice) {
    choice.erase("kind");
    return choice;
}

}  // namespace si
