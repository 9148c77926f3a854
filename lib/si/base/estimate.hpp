#pragma once

#include "si/base/types.hpp"

// Numbers with standard errors, as every estimator and metric returns them.

namespace si {

/// A number and its standard error.
struct Estimate {
    double value, error;
};

/// The mean of numbers drawn independently of each other, and from their spread its standard
/// error, which is 0 for one number. Where a number is infinite both are.
Estimate mean_of(const Vector& values);

}  // namespace si
