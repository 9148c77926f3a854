#include "si/metric/kde.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "si/base/error.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normals(Index n, std::uint32_t step, double shift = 0) {
    Matrix x(2, n);
    fill_normal({3, Purpose::data, step}, 0, x);
    x.row(0).array() += shift;
    return x;
}

}  // namespace

TEST_CASE("one kernel a sample: the sum, by hand, and its integral is 1") {
    Threads threads(2);
    const Matrix samples{{0.0, 1.0, 3.0}};
    const KernelDensity density(samples);
    // Variance 7/3 of {0, 1, 3}, times 3^(-2/5).
    const double variance = 7.0 / 3 * std::pow(3.0, -0.4);
    const auto kernel = [&](double u) {
        return std::exp(-u * u / (2 * variance)) / std::sqrt(2 * M_PI * variance);
    };
    const Vector at = density.log_density(Matrix{{0.5}}, threads);
    CHECK(std::exp(at[0]) == doctest::Approx((kernel(0.5) + kernel(0.5) + kernel(2.5)) / 3));
    Matrix grid(1, 2001);
    for (Index i = 0; i < 2001; ++i) grid(0, i) = -15 + 0.02 * static_cast<double>(i);
    CHECK(density.log_density(grid, threads).array().exp().sum() * 0.02 == doctest::Approx(1));
    CHECK(std::isfinite(density.log_density(Matrix{{1e6}}, threads)[0]));
}

TEST_CASE("the divergence is positive, small between equal laws, and that of two Gaussians (T38)") {
    Threads threads(2);
    const Index n = 5000;
    const auto reference = normals(n, 0), probes = normals(n, 1);
    const auto floor = kernel_divergence(reference, normals(n, 2), probes, threads);
    CHECK(floor.value > 0);
    // To second order the divergence of two estimates is the mean of their relative variances,
    // 1 / (4 pi n h^2 rho) each, with h^2 = n^(-1/3): the area where n h^2 rho > 1, a disc with
    // squared radius 2 log(n^(2/3) / 2 pi), over 4 pi n^(2/3). The tails add less than that again.
    const double m = std::pow(static_cast<double>(n), 2.0 / 3);
    CHECK(floor.value < 2 * M_PI * 2 * std::log(m / (2 * M_PI)) / (4 * M_PI * m));
    // KL(N(0, I) | N(m, I)) = m^2 / 2. Kernels widen both by 1 + n^(-1/3) = 1.0585.
    const auto apart = kernel_divergence(reference, normals(n, 2, 0.5), probes, threads);
    CHECK(std::abs(apart.value - 0.125 / 1.0585) < 5 * apart.error + floor.value);
}

TEST_CASE("samples without a density are refused") {
    CHECK_THROWS_AS(KernelDensity(Matrix::Ones(2, 10)), Error);
    CHECK_THROWS_AS(KernelDensity(Matrix::Ones(2, 2)), Error);
}
