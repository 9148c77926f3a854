#include "si/model/sample_conditions.hpp"

#include <cmath>

#include "si/base/error.hpp"

namespace si {

Matrix with_start(const Conditions& conditions, Matrix given, ConstMatrix x0) {
    if (!conditions.start) return given;
    const Index above = given.rows();
    given.conservativeResize(above + x0.rows(), x0.cols());
    given.bottomRows(x0.rows()) = x0;
    return given;
}

void check_given(const Field& field, ConstMatrix given, Index n) {
    const Conditions wanted = field.conditions();
    if (wanted.rows() == 0) {
        require(given.rows() == 0, Failure::usage, "this model is conditioned on nothing");
        return;
    }
    require(given.rows() == wanted.rows() && given.cols() == n, Failure::usage,
            "this model is conditioned on ", wanted.labels > 0 ? "labels" : "",
            wanted.labels > 0 && wanted.numbers() > 0 ? " and " : "",
            wanted.start           ? "x0"
            : wanted.numbers() > 0 ? "observations"
                                   : "",
            ", and none are given");
    if (wanted.labels == 0) return;
    for (Index j = 0; j < n; ++j) {
        const double label = given(0, j);
        require(
            label >= 0 && label <= static_cast<double>(wanted.labels) && label == std::floor(label),
            Failure::data, "label ", label, " is not one of 0 .. ", wanted.labels - 1);
    }
}

}  // namespace si
