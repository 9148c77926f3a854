#include "si/bridge/truth.hpp"

#include <array>
#include <cmath>

#include "si/base/linear.hpp"
#include "si/bridge/gaussian.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

/// A rotation, uniform over all: the orthogonal factor of a normal matrix, with its signs.
Matrix random_rotation(Index d, std::uint64_t seed, std::uint32_t which) {
    Matrix normal(d, d);
    fill_normal({seed, Purpose::truth, which}, 0, normal);
    auto [q, diagonal] = orthonormal(normal);
    for (Index i = 0; i < d; ++i) {
        if (diagonal[i] < 0) q.col(i) *= -1;
    }
    return q;
}

Vector log_spaced(Index d, double low, double high) {
    Vector values(d);
    for (Index i = 0; i < d; ++i) {
        const double u = d > 1 ? static_cast<double>(i) / static_cast<double>(d - 1) : 0.5;
        values[i] = low * std::pow(high / low, u);
    }
    return values;
}

struct MixtureTruthSpec {
    Index dim = 2;
    Index components = 5;
    double radius = 5;
    double narrow = 0.01, wide = 0.05;
    static constexpr auto fields() {
        return std::tuple{
            field("dim", &MixtureTruthSpec::dim, "Dimension", kPositive),
            field("components", &MixtureTruthSpec::components,
                  "Number of Gaussians in the potential", kPositive),
            field("radius", &MixtureTruthSpec::radius, "Radius of the sphere of their centres",
                  kPositive),
            field("narrow", &MixtureTruthSpec::narrow, "Smallest variance of a Gaussian",
                  kPositive),
            field("wide", &MixtureTruthSpec::wide,
                  "Largest variance; equal to the smallest for round Gaussians", kPositive)};
    }
};

/// Between N(0, I) and the law that the potential sum_n N(y; b_n, V_n) / N makes of it. With
/// M = (I / e + V^-1)^-1 a component is r = M V^-1 b, S = M / e, and a = log N(b; 0, V + e I).
KnownBridge mixture_truth(const MixtureTruthSpec& spec, double epsilon, std::uint64_t seed) {
    const Index d = spec.dim, count = spec.components;
    require(spec.narrow <= spec.wide, Failure::usage, "narrow is above wide");
    Matrix centers(d, count), directions(d, count);
    fill_normal({seed, Purpose::truth, 0}, 0, directions);
    const Vector variance = log_spaced(d, spec.narrow, spec.wide);
    Potential::Shapes shapes{Matrix(d, count), {}};
    Vector weights(count);
    for (Index n = 0; n < count; ++n) {
        const Matrix axes = random_rotation(d, seed, static_cast<std::uint32_t>(n + 1));
        const Vector b = spec.radius * directions.col(n).normalized();
        const Vector turned = axes.transpose() * b;
        const Vector sum = variance.array() + epsilon;
        shapes.values.col(n) = variance.array() / sum.array();
        shapes.axes.push_back(axes);
        centers.col(n) = axes * (turned.array() * epsilon / sum.array()).matrix();
        weights[n] = -(sum.array().log().sum() + (turned.array().square() / sum.array()).sum()) / 2;
    }
    weights.array() -= weights.maxCoeff();
    return {GaussianMixture::standard_normal(d),
            {epsilon, std::move(weights), std::move(centers), std::move(shapes)}};
}

struct GaussianTruthSpec {
    Index dim = 5;
    double shift = 0.1;
    double spread = 1;
    static constexpr auto fields() {
        return std::tuple{
            field("dim", &GaussianTruthSpec::dim, "Dimension", kPositive),
            field("shift", &GaussianTruthSpec::shift,
                  "Every coordinate of the mean: minus this at t = 0, plus this at t = 1"),
            field("spread", &GaussianTruthSpec::spread,
                  "The covariance at t = 1 has eigenvalues from 1 / spread to spread", kPositive)};
    }
};

KnownBridge gaussian_truth(const GaussianTruthSpec& spec, double epsilon, std::uint64_t seed) {
    const Index d = spec.dim;
    const Matrix unit = Matrix::Identity(d, d), axes = random_rotation(d, seed, 1);
    const Matrix end =
        spec.spread == 1 ? unit
                         : Matrix(axes * log_spaced(d, 1 / spec.spread, spec.spread).asDiagonal() *
                                  axes.transpose());
    const Vector mean = Vector::Constant(d, spec.shift);
    const GaussianBridge bridge({-mean, unit}, {mean, (end + end.transpose()) / 2}, epsilon);
    return {GaussianMixture({1.0}, {-mean}, {unit}), bridge.forward()};
}

constexpr auto kTruths = std::to_array<TruthRow>({
    {"mixture", "from N(0, I) to a law concentrated near points of a sphere",
     spec_of<MixtureTruthSpec>, from_json<mixture_truth>},
    {"gaussian", "between two Gaussians", spec_of<GaussianTruthSpec>, from_json<gaussian_truth>},
});

Matrix root_of(const Matrix& m) {
    const auto [values, axes] = spectrum(m);
    return axes * values.cwiseMax(0).cwiseSqrt().asDiagonal() * axes.transpose();
}

}  // namespace

Catalogue<TruthRow> truths() { return {"pair", kTruths}; }

void KnownBridge::sample(std::uint64_t seed, std::uint32_t set, Index first, MatrixRef x0,
                         MatrixRef x1) const {
    const Index d = x0.rows(), n = x0.cols();
    // Steps below 2^16 are those of the law itself.
    const auto step = [set](std::uint32_t what) { return (set + 1) << 16 | what; };
    start.sample({seed, Purpose::truth, step(0)}, first, x0);
    Matrix uniform(1, n), normal(d, n);
    fill_uniform({seed, Purpose::truth, step(1)}, first, uniform);
    fill_normal({seed, Purpose::truth, step(2)}, first, normal);
    for (Index j = 0; j < n; ++j) x1.col(j) = forward.draw(x0.col(j), uniform(0, j), normal.col(j));
}

double half_bures(const Vector& mean, const Matrix& covariance, const Vector& other_mean,
                  const Matrix& other_covariance) {
    const Matrix half = root_of(covariance);
    const Vector cross = eigenvalues(half * other_covariance * half);
    return (mean - other_mean).squaredNorm() / 2 +
           (covariance.trace() + other_covariance.trace()) / 2 -
           cross.cwiseMax(0).cwiseSqrt().sum();
}

ConditionalError conditional_error(const KnownBridge& truth, ConstMatrix points,
                                   double target_variance, const ConditionalLaw& law,
                                   Threads& threads) {
    const Index n = points.cols();
    Vector terms(n);
    threads.for_each(n, [&](Index j, int) {
        const Vector x = points.col(j);
        const auto exact = truth.forward.conditional(x), other = law(j, x);
        terms[j] = half_bures(exact.mean, exact.covariance, other.mean, other.covariance);
    });
    const double mean = terms.mean(), unit = 100 / (target_variance / 2);
    const double variance = (terms.array() - mean).square().mean();
    return {unit * mean, unit * std::sqrt(variance / static_cast<double>(n))};
}

}  // namespace si
