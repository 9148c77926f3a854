#pragma once

#include <cstdint>

#include <Eigen/Core>

// Matrix and vector types that every part of the library uses: one column per sample.

namespace si {

using Index = Eigen::Index;

/// A batch of n samples in d dimensions is d x n, one column a sample, in double precision.
/// Column-major memory of this equals the row-major (n, d) data set of a file.
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using MatrixF = Eigen::MatrixXf;

/// Any block of columns without a copy, for members of structs that are arguments. It refers to the
/// memory of what it is made from, which must outlive it.
using MatrixView = Eigen::Ref<const Matrix, 0, Eigen::OuterStride<>>;

/// Arguments: any block of columns without a copy.
using ConstMatrix = const MatrixView&;
using MatrixRef = Eigen::Ref<Matrix, 0, Eigen::OuterStride<>>;
using ConstVector = const Eigen::Ref<const Vector>&;
using VectorRef = Eigen::Ref<Vector>;

}  // namespace si
