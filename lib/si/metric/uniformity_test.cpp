#include "si/metric/uniformity.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace si;

TEST_CASE("distribution functions of a normal and of its square") {
    CHECK(normal_cdf(0) == doctest::Approx(0.5));
    CHECK(normal_cdf(1.959963984540054) == doctest::Approx(0.975));
    CHECK(chi_square_cdf(3.841458820694124, 1) == doctest::Approx(0.95));
    CHECK(chi_square_cdf(2 * std::log(2.0), 2) == doctest::Approx(0.5));
    CHECK(chi_square_cdf(18.307038053275146, 10) == doctest::Approx(0.95));
    CHECK(chi_square_cdf(783.3334, 784) == doctest::Approx(0.5).epsilon(1e-4));
    CHECK(chi_square_cdf(1e6, 784) == 1);
    CHECK(chi_square_cdf(0, 3) == 0);
}

TEST_CASE("bins hold what falls into them, the ends too") {
    const auto found = uniformity({0, 0.1, 0.3, 0.6, 0.6, 0.99, 1}, 4);
    CHECK(found.counts == std::vector<Index>{2, 1, 2, 2});
    CHECK(found.expected() == doctest::Approx(7.0 / 4));
    CHECK(found.deviation() == doctest::Approx(std::sqrt(7.0 / 4 * 3 / 4)));
    CHECK(found.outside == 0);
    CHECK(uniformity(std::vector<double>(100, 0.5), 4).outside == 4);
}
