#pragma once

#include <optional>
#include <span>

#include "si/base/types.hpp"

// Products of sizes from files, which may overflow.

namespace si {

/// The product of sizes, each from 0 on; nothing where it is more than `most` or one is negative.
inline std::optional<Index> product_up_to(Index most, std::span<const Index> sizes) {
    Index product = 1;
    for (const Index size : sizes) {
        const bool fits = size >= 0 && !__builtin_mul_overflow(product, size, &product);
        if (!fits || product > most) return {};
    }
    return product;
}

}  // namespace si
