#pragma once

#include "si/base/types.hpp"

// The one place where matrix products come from. oneDNN when the library was built with it
// (float32 only), Eigen otherwise. Always on the calling thread.

namespace si {

/// Batches that go through products are padded to a multiple of this many columns: then a
/// column's result does not depend on where it stands or on how many others there are.
inline constexpr Index kColumnPadding = 16;

constexpr Index padded(Index columns) {
    return (columns + kColumnPadding - 1) / kColumnPadding * kColumnPadding;
}

/// y (out, n) = w x + keep y, where batches are column-major and w is (out, in) row-major, as
/// in a model file. `keep` is 0 or 1; with 0, y may hold anything.
template <class T>
void multiply(Index out, Index in, Index n, const T* w, const T* x, T keep, T* y);

/// dx (in, n) = w^T dy + keep dx.
template <class T>
void multiply_transposed(Index out, Index in, Index n, const T* w, const T* dy, T keep, T* dx);

/// dw (out, in) += dy x^T.
template <class T>
void add_outer(Index out, Index in, Index n, const T* dy, const T* x, T* dw);

/// "oneDNN 2.6.3" or "Eigen 3.4.0", for --version and provenance.
const char* product_library();

}  // namespace si
