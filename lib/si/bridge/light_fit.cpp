#include "si/bridge/light_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "si/base/error.hpp"
#include "si/coupling/coupling.hpp"
#include "si/coupling/sinkhorn.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

constexpr Index kFullUpTo = 128;      // dimensions in which full shapes are the default
constexpr Index kStartPoints = 2000;  // of each side that the start looks at

Matrix some_columns(ConstMatrix x, Index most, const Address& address) {
    if (x.cols() <= most) return x;
    const Permutation order(address, x.cols());
    Matrix out(x.rows(), most);
    for (Index j = 0; j < most; ++j) out.col(j) = x.col(order(j));
    return out;
}

/// Points far apart: each next one is drawn by its squared distance to those before (k-means++).
Matrix spread_out(ConstMatrix x, Index count, const Address& address) {
    Matrix u(1, count), centers(x.rows(), count);
    fill_uniform(address, 0, u);
    Vector nearest = Vector::Ones(x.cols());
    for (Index k = 0; k < count; ++k) {
        double left = u(0, k) * nearest.sum();
        Index j = 0;
        while (j + 1 < x.cols() && (left -= nearest[j]) > 0) ++j;
        centers.col(k) = x.col(j);
        const Vector apart = (x.colwise() - centers.col(k)).colwise().squaredNorm();
        nearest = k == 0 ? apart : Vector(nearest.cwiseMin(apart));
        if (nearest.sum() <= 0) nearest.setOnes();
    }
    return centers;
}

/// Centers of the points nearest to each, over and over (Lloyd): in many dimensions a point of a
/// cluster is as far from its middle as the cluster is wide, and that is a bad place to start from.
Matrix settled(ConstMatrix x, Matrix centers) {
    constexpr int kRounds = 10;
    for (int round = 0; round < kRounds; ++round) {
        Matrix sums = Matrix::Zero(centers.rows(), centers.cols());
        Vector counts = Vector::Zero(centers.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            Index nearest = 0;
            (centers.colwise() - x.col(j)).colwise().squaredNorm().minCoeff(&nearest);
            sums.col(nearest) += x.col(j);
            counts[nearest] += 1;
        }
        for (Index k = 0; k < centers.cols(); ++k) {
            if (counts[k] > 0) centers.col(k) = sums.col(k) / counts[k];
        }
    }
    return centers;
}

struct Start {
    LightParameters at;
    double width = 1;  ///< of its Gaussians
};

/// Centers among the targets, weighed so that each has its share of x0: the potential of the
/// entropic plan from x0 to the centers is where the fit begins. Shapes are such that what one
/// Gaussian makes of x0 ~ N(0, I) has the variance of the targets around their centers,
/// e S + S^2 = v.
Start start_of(ConstMatrix x0, ConstMatrix x1, double e, const LightSpec& spec, std::uint64_t seed,
               std::uint32_t which) {
    const Index d = x0.rows(), count = std::min(spec.components, x1.cols());
    const auto address = [&](std::uint32_t what) {
        return Address{seed, Purpose::fit, (which << 28) | (0xFFFFFFFU - what)};
    };
    const Matrix from = some_columns(x0, kStartPoints, address(0));
    const Matrix to = some_columns(x1, kStartPoints, address(1));
    LightParameters start;
    start.full = spec.covariance == "full" || (spec.covariance == "auto" && d <= kFullUpTo);
    const Matrix centers = settled(to, spread_out(to, count, address(2)));
    Threads alone(1);
    const SinkhornPlan plan(from, centers, {e, 1e-2, 500}, alone);
    start.a = (plan.g() - centers.colwise().squaredNorm().transpose() / 2) / e;
    start.a.array() -= start.a.mean();
    const Vector middle = from.rowwise().mean();
    Vector nearest = Vector::Constant(to.cols(), std::numeric_limits<double>::infinity());
    for (Index k = 0; k < count; ++k) {
        nearest = nearest.cwiseMin(
            Vector((to.colwise() - centers.col(k)).colwise().squaredNorm().transpose()));
    }
    constexpr double kNarrowest = 1e-6;
    const double around = std::max(nearest.mean() / static_cast<double>(d), kNarrowest);
    const double shape = spec.shape.value_or((std::sqrt(e * e + 4 * around) - e) / 2);
    start.r = centers.colwise() - shape * middle;
    if (start.full) {
        const Matrix factor = Matrix::Identity(d, d) * (std::log(shape) / 2);
        start.shape = factor.reshaped().replicate(1, count);
    } else {
        start.shape.setConstant(d, count, std::log(shape));
    }
    return {std::move(start), std::sqrt(e * shape)};
}

/// Adam (Kingma and Ba 2015) on one block of parameters.
struct Adam {
    Matrix first, second;
    void step(Matrix& at, const Matrix& gradient, double rate, Index t) {
        if (first.size() == 0) first.setZero(at.rows(), at.cols()), second = first;
        constexpr double b1 = 0.9, b2 = 0.999;
        first = b1 * first + (1 - b1) * gradient;
        second = b2 * second + (1 - b2) * gradient.cwiseAbs2();
        const auto k = static_cast<double>(t + 1);
        const double c1 = 1 - std::pow(b1, k), c2 = 1 - std::pow(b2, k);
        at.array() -= rate * (first.array() / c1) / ((second.array() / c2).sqrt() + 1e-12);
    }
};

void draw_batch(ConstMatrix x, const Matrix& u, Index row, Matrix& out) {
    out.resize(x.rows(), u.cols());
    for (Index j = 0; j < u.cols(); ++j) {
        const auto at = static_cast<Index>(u(row, j) * static_cast<double>(x.cols()));
        out.col(j) = x.col(std::min(at, x.cols() - 1));
    }
}

/// Number `step` of fit `which`.
std::uint32_t address_of(std::uint32_t which, Index step) {
    return (which << 28) | static_cast<std::uint32_t>(step);
}

/// The loss of a step and its gradient, which is zero before.
using StepLoss =
    std::function<double(Index step, const LightParameters& at, LightParameters& gradient)>;

/// Adam from a start, at a rate that falls to zero.
Potential descend(Start start, double epsilon, const LightSpec& spec, const StepLoss& loss_of,
                  const std::function<void()>& stepped) {
    auto [at, width] = std::move(start);
    const double peak = spec.rate.value_or(std::clamp(0.1 * width, 5e-4, 3e-2));
    Adam adam_a, adam_r, adam_shape;
    Matrix a = at.a;
    for (Index step = 0; step < spec.steps; ++step) {
        LightParameters gradient = at.zeros();
        const double loss = loss_of(step, at, gradient);
        require(std::isfinite(loss), Failure::check, "the fit left the finite numbers at step ",
                step + 1, "; a lower rate may help");
        const double done = static_cast<double>(step) / static_cast<double>(spec.steps);
        const double rate = peak * (1 + std::cos(std::numbers::pi * done)) / 2;
        // Weights move in the units of their exponents' numerators, like r: a is large at small e.
        adam_a.step(a, gradient.a, rate / epsilon, step);
        at.a = a;
        at.a.array() -= at.a.mean();
        a = at.a;
        adam_r.step(at.r, gradient.r, rate, step);
        adam_shape.step(at.shape, gradient.shape, rate, step);
        if (stepped) stepped();
    }
    return at.potential(epsilon);
}

void require_points(ConstMatrix x0, ConstMatrix x1) {
    require(x0.cols() > 0 && x1.cols() > 0, Failure::data, "there are no points to bridge");
}

}  // namespace

Potential fit_light(ConstMatrix x0, ConstMatrix x1, double epsilon, const LightSpec& spec,
                    std::uint64_t seed, std::uint32_t which, const std::function<void()>& stepped) {
    require_points(x0, x1);
    Matrix batch0, batch1, u(2, spec.batch);
    return descend(
        start_of(x0, x1, epsilon, spec, seed, which), epsilon, spec,
        [&](Index step, const LightParameters& at, LightParameters& gradient) {
            fill_uniform({seed, Purpose::fit, address_of(which, step)}, 0, u);
            draw_batch(x0, u, 0, batch0);
            draw_batch(x1, u, 1, batch1);
            return light_loss(at, epsilon, batch0, batch1, &gradient);
        },
        stepped);
}

Potential fit_matching(const Matrix& x0, const Matrix& x1, double epsilon,
                       const LightMatchingSpec& spec, std::uint64_t seed, std::uint32_t which,
                       const std::function<void()>& stepped) {
    require_points(x0, x1);
    Json coupling{{"kind", spec.coupling}};
    if (spec.coupling == "sinkhorn") coupling["epsilon"] = epsilon;
    const auto pairs = Choice<couplings>::from_json(coupling).make(
        CouplingData{.ends = {{x0.cols(), &x0}, {x1.cols(), &x1}}, .seed = seed});
    constexpr double kLast = 0.99;  // the variance of what is learned grows like 1 / (1 - t)
    Matrix u(1, spec.batch), z(x0.rows(), spec.batch);
    return descend(
        start_of(x0, x1, epsilon, spec, seed, which), epsilon, spec,
        [&](Index step, const LightParameters& at, LightParameters& gradient) {
            fill_uniform({seed, Purpose::match, 2 * address_of(which, step)}, 0, u);
            fill_normal({seed, Purpose::match, 2 * address_of(which, step) + 1}, 0, z);
            const Pairs rows = pairs(step, spec.batch);
            const Vector t = kLast * u.row(0).transpose();
            const Matrix from = x0(Eigen::all, rows.x0().rows), to = x1(Eigen::all, rows.x1().rows);
            const Vector s = 1 - t.array(), noise = (epsilon * t.array() * s.array()).sqrt();
            const Matrix x = from * s.asDiagonal() + to * t.asDiagonal() + z * noise.asDiagonal();
            const Matrix drift = (to - x) * s.cwiseInverse().asDiagonal();
            return matching_loss(at, epsilon, t, x, drift, &gradient);
        },
        stepped);
}

}  // namespace si
