#pragma once

#include <array>
#include <cstdint>

#include "si/base/simd.hpp"

// Philox of several counters at once, written out for each instruction set. All give the bits of
// philox(), in the place of the counters.

namespace si {

inline constexpr int kLanes = 16;  // counters that go through the rounds together

struct Lanes {
    alignas(64) std::array<std::uint32_t, kLanes> c0, c1, c2, c3;
};

#ifdef SI_VERSIONS
SI_TARGET("avx512f") void philox_avx512(Lanes& lanes, std::uint64_t seed);
SI_TARGET("avx2") void philox_avx2(Lanes& lanes, std::uint64_t seed);
#endif
void philox_baseline(Lanes& lanes, std::uint64_t seed);

}  // namespace si
