#pragma once

#include "si/base/ends.hpp"

// The coefficients of an interpolant at one time.

namespace si {

/// All that a field needs to know of an interpolant at one time: x_t = sum_k w_k x_k + gamma pi z
/// over its ends x_0 .. x_K. Of two ends, w_0 is alpha and w_1 is beta.
struct Coefficients {
    PerEnd weights;   ///< w_k
    PerEnd slopes;    ///< dw_k/dt
    PerEnd products;  ///< w_k dw_k/dt, finite where the slope is not
    double gamma = 0, gamma_gamma_dot = 0;

    double alpha() const { return weights[0]; }
    double beta() const { return weights[1]; }
    double alpha_dot() const { return slopes[0]; }
    double beta_dot() const { return slopes[1]; }
    double alpha_alpha_dot() const { return products[0]; }
};

}  // namespace si
