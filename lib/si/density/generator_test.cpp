#include "si/density/generator.hpp"

#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "si/density/mixture.hpp"
#include "si/random/draw.hpp"

namespace {

using namespace si;

Matrix samples(const Generator& g, Index n, std::uint64_t seed = 1) {
    Matrix x(g.dim, n);
    g.fill(seed, 0, x);
    return x;
}

Generator generator(const char* spelling) { return Choice<generators>(spelling).make(); }

/// Every row with its defaults, and settings that reach other branches.
template <class Body>
void for_every_generator(const Body& body) {
    for (const auto& row : generators()) {
        CAPTURE(std::string(row.name));
        body(row.make(Json::object()));
    }
    for (const char* spelling :
         {"gaussian,dim=3,mean=1:2:3,sigma=0.5:1:2", "gaussian,dim=1", "ring,modes=3,radius=0.2",
          "ring,modes=1", "two-gaussians,weight=0.2", "two-gaussians,weight=0",
          "mixture,dim=3,modes=2,spread=1", "funnel,dim=3,sigma=0.5", "uniform,dim=1,low=-3,high=5",
          "spiral,arms=3"}) {
        CAPTURE(std::string(spelling));
        body(generator(spelling));
    }
}

/// Fraction of `x` inside a box, and the integral of the density over it by uniform points.
struct Masses {
    double counted, integrated, bound;  ///< bound: 5 standard errors of the difference
};

Masses masses(const Generator& g, const Matrix& x, const Vector& low, const Vector& high) {
    const auto inside = [&](auto column) {
        return (column.array() >= low.array()).all() && (column.array() <= high.array()).all();
    };
    double hits = 0;
    for (const auto column : x.colwise()) hits += inside(column) ? 1 : 0;
    const auto n = static_cast<double>(x.cols());
    const double p = hits / n;

    Matrix points(g.dim, 20000);
    fill_uniform({7, Purpose::check, 0}, 0, points);
    points = (high - low).asDiagonal() * points;
    points.colwise() += low;
    const Vector rho = g.log_densities(points).array().exp() * (high - low).prod();
    const auto m = static_cast<double>(rho.size());
    const double variance = (rho.array() - rho.mean()).square().sum() / (m - 1);
    return {p, rho.mean(), 5 * std::sqrt(p * (1 - p) / n + variance / m)};
}

}  // namespace

TEST_CASE("a sample depends on the seed and its number alone") {
    for_every_generator([](const Generator& g) {
        const Matrix all = samples(g, 300);
        CHECK(samples(g, 20) == all.leftCols(20));
        Matrix part(g.dim, 37);
        g.fill(1, 200, part);
        CHECK(part == all.middleCols(200, 37));
        CHECK(samples(g, 300, 2) != all);
        CHECK(all.allFinite());
    });
}

TEST_CASE("a density is that of the samples, in boxes around some of them") {
    for_every_generator([](const Generator& g) {
        if (!g.log_density || g.dim > 3) return;
        const Matrix x = samples(g, 50000);
        CHECK(g.log_densities(x).allFinite());
        const Vector mean = x.rowwise().mean();
        const Vector spread =
            ((x.colwise() - mean).array().square().rowwise().mean()).sqrt().matrix();
        for (Index j = 0; j < 12; ++j) {
            // Boxes from a twentieth of the spread to all of it.
            const Vector half = spread * (0.05 * std::pow(1.3, j));
            const auto mass = masses(g, x, x.col(j) - half, x.col(j) + half);
            CAPTURE(j);
            CHECK(std::abs(mass.counted - mass.integrated) <= mass.bound);
        }
    });
}

TEST_CASE("the mean of -log density is the entropy") {
    for_every_generator([](const Generator& g) {
        if (!g.entropy) return;
        REQUIRE(g.log_density);
        const Vector surprise = -g.log_densities(samples(g, 50000));
        const auto n = static_cast<double>(surprise.size());
        const double variance = (surprise.array() - surprise.mean()).square().sum() / (n - 1);
        CHECK(std::abs(surprise.mean() - *g.entropy) <= 5 * std::sqrt(variance / n) + 1e-12);
    });
}

TEST_CASE("the mean of x . grad log density is minus the dimension") {  // integration by parts
    for_every_generator([](const Generator& g) {
        if (!g.log_density) return;
        const Matrix x = samples(g, 50000);
        Vector virial = Vector::Zero(x.cols());
        const double h = 1e-5;
        for (Index i = 0; i < g.dim; ++i) {
            Matrix above = x, below = x;
            above.row(i).array() += h;
            below.row(i).array() -= h;
            const Vector slope = (g.log_densities(above) - g.log_densities(below)) / (2 * h);
            virial += x.row(i).transpose().cwiseProduct(slope);
        }
        if (!(virial.array().abs().maxCoeff() > 1e-6)) return;  // a uniform density jumps instead
        if (!virial.allFinite()) return;
        const auto n = static_cast<double>(virial.size());
        const double variance = (virial.array() - virial.mean()).square().sum() / (n - 1);
        CHECK(std::abs(virial.mean() + static_cast<double>(g.dim)) <= 5 * std::sqrt(variance / n));
    });
}

TEST_CASE("the checkerboard has entropy ln 32, and eight equal squares") {
    const auto g = generator("checkerboard");
    CHECK(*g.entropy == std::log(32.0));
    const Matrix x = samples(g, 80000);
    Eigen::Matrix4d counts = Eigen::Matrix4d::Zero();
    for (const auto column : x.colwise()) {
        counts(static_cast<Index>(column[0] / 2 + 2), static_cast<Index>(column[1] / 2 + 2)) += 1;
    }
    for (Index i = 0; i < 4; ++i) {
        for (Index j = 0; j < 4; ++j) {
            const double expected = (i + j) % 2 == 0 ? 10000 : 0;  // sd sqrt(80000 / 8 * 7 / 8)
            CHECK(std::abs(counts(i, j) - expected) <= 5 * 93.6);
        }
    }
    const double outside[] = {4.5, 4.5}, light[] = {0.5, 2.5};
    CHECK(std::isinf(g.log_density(outside)));
    CHECK(std::isinf(g.log_density(light)));
}

TEST_CASE("settings that do not fit together are refused") {
    CHECK_THROWS_WITH_AS(generator("gaussian,dim=3,mean=1:2"),
                         "mean: has 2 numbers for dimension 3", Error);
    CHECK_THROWS_WITH_AS(generator("uniform,low=2"), "low: must be below high, is 2", Error);
}

TEST_CASE("what is a mixture says so: its modes give the density of the generator") {
    int mixtures = 0;
    for (const GeneratorRow& row : generators()) {
        const Generator generator = row.make(Json::object());
        if (!generator.modes) continue;
        ++mixtures;
        CAPTURE(std::string(row.name));
        std::vector<double> weights;
        std::vector<Vector> means;
        std::vector<Matrix> covariances;
        for (const auto& mode : generator.modes()) {
            weights.push_back(mode.weight);
            means.push_back(mode.mean);
            covariances.push_back(mode.covariance);
        }
        const GaussianMixture mixture(weights, means, covariances);
        Matrix x(generator.dim, 20);
        generator.fill(3, 0, x);
        CHECK((mixture.log_density(x) - generator.log_densities(x)).cwiseAbs().maxCoeff() < 1e-10);
    }
    CHECK(mixtures >= 5);
}
