#pragma once

#include "si/base/types.hpp"
#include "si/net/product_kernels.hpp"

// The one place where matrix products come from: own kernels for networks in float
// (product_kernels.hpp), Eigen in double. Always on the calling thread. Matrices are (out, in),
// row-major, as in a model file; batches are column-major. What is read many times is packed once.
// Kernels are ignored in double.

namespace si {

/// Batches that go through products are padded to a multiple of this many columns. A column's
/// result does not depend on where it stands or on how many others there are.
inline constexpr Index kColumnPadding = 16;

constexpr Index padded(Index columns) {
    return (columns + kColumnPadding - 1) / kColumnPadding * kColumnPadding;
}

/// Room for what pack_matrix() writes, with any kernels.
Index packed_size(Index out, Index in);

/// Copies w (out, in) in the orders in which the two products below read it.
void pack_matrix(const ProductKernels& own, Index out, Index in, const float* w, float* packed);

/// A matrix (out, in) that multiplies batches, in the form that products of T read.
template <class T>
struct Multiplier {
    Index out, in;
    const T* w;       ///< its numbers, row-major; not read in float
    const T* packed;  ///< pack_matrix() of them; not read in double
};

/// y (out, n) = w x + keep y. `keep` is 0 or 1; with 0, y may hold anything.
template <class T>
void multiply(const ProductKernels& own, const Multiplier<T>& w, Index n, const T* x, T keep, T* y);

/// dx (in, n) = w^T dy + keep dx.
template <class T>
void multiply_transposed(const ProductKernels& own, const Multiplier<T>& w, Index n, const T* dy,
                         T keep, T* dx);

/// A matrix (out, in), row-major, that the product of two batches goes to.
template <class T>
struct OuterSum {
    Index out, in;
    T keep;  ///< 0 or 1, what the numbers before count; with 0 they may be anything
    T* dw;
};

/// dw (out, in) = dy x^T + keep dw, with dy (out, n) and x (in, n).
template <class T>
void multiply_outer(const ProductKernels& own, Index n, const T* dy, const T* x,
                    const OuterSum<T>& sum);

/// "own, avx512": which products run on this machine, for --version and provenance.
const char* product_library();

}  // namespace si
