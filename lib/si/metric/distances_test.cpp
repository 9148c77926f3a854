#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include "si/coupling/assignment.hpp"
#include "si/metric/classifier.hpp"
#include "si/metric/jackknife.hpp"
#include "si/metric/moment_distances.hpp"
#include "si/metric/neighbours.hpp"
#include "si/metric/pairs.hpp"
#include "si/metric/wasserstein.hpp"
#include "si/random/draw.hpp"

using namespace si;

// Distances between Gaussians, where they are known in closed form. Bounds are 5 standard errors,
// from formulas on paper and not from the estimates under test, unless a comment says otherwise.

namespace {

/// n samples of N(mean, deviation^2 I).
Matrix gaussian(Index d, Index n, double mean, double deviation, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({77, Purpose::check, step}, 0, x);
    return (mean + deviation * x.array()).matrix();
}

/// E|Z| of Z ~ N(m, s^2).
double mean_absolute(double m, double s) {
    return s * std::sqrt(2 / std::numbers::pi) * std::exp(-m * m / (2 * s * s)) +
           m * std::erf(m / (s * std::numbers::sqrt2));
}

/// E exp(-|Z|^2 / (2 h^2)) of Z ~ N(m 1, s^2 I) in d dimensions.
double mean_kernel(int d, double m, double s, double h) {
    const double total = h * h + s * s;
    return std::pow(h * h / total, d / 2.0) * std::exp(-d * m * m / (2 * total));
}

}  // namespace

TEST_CASE("the energy distance of Gaussians in one dimension") {
    Threads threads(2);
    const double m = 0.5, s = 1.5;
    const Index n = 3000, k = 2000;
    const auto found = energy_distance(gaussian(1, n, 0, 1, 1), gaussian(1, k, m, s, 2), threads);
    const double truth = 2 * mean_absolute(m, std::sqrt(1 + s * s)) -
                         mean_absolute(0, std::numbers::sqrt2) -
                         mean_absolute(0, s * std::numbers::sqrt2);
    // First order: 2 (E|x - Y| - E|x - X'|) at a sample x, and likewise at y; |x| at most grows as
    // |x| times 2, so that variances are below 4 var of the difference; by quadrature 0.10, 0.30.
    const auto variance = [&](double own_m, double own_s, double other_m, double other_s) {
        double first = 0, second = 0;
        for (int i = 0; i < 4000; ++i) {
            const double z = -8 + 16 * (i + 0.5) / 4000, x = own_m + own_s * z;
            const double weight = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi) * 0.004;
            const double h =
                2 * (mean_absolute(x - other_m, other_s) - mean_absolute(x - own_m, own_s));
            first += weight * h, second += weight * h * h;
        }
        return second - first * first;
    };
    const double error = std::sqrt(variance(0, 1, m, s) / n + variance(m, s, 0, 1) / k);
    CHECK(std::abs(found.value - truth) < 5 * error);
    // The jackknife with 2 x 32 groups: a relative error of 1 / sqrt(2 x 31) of either variance.
    CHECK(found.error == doctest::Approx(error).epsilon(0.4));
}

TEST_CASE("the maximum mean discrepancy of Gaussians") {
    Threads threads(2);
    const double m = 0.3, s = 1.2, h = 1.5;
    const Index n = 2000;
    const auto found =
        kernel_discrepancy(gaussian(3, n, 0, 1, 3), gaussian(3, n, m, s, 4), h, threads);
    const double truth = mean_kernel(3, 0, std::numbers::sqrt2, h) +
                         mean_kernel(3, 0, s * std::numbers::sqrt2, h) -
                         2 * mean_kernel(3, m, std::sqrt(1 + s * s), h);
    // |2 (E k(x, X') - E k(x, Y))| <= 2 sup of the difference of the two smoothed densities, which
    // at the mean of one is below 0.2: a first order error below 0.4 sqrt(2 / n).
    const double bound = 0.4 * std::sqrt(2.0 / n);
    CHECK(found.error < bound);
    CHECK(std::abs(found.value - truth) < 5 * found.error);
    CHECK(truth > 10 * found.error);  // so the bound says something
}

TEST_CASE("pair means by their definition, and whatever the threads") {
    Threads one(1), three(3);
    const Matrix x = gaussian(2, 40, 0, 1, 5), y = gaussian(2, 71, 1, 1, 6);
    double within_x = 0, within_y = 0, between = 0;
    for (Index i = 0; i < x.cols(); ++i) {
        for (Index j = 0; j < x.cols(); ++j) within_x += (x.col(i) - x.col(j)).norm();
        for (Index j = 0; j < y.cols(); ++j) between += (x.col(i) - y.col(j)).norm();
    }
    for (Index i = 0; i < y.cols(); ++i) {
        for (Index j = 0; j < y.cols(); ++j) within_y += (y.col(i) - y.col(j)).norm();
    }
    const double direct = 2 * between / (40 * 71) - within_x / (40 * 39) - within_y / (71 * 70);
    const auto found = energy_distance(x, y, one);
    CHECK(found.value == doctest::Approx(direct).epsilon(1e-10));
    const auto again = energy_distance(x, y, three);
    CHECK(found.value == again.value);
    CHECK(found.error == again.error);
    // The jackknife, by leaving out columns.
    const auto without = [&](int side, Index g) {
        const Matrix& from = side == 0 ? x : y;
        const Columns out = groups_of(from.cols(), 32)[static_cast<std::size_t>(g)];
        Matrix left(2, from.cols() - out.count);
        left << from.leftCols(out.first), from.rightCols(left.cols() - out.first);
        return energy_distance(side == 0 ? left : x, side == 0 ? y : left, one).value;
    };
    CHECK(found.error == doctest::Approx(jackknife_error({32, 32}, without)).epsilon(1e-8));
    // Far from the origin, too.
    const auto far = energy_distance(x.array() + 1e6, y.array() + 1e6, one);
    CHECK(far.value == doctest::Approx(direct).epsilon(1e-6));
    CHECK(median_distance(Matrix{{0, 1, 3}}) == 2);
}

TEST_CASE("W2 of Gaussians in one dimension, and its error") {
    // (m - m')^2 + (s - s')^2, and the prices are quadratic: with the map T x = m + s x,
    // u' = 2 (x - T x), v' = 2 (y - T^-1 y), whose variances are those of normal squares.
    const double m = 0.7, s = 1.6;
    const Index n = 4000;
    const double of_u = 2 * std::pow(1 - s, 2) + 4 * m * m,
                 of_v = 4 * m * m * s * s + 2 * std::pow(s * s - s, 2);
    const auto found = wasserstein(gaussian(1, n, 0, 1, 7), gaussian(1, n, m, s, 8), 2);
    const double error = std::sqrt((of_u + of_v) / n);
    CHECK(std::abs(found.value - (m * m + (s - 1) * (s - 1))) < 5 * error);
    // Variances from n samples of a law with fourth moments: 10 % is above 5 sqrt(8 / n).
    CHECK(found.error == doctest::Approx(error).epsilon(0.2));
    // W1 of a shift is the shift; then u and v are x and -y.
    const auto shift = wasserstein(gaussian(1, n, 0, 1, 9), gaussian(1, n, 2, 1, 10), 1);
    CHECK(std::abs(shift.value - 2) < 5 * std::sqrt(2.0 / n));
    CHECK(shift.error == doctest::Approx(std::sqrt(2.0 / n)).epsilon(0.2));
}

TEST_CASE("W2 in the plane is the least mean square, and prices prove it") {
    const Index n = 300;
    const Matrix x = gaussian(2, n, 0, 1, 11), y = gaussian(2, n, 3, 1, 12);
    // A shift of (3, 3): W2^2 = 18, u = 6 (x1 + x2) has variance 72; noise adds about log(n) / n.
    const auto found = wasserstein(x, y, 2);
    const double error = std::sqrt(2 * 72.0 / n);
    CHECK(std::abs(found.value - 18) < 5 * error + 0.1);
    CHECK(found.error == doctest::Approx(error).epsilon(0.3));
    Matrix squares(n, n);
    for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < n; ++j) squares(j, i) = (x.col(i) - y.col(j)).squaredNorm();
    }
    CHECK(found.value == doctest::Approx(assign(squares).cost / n).epsilon(1e-10));
    CHECK(wasserstein(x, y, 1).value ==
          doctest::Approx(assign(squares.cwiseSqrt()).cost / n).epsilon(1e-10));
    CHECK(wasserstein(x, x, 2).value == doctest::Approx(0).epsilon(1e-12));
}

TEST_CASE("one far pair takes no digits from the distances of the others") {
    const Index n = 50;
    Threads threads(1);
    for (const Index d : {1, 2}) {
        const Matrix x = gaussian(d, n, 0, 1, 51), y = gaussian(d, n, 0.5, 1, 52);
        for (const double far : {1e7, 1e9, 1e100}) {
            Matrix a(d, n + 1), b(d, n + 1);
            a << x, Matrix::Constant(d, 1, far);
            b << Matrix::Constant(d, 1, far), y;
            for (const int p : {1, 2}) {
                CAPTURE(p);
                CAPTURE(far);
                CHECK((n + 1) * wasserstein(a, b, p).value ==
                      doctest::Approx(n * wasserstein(x, y, p).value).epsilon(1e-9));
            }
            if (d == 1) {
                CHECK((n + 1) * sliced_wasserstein(a, b, Matrix::Ones(1, 1), threads).w2.value ==
                      doctest::Approx(n * wasserstein(x, y, 2).value).epsilon(1e-9));
            }
        }
        for (const double unit : {std::ldexp(1, -700), std::ldexp(1, 400)}) {
            CHECK(wasserstein(unit * x, unit * y, 1).value / unit ==
                  doctest::Approx(wasserstein(x, y, 1).value).epsilon(1e-12));
        }
    }
}

TEST_CASE("sliced distances are means over lines, exact on one line") {
    Threads threads(3), one(1);
    const Matrix x = gaussian(3, 500, 0, 1, 13), y = gaussian(3, 500, 1, 1.5, 14);
    Matrix lines(3, 11);
    fill_normal({1, Purpose::check, 15}, 0, lines);
    lines.colwise().normalize();
    const auto all = sliced_wasserstein(x, y, lines, threads);
    double w1 = 0, w2 = 0;
    for (Index k = 0; k < 11; ++k) {
        const Matrix a = lines.col(k).transpose() * x, b = lines.col(k).transpose() * y;
        w1 += wasserstein(a, b, 1).value / 11, w2 += wasserstein(a, b, 2).value / 11;
    }
    CHECK(all.w1.value == doctest::Approx(w1));
    CHECK(all.w2.value == doctest::Approx(w2));
    CHECK(sliced_wasserstein(x, y, lines, one).w2.value == all.w2.value);
    // E of (s - 1)^2 + (a.m)^2 over directions a is (s - 1)^2 + |m|^2 / 3 = 1.25; of eleven lines
    // only roughly.
    CHECK(all.w2.value > 0.3);
    CHECK(all.w2.value < 3);
}

TEST_CASE("the Frechet distance of fits whose covariances do not commute") {
    // In two dimensions tr (A^1/2 B A^1/2)^1/2 is the root of tr A B + 2 (det A det B)^1/2. Both
    // sets are made to have their moments exactly.
    Threads threads(1);
    constexpr Index kN = 400;
    const auto with = [&](const Matrix& root, const Vector& mean, std::uint32_t step) {
        Matrix z = gaussian(2, kN, 0, 1, step);
        z.colwise() -= Vector(z.rowwise().mean());
        const Matrix covariance = z * z.transpose() / (kN - 1);
        const Matrix white = Eigen::LLT<Matrix>(covariance).matrixL().solve(z);
        return Matrix((root * white).colwise() + mean);
    };
    const Matrix first{{2, 0}, {1, 1}}, second{{1, 0}, {-2, 3}};
    const Matrix a = first * first.transpose(), b = second * second.transpose();
    const Vector shift{{0.5, -1}};
    const double cross =
        std::sqrt((a * b).trace() + 2 * std::sqrt(a.determinant() * b.determinant()));
    const double truth = shift.squaredNorm() + a.trace() + b.trace() - 2 * cross;
    const auto found =
        frechet_distance(with(first, Vector::Zero(2), 41), with(second, shift, 42), threads);
    CHECK(found.value == doctest::Approx(truth).epsilon(1e-9));
}

TEST_CASE("moments and divergences of Gaussian fits") {
    Threads threads(2);
    const Index d = 3, n = 20000;
    const double m = 0.2, s = 1.3;
    const Matrix x = gaussian(d, n, m, s, 16), y = gaussian(d, n, 0, 1, 17);
    // KL(N(0, I) | N(m, s^2 I)) = d/2 (1/s^2 - 1 + m^2/s^2 + 2 log s). A relative error e of a
    // variance changes it by (1 - 1/s^2) e / 2, with e^2 = 2/n; a mean off by e / sqrt(n), by
    // m e / s^2. Fits add (d + d (d+1) / 2) / (2 n) per side.
    const auto kl = gaussian_kl(x, y, threads);
    const double truth = d / 2.0 * (1 / (s * s) - 1 + m * m / (s * s) + 2 * std::log(s));
    const double slope = 1 - 1 / (s * s);
    const double error = std::sqrt(d * (slope * slope / 2 * 2 + 2 * m * m / (s * s)) / n);
    CHECK(std::abs(kl.value - truth) < 5 * error + 9.0 / n);
    CHECK(kl.error == doctest::Approx(error).epsilon(0.5));

    const auto both = moment_distances(x, y, Vector::Ones(d), threads);
    // The mean square over coordinates of m, and over the d of d^2 entries of s^2 - 1.
    CHECK(std::abs(both.mean.value - m * m) <
          5 * 2 * m * std::sqrt((1 + s * s) / n / d) + (1 + s * s) / n);
    const double of_variance = std::sqrt(2 * (1 + std::pow(s, 4)) / n);
    CHECK(std::abs(both.covariance.value - std::pow(s * s - 1, 2) / d) <
          5 * 2 * (s * s - 1) * of_variance / d / std::sqrt(d) + 10.0 / n);

    const auto off = moment_differences(x, y);
    CHECK(off["mean"]["stderr"][1].get<double>() ==
          doctest::Approx(std::sqrt((1 + s * s) / n)).epsilon(0.05));
    CHECK(off["covariance"]["stderr"][2][2].get<double>() ==
          doctest::Approx(of_variance).epsilon(0.1));
    CHECK(off["covariance"]["difference"][0][0].get<double>() ==
          doctest::Approx(s * s - 1).epsilon(0.1));
    CHECK_THROWS_AS(gaussian_kl(x.leftCols(3), y, threads), Error);
    Matrix flat = x;
    flat.row(2) = flat.row(0);
    CHECK_THROWS_AS(gaussian_kl(flat, y, threads), Error);
}

TEST_CASE("neighbourhoods by their definition") {
    Threads threads(2);
    const Index n = 300, k = 3;
    const Matrix x = gaussian(2, n, 0.5, 1, 18), y = gaussian(2, n + 50, 0, 1, 19);
    const auto reach = [&](const Matrix& of) {
        Vector result(of.cols());
        for (Index j = 0; j < of.cols(); ++j) {
            Vector all = (of.colwise() - of.col(j)).colwise().norm().transpose();
            std::sort(all.begin(), all.end());
            result[j] = all[k];  // place 0 is its own
        }
        return result;
    };
    const Vector of_x = reach(x), of_y = reach(y);
    double precision = 0, recall = 0, density = 0, coverage = 0;
    for (Index i = 0; i < n; ++i) {
        Index balls = 0;
        for (Index j = 0; j < y.cols(); ++j) balls += (x.col(i) - y.col(j)).norm() <= of_y[j];
        precision += balls > 0, density += static_cast<double>(balls) / k;
    }
    for (Index j = 0; j < y.cols(); ++j) {
        bool in_ball = false, own = false;
        for (Index i = 0; i < n; ++i) {
            const double apart = (x.col(i) - y.col(j)).norm();
            in_ball = in_ball || apart <= of_x[i];
            own = own || apart <= of_y[j];
        }
        recall += in_ball, coverage += own;
    }
    const auto found = neighbourhoods(x, y, k, threads);
    CHECK(found.precision.value == doctest::Approx(precision / n));
    CHECK(found.density.value == doctest::Approx(density / n));
    CHECK(found.recall.value == doctest::Approx(recall / (n + 50)));
    CHECK(found.coverage.value == doctest::Approx(coverage / (n + 50)));
    CHECK_THROWS_AS(neighbourhoods(x.leftCols(3), y, 3, threads), Error);
}

TEST_CASE("shares of modes") {
    Threads threads(2);
    const Matrix centres{{0, 10, 20}};
    const Matrix x{{0, 1, 2, 9}}, y{{0, 11, 10, 19, 21, 5.5, 22, 8}};
    CHECK(mode_shares(x, centres, threads) == Vector{{0.75, 0.25, 0}});
    CHECK(mode_distance(x, y, centres, threads).value == doctest::Approx(0.625));
}

TEST_CASE("a classifier finds what is there and no more") {
    // Of N(0, 1) and N(m, 1) the best classifier is right with Phi(m / 2) = 0.8413 for m = 2; a
    // learned one is at most as good, and close to it.
    const Index n = 4000;
    const Matrix x = gaussian(2, n, 0, 1, 20);
    Matrix y = gaussian(2, n, 0, 1, 21);
    const double error = 0.5 / std::sqrt(2 * n);
    CHECK(std::abs(classifier_accuracy(x, y, 0).value - 0.5) < 5 * error);
    y.row(0).array() += 2;
    const auto found = classifier_accuracy(x, y, 0);
    CHECK(found.value < 0.8413 + 5 * error);
    CHECK(found.value > 0.8413 - 0.02);
    CHECK(found.error == doctest::Approx(std::sqrt(0.8413 * 0.1587 / (2 * n))).epsilon(0.1));
    // So few that they could be learned by heart.
    const double few = 0.5 / std::sqrt(2 * 150);
    CHECK(
        std::abs(
            classifier_accuracy(gaussian(10, 150, 0, 1, 24), gaussian(10, 150, 0, 1, 25), 0).value -
            0.5) < 5 * few);
    // Not only shifts: two bumps against one of the same mean and variance.
    Matrix bumps = 0.436 * gaussian(1, n, 0, 1, 22);
    for (Index j = 0; j < n; ++j) bumps(0, j) += j % 2 == 0 ? 0.9 : -0.9;
    CHECK(classifier_accuracy(bumps, gaussian(1, n, 0, 1, 23), 0).value > 0.6);
}
