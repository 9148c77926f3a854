#pragma once

#include <array>
#include <string_view>

// The instruction sets that the variable SI_ISA chooses from.

namespace si {

/// The names of all instruction sets that have matrix products in float32, on any processor.
inline constexpr std::array<std::string_view, 3> kInstructionSets{"avx512", "avx2", "baseline"};

}  // namespace si
