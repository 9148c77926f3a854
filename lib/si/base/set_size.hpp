#pragma once

#include "si/base/types.hpp"

// Resizing of Eigen matrices that survives a failed allocation.

namespace si {

/// Gives a matrix that may hold numbers another size, without keeping them. Eigen's resize() frees
/// its memory before it asks for more, and frees it a second time when there is none.
template <class AnyMatrix>
void set_size(AnyMatrix& m, Index rows, Index cols) {
    if (m.rows() == rows && m.cols() == cols) return;
    AnyMatrix empty;
    m.swap(empty);
    m.resize(rows, cols);
}

}  // namespace si
