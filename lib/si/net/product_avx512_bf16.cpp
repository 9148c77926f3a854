#include <cstddef>
#include <utility>

#include "si/net/product_kernels.hpp"

#if defined(__GNUC__) && !defined(__clang__)  // GCC 12 warns of its own header
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

namespace si {
namespace {

constexpr int kLanes = 16, kRows = 8, kVectors = 2;
#define SI_PAIRS

using Words __attribute__((vector_size(64))) = float;

inline __attribute__((always_inline)) void add_products(const float* left, const Words& right,
                                                        Words& sum) {
    // The broadcast is one of integers, which leaves all bits alone.
    const __m512i both = _mm512_set1_epi32(*reinterpret_cast<const int*>(left));
    sum = (Words)_mm512_dpbf16_ps((__m512)sum, (__m512bh)both, (__m512bh)right);
}

inline __attribute__((always_inline)) __m512i rounded(__mmask16 some, const float* from) {
    const __m256bh half = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(some, from));
    return _mm512_cvtepu16_epi32((__m256i)half);
}

constexpr __mmask16 first(std::ptrdiff_t count) {
    return static_cast<__mmask16>(count >= 16 ? 0xFFFF : (1 << count) - 1);
}

/// words[i] = (even[i], odd[i]); a null row is zeros.
void pair_rows(std::ptrdiff_t n, const float* even, const float* odd, float* words) {
    for (std::ptrdiff_t i = 0; i < n; i += 16) {
        const __mmask16 some = first(n - i);
        __m512i word = rounded(some, even + i);
        if (odd != nullptr) {
            word = _mm512_or_si512(word, _mm512_slli_epi32(rounded(some, odd + i), 16));
        }
        _mm512_mask_storeu_epi32(words + i, some, word);
    }
}

/// words[i] = (from[2 i], from[2 i + 1]), with a zero behind an odd number of them.
void to_pairs(std::ptrdiff_t n, const float* from, float* words) {
    for (std::ptrdiff_t i = 0; i < n; i += 16) {
        const std::ptrdiff_t left = n - i;
        const __m256bh half = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(first(left), from + i));
        const __m512i wide = _mm512_castsi256_si512((__m256i)half);
        _mm512_mask_storeu_epi32(words + i / 2, first(left >= 16 ? 8 : (left + 1) / 2), wide);
    }
}

#include "si/net/product_tiles.inl"

bool available() {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bf16") != 0;
}

}  // namespace

extern const ProductKernels kAvx512Bf16Products{
    "avx512-bf16", available, Precision::bf16, kLanes, pack, columns, outer};

}  // namespace si
