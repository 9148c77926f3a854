#pragma once

#include "si/base/types.hpp"

// The inner loops of the Sinkhorn iteration, vectorised with a fixed order of summation.

namespace si {

/// log sum_j exp((g_j - c_j) / epsilon) over n numbers, without overflow: many at a time, in an
/// order that depends on n alone. exp is good to 1e-15 relative, and zero below e^-700.
double log_sum_of(const double* g, const double* c, Index n, double epsilon);

/// out_j = exp((shift + g_j - c_j) / epsilon), as above. shift + g - c over epsilon is at most 700.
void exponentials(const double* g, const double* c, Index n, double shift, double epsilon,
                  double* out);

}  // namespace si
