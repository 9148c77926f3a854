#pragma once

#include <functional>
#include <vector>

#include "si/base/threads.hpp"
#include "si/interpolant/fields.hpp"

// Conditions of the samples of a chunk (labels, numbers, x0) on their way to an evaluator.

namespace si {

/// What the samples under way are conditioned on, told to their evaluator. Refers to its arguments.
class Given {
  public:
    /// `given` (conditions().rows(), n); without rows there is nothing to tell.
    Given(Evaluator& evaluate, Matrix given) : evaluate_(evaluate), given_(std::move(given)) {
        all();
    }

    /// The columns that follow are all samples.
    void all() const {
        if (given_.rows() > 0) evaluate_.condition(given_);
    }

    /// For TimeInterval::on_compaction: they are these.
    std::function<void(const std::vector<Index>&)> some() const {
        if (given_.rows() == 0) return {};
        return [this](const std::vector<Index>& columns) {
            evaluate_.condition(given_(Eigen::all, columns));
        };
    }

  private:
    Evaluator& evaluate_;
    Matrix given_;
};

/// Columns of what is given, also where that is nothing.
inline Matrix columns_of(ConstMatrix given, const Columns& columns) {
    return given.rows() > 0 ? Matrix(given.middleCols(columns.first, columns.count)) : Matrix();
}

/// `given` with x0 below it, in the model's coordinates, where the fields are conditioned on that;
/// else as it is.
Matrix with_start(const Conditions& conditions, Matrix given, ConstMatrix x0);

/// Throws Failure::usage unless `given` is what n samples of the field are conditioned on.
void check_given(const Field& field, ConstMatrix given, Index n);

}  // namespace si
