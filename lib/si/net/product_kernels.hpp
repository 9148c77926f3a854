#pragma once

#include <cstddef>
#include <span>

// Matrix products in float32, written once (product_tiles.inl) and compiled for several instruction
// sets. gemm.hpp is what the rest of the library uses.

namespace si {

/// What products multiply. Sums are float32 with either.
enum class Precision { float32, bf16 };

/// y (wide, n) = p^T x + keep y. All pointers are to float32.
struct ColumnProduct {
    std::ptrdiff_t n, wide, depth;  ///< n at least 0, the others at least 1
    const float* x;                 ///< (depth, n)
    const float* packed;            ///< p (depth, wide), by ProductKernels::pack
    bool keep;                      ///< without, y may hold anything
    float* y;                       ///< (wide, n)
    float* scratch;                 ///< column_scratch(depth, n) numbers
};

/// dw (out, in) = dy x^T + keep dw.
struct OuterProduct {
    std::ptrdiff_t out, in, n;  ///< at least 1
    const float* dy;            ///< (out, n)
    const float* x;             ///< (in, n)
    bool keep;                  ///< without, dw may hold anything
    float* dw;                  ///< (out, in), row-major
    float* scratch;             ///< outer_scratch(out, in) numbers
};

/// The products of one instruction set. A batch is (rows, n), column-major. A number of the result
/// is summed one product (in bf16: two) after another, in the order of the summed index, so it does
/// not depend on where it stands or how many others there are. Sets with fused multiply-adds agree
/// to the bit.
struct ProductKernels {
    const char* name;     ///< "avx512-bf16", "avx512", "avx2", "baseline"
    bool (*available)();  ///< on this processor
    Precision precision;
    std::ptrdiff_t lanes;

    /// Writes the (depth, wide) matrix p, p(k, i) = w[k * row + i * column], as `columns` reads it,
    /// to packed_size(depth, wide) numbers. One of `row` and `column` is 1. `scratch` has
    /// pack_scratch(depth, wide) numbers.
    void (*pack)(std::ptrdiff_t depth, std::ptrdiff_t wide, const float* w, std::ptrdiff_t row,
                 std::ptrdiff_t column, float* packed, float* scratch);

    void (*columns)(const ColumnProduct& product);
    void (*outer)(const OuterProduct& product);

    std::ptrdiff_t packed_size(std::ptrdiff_t depth, std::ptrdiff_t wide) const {
        const std::ptrdiff_t words = precision == Precision::bf16 ? (depth + 1) / 2 : depth;
        return words * ((wide + lanes - 1) / lanes * lanes);
    }
};

/// Columns of a batch that `outer` sums at a time.
inline constexpr std::ptrdiff_t kOuterDepth = 256;

/// Numbers to work with, enough for any instruction set.
constexpr std::ptrdiff_t outer_scratch(std::ptrdiff_t out, std::ptrdiff_t in) {
    return (out + in + 64) * (kOuterDepth + 32) + 64;
}
constexpr std::ptrdiff_t pack_scratch(std::ptrdiff_t depth, std::ptrdiff_t wide) {
    return (depth + 1) * (wide + 1);
}
constexpr std::ptrdiff_t column_scratch(std::ptrdiff_t depth, std::ptrdiff_t n) {
    return (depth + 1) * n;
}

/// The instruction sets that this was built for, best first in each precision; the last is always
/// available.
std::span<const ProductKernels* const> product_kernels();

/// The first of this precision that is available, or of float32 the one that the environment
/// variable SI_ISA names. Throws Failure::config when there is none.
const ProductKernels& chosen_kernels(Precision precision = Precision::float32);

}  // namespace si
