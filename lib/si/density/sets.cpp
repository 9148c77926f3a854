#include "si/density/sets.hpp"

#include <cmath>
#include <limits>
#include <memory>
#include <numbers>

#include "si/base/linear.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
const double kLogTwoPi = std::log(2 * std::numbers::pi);

/// log N(x; mean, sigma^2) in one dimension.
double log_normal(double x, double mean, double sigma) {
    const double z = (x - mean) / sigma;
    return -0.5 * (z * z + kLogTwoPi) - std::log(sigma);
}

/// log of the sum of exp of the terms(0 .. n-1).
template <class Terms>
double log_sum(Index n, const Terms& terms) {
    double top = kMinusInfinity, sum = 0;
    for (Index k = 0; k < n; ++k) {
        const double term = terms(k);
        if (term == kMinusInfinity) continue;
        if (term <= top) {
            sum += std::exp(term - top);
        } else {
            sum = sum * std::exp(top - term) + 1;
            top = term;
        }
    }
    return top == kMinusInfinity ? top : top + std::log(sum);
}

Index pick(double u, Index n) { return static_cast<Index>(u * static_cast<double>(n)); }

/// Equal round Gaussians around the columns of `means`.
Generator round_modes(const Matrix& means, double sigma) {
    const Index dim = means.rows(), modes = means.cols();
    Generator g{.dim = dim, .uniforms = 1, .normals = dim};
    g.modes = [=] {
        std::vector<Generator::Mode> list;
        for (Index k = 0; k < modes; ++k) {
            list.push_back({1.0 / static_cast<double>(modes), means.col(k),
                            sigma * sigma * Matrix::Identity(dim, dim)});
        }
        return list;
    };
    g.point = [=](auto u, auto z, auto x) {
        const Index k = pick(u[0], modes);
        for (Index i = 0; i < dim; ++i) x[i] = means(i, k) + sigma * z[i];
    };
    g.log_density = [=](auto x) {
        const Eigen::Map<const Vector> at(x, dim);
        return log_sum(modes,
                       [&](Index k) {
                           return -0.5 * (at - means.col(k)).squaredNorm() / sigma / sigma;
                       }) -
               static_cast<double>(dim) * (0.5 * kLogTwoPi + std::log(sigma)) -
               std::log(static_cast<double>(modes));
    };
    if (modes == 1) {
        g.entropy = static_cast<double>(dim) * (0.5 * (kLogTwoPi + 1) + std::log(sigma));
    }
    return g;
}

/// One number for all coordinates, or one for each.
Vector per_coordinate(const std::vector<double>& list, Index dim, std::string_view name) {
    const auto size = static_cast<Index>(list.size());
    require(size == 1 || size == dim, Failure::usage, name, ": has ", size,
            " numbers for dimension ", dim);
    if (size == 1) return Vector::Constant(dim, list[0]);
    return Eigen::Map<const Vector>(list.data(), dim);
}

}  // namespace

Generator checkerboard(const NoSettings&) {
    Generator g{.dim = 2, .uniforms = 3, .entropy = std::log(32.0)};
    g.point = [](auto u, auto, auto x) {
        const double x1 = 4 * u[0] - 2;
        const double odd = std::abs(std::fmod(std::floor(x1), 2));
        x[0] = 2 * x1;
        x[1] = 2 * (u[1] - (u[2] < 0.5 ? 0 : 2) + odd);
    };
    g.log_density = [](auto x) {
        const double squares = std::floor(x[0] / 2) + std::floor(x[1] / 2);
        const bool on_board = std::abs(x[0]) <= 4 && std::abs(x[1]) <= 4;
        return on_board && std::fmod(squares, 2) == 0 ? -std::log(32.0) : kMinusInfinity;
    };
    return g;
}

Generator gaussian(const GaussianSetSpec& spec) {
    const Index dim = spec.dim;
    const Vector mean = per_coordinate(spec.mean, dim, "mean");
    const Vector sigma = per_coordinate(spec.sigma, dim, "sigma");
    Generator g{.dim = dim, .normals = dim};
    g.modes = [=] {
        const Matrix covariance = sigma.array().square().matrix().asDiagonal();
        return std::vector<Generator::Mode>{{1, mean, covariance}};
    };
    g.point = [=](auto, auto z, auto x) {
        for (Index i = 0; i < dim; ++i) x[i] = mean[i] + sigma[i] * z[i];
    };
    g.log_density = [=](auto x) {
        double sum = 0;
        for (Index i = 0; i < dim; ++i) sum += log_normal(x[i], mean[i], sigma[i]);
        return sum;
    };
    g.entropy = 0.5 * static_cast<double>(dim) * (kLogTwoPi + 1) + sigma.array().log().sum();
    return g;
}

Generator uniform_box(const UniformSpec& spec) {
    require(spec.low < spec.high, Failure::usage, "low: must be below high, is ", spec.low);
    const double log_volume = static_cast<double>(spec.dim) * std::log(spec.high - spec.low);
    Generator g{.dim = spec.dim, .uniforms = spec.dim, .entropy = log_volume};
    g.point = [spec](auto u, auto, auto x) {
        for (Index i = 0; i < spec.dim; ++i) x[i] = spec.low + (spec.high - spec.low) * u[i];
    };
    g.log_density = [=](auto x) {
        const Eigen::Map<const Vector> at(x, spec.dim);
        const bool inside = at.minCoeff() >= spec.low && at.maxCoeff() <= spec.high;
        return inside ? -log_volume : kMinusInfinity;
    };
    return g;
}

Generator two_gaussians(const TwoGaussiansSpec& spec) {
    Generator g{.dim = 1, .uniforms = 1, .normals = 1};
    g.modes = [spec] {
        const Matrix variance = Matrix::Constant(1, 1, spec.sigma * spec.sigma);
        std::vector<Generator::Mode> list;
        const auto add = [&](double weight, double mean) {
            if (weight > 0) list.push_back({weight, Vector::Constant(1, mean), variance});
        };
        add(spec.weight, spec.mean);
        add(1 - spec.weight, -spec.mean);
        return list;
    };
    g.point = [spec](auto u, auto z, auto x) {
        x[0] = (u[0] < spec.weight ? spec.mean : -spec.mean) + spec.sigma * z[0];
    };
    g.log_density = [spec](auto x) {
        return log_sum(2, [&](Index k) {
            const double weight = k == 0 ? spec.weight : 1 - spec.weight;
            return std::log(weight) + log_normal(x[0], k == 0 ? spec.mean : -spec.mean, spec.sigma);
        });
    };
    return g;
}

Generator comb(const CombSpec& spec) {
    const auto last = static_cast<double>(spec.modes - 1) * spec.spacing / 2;
    Matrix means(1, spec.modes);
    for (Index k = 0; k < spec.modes; ++k)
        means(0, k) = static_cast<double>(k) * spec.spacing - last;
    return round_modes(means, spec.sigma);
}

Generator grid(const CombSpec& spec) {
    const auto last = static_cast<double>(spec.modes - 1) * spec.spacing / 2;
    Matrix means(2, spec.modes * spec.modes);
    for (Index k = 0; k < means.cols(); ++k) {
        const Index column = k % spec.modes, row = k / spec.modes;
        means(0, k) = static_cast<double>(column) * spec.spacing - last;
        means(1, k) = static_cast<double>(row) * spec.spacing - last;
    }
    return round_modes(means, spec.sigma);
}

Generator ring(const RingSpec& spec) {
    Matrix means(2, spec.modes);
    for (Index k = 0; k < spec.modes; ++k) {
        const double angle =
            2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(spec.modes);
        means.col(k) << spec.radius * std::cos(angle), spec.radius * std::sin(angle);
    }
    return round_modes(means, spec.sigma);
}

Generator mixture(const MixtureSetSpec& spec) {
    const Index d = spec.dim, modes = spec.modes;
    struct Mode {
        Vector mean;
        Matrix root;          // lower triangle of the covariance's Cholesky factor
        double log_constant;  // of weight and normalisation
    };
    auto list = std::make_shared<std::vector<Mode>>();
    for (Index k = 0; k < modes; ++k) {
        const auto step = static_cast<std::uint32_t>(2 * k);
        Matrix mean(d, 1), w(d, d);
        fill_normal({spec.draw, Purpose::data, step + 2}, 0, mean);
        fill_normal({spec.draw, Purpose::data, step + 3}, 0, w);
        const Matrix covariance =
            w.transpose() * w / static_cast<double>(d) + Matrix::Identity(d, d);
        const Matrix root = Cholesky(covariance).lower();
        list->push_back({spec.spread * mean, root,
                         -std::log(static_cast<double>(modes)) -
                             root.diagonal().array().log().sum() -
                             0.5 * static_cast<double>(d) * kLogTwoPi});
    }
    Generator g{.dim = d, .uniforms = 1, .normals = d};
    g.modes = [=] {
        std::vector<Generator::Mode> all;
        for (const Mode& mode : *list) {
            all.push_back(
                {1.0 / static_cast<double>(modes), mode.mean, mode.root * mode.root.transpose()});
        }
        return all;
    };
    g.point = [=](auto u, auto z, auto x) {
        const auto& mode = (*list)[static_cast<std::size_t>(pick(u[0], modes))];
        for (Index i = 0; i < d; ++i) {
            x[i] = mode.mean[i];
            for (Index j = 0; j <= i; ++j) x[i] += mode.root(i, j) * z[j];
        }
    };
    g.log_density = [=](auto x) {
        const Eigen::Map<const Vector> at(x, d);
        return log_sum(modes, [&](Index k) {
            const auto& mode = (*list)[static_cast<std::size_t>(k)];
            const Vector z =
                mode.root.template triangularView<Eigen::Lower>().solve(at - mode.mean);
            return mode.log_constant - 0.5 * z.squaredNorm();
        });
    };
    return g;
}

Generator funnel(const FunnelSpec& spec) {
    const auto others = static_cast<double>(spec.dim - 1);
    Generator g{.dim = spec.dim, .normals = spec.dim};
    g.point = [spec](auto, auto z, auto x) {
        x[0] = spec.sigma * z[0];
        for (Index i = 1; i < spec.dim; ++i) x[i] = std::exp(x[0] / 2) * z[i];
    };
    g.log_density = [spec](auto x) {
        double sum = log_normal(x[0], 0, spec.sigma);
        for (Index i = 1; i < spec.dim; ++i) sum += log_normal(x[i], 0, std::exp(x[0] / 2));
        return sum;
    };
    g.entropy = 0.5 * (others + 1) * (kLogTwoPi + 1) + std::log(spec.sigma);  // E[x_1] = 0
    return g;
}

Generator banana(const BananaSpec& spec) {
    const auto fold = [spec](double x1) { return spec.bend * (x1 * x1 - spec.sigma * spec.sigma); };
    Generator g{.dim = 2, .normals = 2};
    g.point = [=](auto, auto z, auto x) {
        x[0] = spec.sigma * z[0];
        x[1] = z[1] + fold(x[0]);
    };
    g.log_density = [=](auto x) {
        return log_normal(x[0], 0, spec.sigma) + log_normal(x[1], fold(x[0]), 1);
    };
    g.entropy = kLogTwoPi + 1 + std::log(spec.sigma);
    return g;
}

}  // namespace si
