#pragma once

#include <string_view>
#include <vector>

#include "si/base/threads.hpp"
#include "si/flow/model.hpp"

namespace si {

/// How far a model's field is from the exact one of a model in closed form.
struct FieldError {
    std::string_view name;  ///< "b", "s", ...
    double relative;        ///< sqrt of the mean of |f^ - f|^2 over that of |f|^2
    double square, exact;   ///< the two means
};

/// One row for each of b, v, s, eta, x0, x1 that both models have, over `n` points x_t of the
/// exact interpolant at stratified times in [margin, 1 - margin], in the units of the data.
/// Throws Failure::usage unless `truth` is a Gaussian mixture at both ends of the same dimension.
std::vector<FieldError> field_errors(const Model& model, const Model& truth, Index n, double margin,
                                     std::uint64_t seed, Threads& threads);

}  // namespace si
