#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "si/base/simd.hpp"
#include "si/base/types.hpp"

// Packs of sixteen floats, for elementwise functions that are written once for packs and for
// doubles. Sources that use them are compiled with the flags of lib/CMakeLists.txt.

namespace si {

inline constexpr Index kPack = 16;
using Pack __attribute__((vector_size(4 * kPack))) = float;
using LoosePack __attribute__((vector_size(4 * kPack), aligned(4), may_alias)) = float;
using BitPack __attribute__((vector_size(4 * kPack))) = std::uint32_t;

template <class T>
struct ElementOf {
    using Type = T;
};
template <>
struct ElementOf<Pack> {
    using Type = float;
};
/// A constant for numbers and for packs.
template <class T>
using Element = typename ElementOf<T>::Type;

/// e^x, good to a few units in the last place between -87 and 88, where it is clamped.
SI_INLINE void exponential(const Pack& at, Pack& result) {
    Pack x = at < -87.0F ? Pack{} - 87.0F : at;
    x = x > 88.0F ? Pack{} + 88.0F : x;
    const Pack shifted = x * 1.44269504F + 0x1.8p23F;  // rounds to an integer
    const Pack n = shifted - 0x1.8p23F;
    const Pack r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    // In pairs, so that few operations wait for one another.
    const Pack q = r * r;
    const Pack low = r * 1.6666665459e-1F + 5.0000001201e-1F,
               middle = r * 8.3334519073e-3F + 4.1665795894e-2F,
               high = r * 1.9875691500e-4F + 1.3981999507e-3F;
    const Pack p = (r + 1.0F) + q * (low + q * (middle + q * high));
    const BitPack exponent = (std::bit_cast<BitPack>(shifted) - 0x4B400000U + 127U) << 23;
    result = p * std::bit_cast<Pack>(exponent);
}
SI_INLINE void exponential(double x, double& result) { result = std::exp(x); }

}  // namespace si
