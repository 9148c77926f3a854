#include "si/metric/restoration.hpp"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <Eigen/Cholesky>

#include "si/base/error.hpp"
#include "si/metric/moment_distances.hpp"
#include "si/random/draw.hpp"

using namespace si;

TEST_CASE("restored images are measured where they were hidden") {
    Matrix truth(4, 2), x, mask(2, 2);
    truth << 0, 1, 2, 3, 4, 5, 6, 7;
    x = truth;
    mask << 1, 0, 0, 1;  // of two channels of two pixels
    x(1, 0) += 1;        // hidden of sample 0 are rows 1 and 3
    x(3, 0) -= 3;
    x(0, 1) += 2;  // and of sample 1 rows 0 and 2
    const Restored all = restored(x, truth, mask, 2);
    CHECK(all.square.value == doctest::Approx((10.0 / 4 + 4.0 / 4) / 2));
    CHECK(all.cost.value == doctest::Approx(7));
    CHECK(all.hidden_square.value == doctest::Approx((10.0 / 2 + 4.0 / 2) / 2));
    CHECK(all.known_error == 0);
    CHECK(all.psnr.value ==
          doctest::Approx((10 * std::log10(4 / 2.5) + 10 * std::log10(4 / 1.0)) / 2));
    x(2, 0) += 0.5;
    CHECK(restored(x, truth, mask, 2).known_error == doctest::Approx(0.5));
    CHECK(std::isnan(restored(x, truth, Matrix(), 2).hidden_square.value));
}

TEST_CASE("samples that are the truth itself are counted, and have no part in the mean ratio") {
    const Matrix truth = Matrix::Ones(4, 3);
    Matrix x = truth;
    x(0, 1) += 2;  // of three samples the second alone: its mean square is 1
    const Restored some = restored(x, truth, Matrix(), 2);
    CHECK(some.equal == 2);
    CHECK(some.psnr.value == doctest::Approx(10 * std::log10(4.0)));
    CHECK(some.square.value == doctest::Approx(1.0 / 3));
    const Restored all = restored(truth, truth, Matrix(), 2);
    CHECK(all.equal == 3);
    CHECK(all.psnr.value == std::numeric_limits<double>::infinity());
    CHECK(all.square.value == 0);
}

TEST_CASE("blocks that have the right means are right") {
    Matrix truth(16, 1);
    for (Index i = 0; i < 16; ++i) truth(i, 0) = static_cast<double>(i * i);
    Matrix x = truth;
    x(0, 0) += 3, x(5, 0) -= 3;  // both of the first square of two by two
    CHECK(block_square(x, truth, {1, 4, 4}, 2).value == doctest::Approx(0));
    x(2, 0) += 4;  // of the second: its mean is 1 off, of four squares
    CHECK(block_square(x, truth, {1, 4, 4}, 2).value == doctest::Approx(0.25));
    CHECK(block_square(x, truth, {1, 4, 4}, 1).value == doctest::Approx((9 + 9 + 16) / 16.0));
    // Of two channels of two by four, the last square of the second.
    x = truth;
    x(14, 0) += 4;
    CHECK(block_square(x, truth, {2, 2, 4}, 2).value == doctest::Approx(0.25));
    CHECK_THROWS_AS(block_square(x, truth, {1, 4, 4}, 3), Error);
}

TEST_CASE("the Frechet distance of samples is that of their Gaussians") {
    Matrix z(3, 4000);
    fill_normal({1, Purpose::data, 0}, 0, z);
    // Of x and A x + c with a diagonal A: |c|^2 + sum of (1 - a)^2 times the variances.
    const Vector a = Vector{{1.0, 2.0, 0.5}}, c = Vector{{1.0, 0.0, -2.0}};
    const Vector mean = z.rowwise().mean();
    z.colwise() -= mean;
    const Matrix covariance = z * z.transpose() / 4000;
    const Matrix white = Eigen::LLT<Matrix>(covariance).matrixL().solve(z);  // exactly I
    const Matrix other = (a.asDiagonal() * white).colwise() + c;
    Threads threads(1);
    // Covariances are those of the samples times n / (n - 1).
    CHECK(frechet_distance(white, other, threads).value ==
          doctest::Approx(5 + (1 + 0.25) * 4000 / 3999).epsilon(1e-9));
    CHECK(std::abs(frechet_distance(z, z, threads).value) < 1e-9);
}
