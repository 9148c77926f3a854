#pragma once

#include "si/base/types.hpp"

// Decompositions of matrices. Eigen's are templates that take seconds to compile wherever they are
// named, so linear.cpp names those that several places need, for the one type of matrix that they
// have.

namespace si {

/// A symmetric matrix as U diag(values) U'.
struct Spectrum {
    Vector values;  ///< increasing
    Matrix axes;    ///< U, one column a value
};

/// Both read the lower triangle alone.
Spectrum spectrum(const Matrix& symmetric);
Vector eigenvalues(const Matrix& symmetric);

/// A symmetric positive definite matrix as L L'.
class Cholesky {
  public:
    Cholesky() = default;
    explicit Cholesky(const Matrix& symmetric) { compute(symmetric); }

    /// Reads the lower triangle alone.
    void compute(const Matrix& symmetric);

    /// False when the matrix was not positive definite: then nothing else is of use.
    bool succeeded() const { return succeeded_; }

    /// L below the diagonal and on it; what is above has no meaning.
    const Matrix& packed() const { return packed_; }
    Matrix lower() const;

    /// log det of the matrix.
    double log_det() const;

    /// A^-1 b. One column is not a matrix of one column: the sums are in another order.
    Vector solve(const Vector& b) const;
    Matrix solve(const Matrix& b) const;
    /// b A^-1.
    Matrix solve_rows(const Matrix& b) const;

  private:
    Matrix packed_;
    bool succeeded_ = false;
};

/// L^-1 b and L'^-1 b in place of b, of the lower triangle of a matrix.
void solve_lower(const Matrix& lower, Vector& b);
void solve_lower(const Matrix& lower, Matrix& b);
void solve_lower_transposed(const Matrix& lower, Vector& b);
/// U^-1 b in place of b, of the upper triangle of a matrix.
void solve_upper(const Matrix& upper, Vector& b);
void solve_upper(const Matrix& upper, Matrix& b);

/// A with at least as many rows as columns, as Q R.
struct Orthonormal {
    Matrix q;         ///< with the columns of A
    Vector diagonal;  ///< of R, which is upper triangular
};
Orthonormal orthonormal(const Matrix& a);

}  // namespace si
