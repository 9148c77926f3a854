#pragma once

#include <functional>
#include <vector>

#include "si/base/threads.hpp"
#include "si/interpolant/fields.hpp"

// Conditions of samples: labels, numbers and x0, one column per sample (see Conditions).

namespace si {

/// The conditions of the samples of one chunk, as its evaluator has to be told them: all of them
/// before the first call, and those that are left when an adaptive solver drops columns. It refers
/// to the evaluator, which must outlive it.
class SampleConditions {
  public:
    /// Tells `evaluate` about all samples. `given` is (conditions().rows(), n) of the field;
    /// without rows there is nothing to tell, now or later.
    SampleConditions(Evaluator& evaluate, Matrix given)
        : evaluate_(evaluate), given_(std::move(given)) {
        all();
    }

    /// The columns of the calls that follow are all samples.
    void all() const {
        if (given_.rows() > 0) evaluate_.condition(given_);
    }

    /// For TimeInterval::on_compaction, and good as long as this: the columns of the calls that
    /// follow are the samples of these numbers. Empty without conditions.
    std::function<void(const std::vector<Index>&)> on_compaction() const {
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

/// Throws Failure::usage unless `given` (rows(), n) is of the shape that the field's conditions
/// have, and Failure::data for a label that is none of theirs.
void check_given(const Field& field, ConstMatrix given, Index n);

}  // namespace si
