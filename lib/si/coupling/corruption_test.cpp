#include <doctest/doctest.h>

#include "si/coupling/coupling.hpp"

using namespace si;

namespace {

std::shared_ptr<const Corruption> make(const char* spelling, std::vector<Index> shape,
                                       double unit = 1) {
    const Choice<couplings> choice(spelling);
    return choice.row().made_from_x1()->corruption(choice.settings(), {std::move(shape), unit});
}

Matrix normals(Index rows, Index columns, std::uint32_t step = 0) {
    Matrix z(rows, columns);
    fill_normal({5, Purpose::data, step}, 0, z);
    return z;
}

const Address kMask{3, Purpose::mask, 0};

}  // namespace

TEST_CASE("what a corruption shows depends on the sample alone") {
    for (const CouplingRow& row : couplings()) {
        if (row.made_from_x1() == nullptr) continue;
        CAPTURE(std::string(row.name));
        const auto corruption = make(row.name.data(), {2, 8, 8});
        const Matrix x = normals(128, 9);
        const Observation all = corruption->observe(x, kMask, 4);
        const Observation some = corruption->observe(x.middleCols(3, 2), kMask, 7);
        CHECK(some.mean == all.mean.middleCols(3, 2));
        CHECK(some.deviation == all.deviation.middleCols(3, 2));
        CHECK(all.mean.rows() == 128);
        CHECK((all.deviation.array() >= 0).all());
        Index numbers = corruption->given_shape().empty() ? 0 : 1;
        for (const Index size : corruption->given_shape()) numbers *= size;
        CHECK(all.given.rows() == numbers);
        if (numbers > 0) CHECK(some.given == all.given.middleCols(3, 2));
    }
}

TEST_CASE("in-painting hides whole tiles, with their probability, and keeps the rest") {
    const auto corruption = make("inpaint,p=0.3,tile=4", {3, 28, 28});
    const Index n = 2000;
    const Matrix x = normals(3 * 784, n);
    const Observation seen = corruption->observe(x, kMask, 0);
    CHECK(corruption->masked());
    CHECK(corruption->given_shape() == std::vector<Index>{1, 28, 28});
    double hidden = 0;
    for (Index j = 0; j < n; ++j) {
        for (Index p = 0; p < 784; ++p) {
            const Index corner = p / 28 / 4 * 4 * 28 + p % 28 / 4 * 4;
            REQUIRE(seen.given(p, j) == seen.given(corner, j));
            hidden += 1 - seen.given(p, j);
        }
        for (Index i = 0; i < x.rows(); ++i) {
            const bool known = seen.given(i % 784, j) == 1;
            REQUIRE(seen.mean(i, j) == (known ? x(i, j) : 0));
            REQUIRE(seen.deviation(i, j) == (known ? 0 : 1));
        }
    }
    const double tiles = 49.0 * static_cast<double>(n);
    CHECK(std::abs(hidden / 16 - 0.3 * tiles) < 5 * std::sqrt(0.3 * 0.7 * tiles));
    // The same mask from a file says the same.
    const Observation again = corruption->observed(x, seen.given);
    CHECK(again.mean == seen.mean);
    CHECK_THROWS_AS(corruption->observed(x, {}), Error);
}

TEST_CASE("coordinates can be known always") {
    const Observation seen = make("inpaint,known=2", {3})->observe(normals(3, 5), kMask, 0);
    CHECK(seen.given.row(1).isOnes(0));
    CHECK(seen.given.row(0).isZero(0));
    CHECK(seen.deviation.row(1).isZero(0));
    CHECK_THROWS_AS(make("inpaint,known=4", {3}), Error);
}

TEST_CASE("super-resolution begins with means of squares and noise in the data's units") {
    const auto corruption = make("superres,factor=2,noise=0.3", {1, 4, 6}, 0.5);
    const Matrix x = normals(24, 3);
    const Observation seen = corruption->observe(x, kMask, 0);
    CHECK(seen.deviation.isConstant(0.6));
    CHECK(seen.given == seen.mean);
    CHECK(corruption->seen_shape() == std::vector<Index>{1, 2, 3});
    for (Index j = 0; j < 3; ++j) {
        for (Index y = 0; y < 4; ++y) {
            for (Index at = 0; at < 6; ++at) {
                const Index a = y / 2 * 2 * 6 + at / 2 * 2;
                const double mean = (x(a, j) + x(a + 1, j) + x(a + 6, j) + x(a + 7, j)) / 4;
                CHECK(seen.mean(y * 6 + at, j) == doctest::Approx(mean).epsilon(1e-14));
            }
        }
    }
    // From the small image it is the same.
    Matrix small(6, 3);
    for (Index i = 0; i < 6; ++i) small.row(i) = seen.mean.row(i / 3 * 12 + i % 3 * 2);
    CHECK(corruption->placed(small) == seen.mean);
    CHECK_THROWS_AS(make("superres,factor=4", {1, 4, 6}), Error);
    CHECK_THROWS_AS(make("superres", {24}), Error);
}

TEST_CASE("without the coupling the same is seen, and all is noise") {
    const Matrix x = normals(32, 4);
    const Observation seen = make("inpaint,coupled=off", {2, 4, 4})->observe(x, kMask, 0);
    const Observation with = make("inpaint", {2, 4, 4})->observe(x, kMask, 0);
    CHECK(seen.mean.isZero(0));
    CHECK(seen.deviation.isOnes(0));
    CHECK(seen.given.topRows(16) == with.given);
    CHECK(seen.given.bottomRows(32) == with.mean);
    CHECK_FALSE(make("inpaint,coupled=off", {2, 4, 4})->masked());
}

TEST_CASE("costs of transport are those of the formulas") {
    // E|x1 - x0|^2: a part p of |x1|^2 + d of the independent coupling, and of noise sigma^2 d.
    const Index d = 64, n = 4000;
    const Matrix x = normals(d, n), zeta = normals(d, n, 1);
    const auto cost = [&](const char* spelling) {
        const Observation seen = make(spelling, {1, 8, 8})->observe(x, kMask, 0);
        const Vector each =
            (seen.mean + seen.deviation.cwiseProduct(zeta) - x).colwise().squaredNorm().transpose();
        const double mean = each.mean();
        const double error = std::sqrt((each.array() - mean).square().mean() / n);
        return std::pair{mean, error};
    };
    const auto [hidden, hidden_error] = cost("inpaint,p=0.3,tile=2");
    CHECK(std::abs(hidden - 0.3 * 2 * d) < 5 * hidden_error);
    const auto [noisy, noisy_error] = cost("noise,noise=0.5");
    CHECK(std::abs(noisy - 0.25 * d) < 5 * noisy_error);
    // Means of four leave 3/4 of the variance.
    const auto [small, small_error] = cost("superres,factor=2,noise=0.5");
    CHECK(std::abs(small - (0.75 + 0.25) * d) < 5 * small_error);
}
