#pragma once

#include "si/base/types.hpp"

// Where on the path of an interpolant each of some points is.

namespace si {

/// The times of n points as an argument: T numbers for each. Between two ends T is 1 and the
/// number is t in [0, 1]; between x_0 .. x_K, T is K + 1 and the numbers are the coordinates of a
/// point of a simplex. It refers to the numbers that it is made from.
class Times {
  public:
    /// One number for each point, from a vector or an expression that makes one. Implicit, since a
    /// vector of times is what most calls have.
    template <class Derived>
    requires(Derived::IsVectorAtCompileTime == 1)
        Times(const Eigen::DenseBase<Derived>& t)  // NOLINT(google-explicit-constructor)
        : numbers_(t.derived()) {}

    /// `rows` numbers for each point, one point after the other.
    Times(ConstVector numbers, Index rows) : numbers_(numbers), rows_(rows) {}

    Index rows() const { return rows_; }                    ///< T
    Index size() const { return numbers_.size() / rows_; }  ///< n

    /// The time of point j, where T is 1.
    double operator[](Index j) const { return numbers_[j]; }
    /// Number k of point j.
    double operator()(Index k, Index j) const { return numbers_[j * rows_ + k]; }

    /// All numbers, one point after the other: T n of them.
    ConstVector numbers() const { return numbers_; }
    /// Those of `count` points from number `first` on.
    Times segment(Index first, Index count) const {
        return {numbers_.segment(first * rows_, count * rows_), rows_};
    }

  private:
    Eigen::Ref<const Vector> numbers_;
    Index rows_ = 1;
};

}  // namespace si
