#pragma once

#include <string_view>

#include "si/base/catalogue.hpp"
#include "si/base/types.hpp"

// Activations, fused with bias and slope, as a table. A new one is one row.

namespace si {

/// An elementwise non-linearity, fused with the bias in front of it.
///
/// y (rows, columns) becomes act(y + bias), and `slope`, unless null, act'(y + bias): what
/// backward needs is stored, so that it costs one product and no exponential. A null bias is 0.
template <class T>
using Activate = void (*)(Index rows, Index columns, const T* bias, T* y, T* slope);

struct Activation {
    std::string_view name, summary;
    SpecInfo spec;
    double gain;  ///< initial weights have the deviation gain / sqrt(inputs)
    Activate<float> in_float;
    Activate<double> in_double;
};

Catalogue<Activation> activations();

template <class T>
Activate<T> activate(const Activation& row) {
    if constexpr (std::is_same_v<T, float>) {
        return row.in_float;
    } else {
        return row.in_double;
    }
}

/// y (2 rows, columns): sines of x (rows, columns) above cosines.
template <class T>
void sine_cosine(Index rows, Index columns, const T* x, T* y);

}  // namespace si
