#include "si/base/linear.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

using namespace si;

namespace {

Matrix some(Index rows, Index cols) {
    Matrix m(rows, cols);
    for (Index i = 0; i < m.size(); ++i) {
        m.data()[i] = std::sin(static_cast<double>(3 * i + i * i));
    }
    return m;
}

}  // namespace

TEST_CASE("decompositions multiply back to their matrix") {
    for (const Index d : {1, 2, 5, 40}) {
        CAPTURE(d);
        const Matrix factor = some(d, d);
        const Matrix a = factor * factor.transpose() + Matrix::Identity(d, d);
        const auto [values, axes] = spectrum(a);
        CHECK((axes * values.asDiagonal() * axes.transpose()).isApprox(a, 1e-12));
        CHECK((eigenvalues(a) - values).norm() < 1e-10 * values.norm());
        CHECK(std::is_sorted(values.begin(), values.end()));

        const Cholesky cholesky(a);
        REQUIRE(cholesky.succeeded());
        const Matrix lower = cholesky.lower();
        CHECK((lower * lower.transpose()).isApprox(a, 1e-12));
        CHECK(cholesky.log_det() == doctest::Approx(values.array().log().sum()));
        const Vector b = some(d, 1).col(0);
        const Matrix right = some(d, 3), rows = right.transpose();
        CHECK((a * cholesky.solve(b)).isApprox(b, 1e-10));
        CHECK((a * cholesky.solve(right)).isApprox(right, 1e-10));
        CHECK((cholesky.solve_rows(rows) * a).isApprox(rows, 1e-10));

        Vector one = b;
        solve_lower(cholesky.packed(), one);
        CHECK((lower * one).isApprox(b, 1e-10));
        solve_lower_transposed(cholesky.packed(), one);
        CHECK((a * one).isApprox(b, 1e-10));
        const Matrix upper = lower.transpose();
        Matrix many = right;
        solve_upper(upper, many);
        CHECK((upper * many).isApprox(right, 1e-10));
        many = right;
        solve_lower(lower, many);
        CHECK((lower * many).isApprox(right, 1e-10));

        const Matrix tall = some(d + 2, d);
        const auto [q, diagonal] = orthonormal(tall);
        CHECK((q.transpose() * q).isIdentity(1e-12));
        CHECK((q * (q.transpose() * tall)).isApprox(tall, 1e-12));
        CHECK(((q.transpose() * tall).diagonal() - diagonal).norm() < 1e-10 * tall.norm());
    }
}

TEST_CASE("a matrix that is not positive definite has no Cholesky factor") {
    Matrix a = Matrix::Identity(3, 3);
    a(2, 2) = -1;
    CHECK_FALSE(Cholesky(a).succeeded());
}
