#include "si/base/linear.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>

namespace si {

Spectrum spectrum(const Matrix& symmetric) {
    const Eigen::SelfAdjointEigenSolver<Matrix> solved(symmetric);
    return {solved.eigenvalues(), solved.eigenvectors()};
}

Vector eigenvalues(const Matrix& symmetric) {
    return Eigen::SelfAdjointEigenSolver<Matrix>(symmetric, Eigen::EigenvaluesOnly).eigenvalues();
}

void Cholesky::compute(const Matrix& symmetric) {
    const Eigen::LLT<Matrix> factor(symmetric);
    packed_ = factor.matrixLLT();
    succeeded_ = factor.info() == Eigen::Success;
}

Matrix Cholesky::lower() const { return packed_.triangularView<Eigen::Lower>(); }

double Cholesky::log_det() const { return 2 * Vector(packed_.diagonal()).array().log().sum(); }

Vector Cholesky::solve(const Vector& b) const {
    Vector x = b;
    solve_lower(packed_, x);
    solve_lower_transposed(packed_, x);
    return x;
}

Matrix Cholesky::solve(const Matrix& b) const {
    Matrix x = b;
    packed_.triangularView<Eigen::Lower>().solveInPlace(x);
    packed_.triangularView<Eigen::Lower>().transpose().solveInPlace(x);
    return x;
}

Matrix Cholesky::solve_rows(const Matrix& b) const {
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> x = b.transpose();
    packed_.triangularView<Eigen::Lower>().solveInPlace(x);
    packed_.triangularView<Eigen::Lower>().transpose().solveInPlace(x);
    return x.transpose();
}

void solve_lower(const Matrix& lower, Vector& b) {
    lower.triangularView<Eigen::Lower>().solveInPlace(b);
}

void solve_lower(const Matrix& lower, Matrix& b) {
    lower.triangularView<Eigen::Lower>().solveInPlace(b);
}

void solve_lower_transposed(const Matrix& lower, Vector& b) {
    lower.triangularView<Eigen::Lower>().transpose().solveInPlace(b);
}

void solve_upper(const Matrix& upper, Vector& b) {
    upper.triangularView<Eigen::Upper>().solveInPlace(b);
}

void solve_upper(const Matrix& upper, Matrix& b) {
    upper.triangularView<Eigen::Upper>().solveInPlace(b);
}

Orthonormal orthonormal(const Matrix& a) {
    const Eigen::HouseholderQR<Matrix> qr(a);
    return {qr.householderQ() * Matrix::Identity(a.rows(), a.cols()), qr.matrixQR().diagonal()};
}

}  // namespace si
