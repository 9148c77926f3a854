#include "si/energy/works.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/LU>

#include "si/base/error.hpp"

namespace si {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double sigmoid(double x) {
    const double e = std::exp(-std::abs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

Vector sigmoids(const Vector& x, double shift) {
    return x.unaryExpr([shift](double value) { return sigmoid(value + shift); });
}

Index infinite_ones(const Vector& a) { return (a.array() == -kInfinity).count(); }

double largest_finite(const Vector& a) { return a.size() == 0 ? -kInfinity : a.maxCoeff(); }

double variance_of(const Vector& x) { return (x.array() - x.mean()).square().mean(); }

/// The ends of runs, the first one's begin before them.
std::vector<Index> borders(const std::vector<Index>& runs, Index n) {
    std::vector<Index> all = runs.empty() ? std::vector<Index>{0} : runs;
    require(all.front() == 0 && std::is_sorted(all.begin(), all.end()) && all.back() <= n,
            Failure::internal, "runs begin at 0 and increase");
    all.push_back(n);
    return all;
}

/// Autocovariance of a centred series at a lag, over pairs in one run.
double covariance_at(const Vector& centred, const std::vector<Index>& ends, Index lag) {
    double sum = 0;
    for (std::size_t k = 0; k + 1 < ends.size(); ++k) {
        const Index length = ends[k + 1] - ends[k] - lag;
        if (length <= 0) continue;
        sum += centred.segment(ends[k], length).dot(centred.segment(ends[k] + lag, length));
    }
    return sum / static_cast<double>(centred.size());
}

OneSided one_sided(const Works& works, double sign, const EstimateSpec& spec) {
    OneSided out;
    const Vector& a = works.a;
    const auto n = static_cast<double>(a.size());
    out.infinite = infinite_ones(a);
    const double largest = largest_finite(a);
    if (largest == -kInfinity) return out;
    const Vector weights = (a.array() - largest).exp();
    const double sum = weights.sum();
    out.delta_f = -sign * (largest + std::log(sum / n));
    out.effective = sum * sum / weights.squaredNorm();
    out.largest_weight = 1 / sum;
    if (a.size() < 2) return out;
    const double g = spec.inefficiency.value_or(statistical_inefficiency(weights, works.runs));
    out.standard_error = std::sqrt(variance_of(weights) * g / n) / (sum / n);
    return out;
}

/// How the number of equations falls off in the root: sums in the order of the works.
struct Balance {
    double excess, slope;  ///< of forward over backward, and its derivative, which is negative
};

Balance balance(const Vector& forward, const Vector& backward, double c, double m) {
    Balance all{0, 0};
    for (const double a : forward) {
        const double f = sigmoid(a - m + c);
        all.excess += f;
        all.slope -= f * (1 - f);
    }
    for (const double b : backward) {
        const double g = sigmoid(b + m - c);
        all.excess -= g;
        all.slope -= g * (1 - g);
    }
    return all;
}

double log_ratio(const Vector& forward, const Vector& backward) {
    return std::log(static_cast<double>(backward.size()) / static_cast<double>(forward.size()));
}

Bennett bennett(const Works& forward, const Works& backward, const EstimateSpec& spec) {
    Bennett out;
    const auto root = bennett_root(forward.a, backward.a);
    if (!root) return out;
    const double c = log_ratio(forward.a, backward.a), m = *root;
    const Vector f = sigmoids(forward.a, c - m), g = sigmoids(backward.a, m - c);
    const auto nf = static_cast<double>(f.size()), nb = static_cast<double>(g.size());
    out.delta_f = -m;
    out.overlap = f.mean() + g.mean();
    const double both = out.overlap / (nf + nb);
    out.overlap_matrix.resize(2, 2);
    out.overlap_matrix << 1 - nb * both, nb * both, nf * both, 1 - nf * both;
    out.inefficiency[0] = spec.inefficiency.value_or(statistical_inefficiency(f, forward.runs));
    out.inefficiency[1] = spec.inefficiency.value_or(statistical_inefficiency(g, backward.runs));
    if (f.size() < 2 && g.size() < 2) return out;
    const double slope = balance(forward.a, backward.a, c, m).slope;
    out.standard_error = std::sqrt(nf * out.inefficiency[0] * variance_of(f) +
                                   nb * out.inefficiency[1] * variance_of(g)) /
                         std::abs(slope);
    if (!std::isfinite(*out.standard_error)) out.standard_error.reset();
    return out;
}

/// Logistic regression of the direction on the work, by Newton's method with halved steps.
CrooksSlope crooks_slope(const Works& forward, const Works& backward, const Bennett& bar) {
    CrooksSlope out;
    if (!bar.delta_f) return out;
    std::vector<double> works, sides;
    for (const double a : forward.a) {
        if (a > -kInfinity) works.push_back(-a - *bar.delta_f), sides.push_back(1);
    }
    for (const double b : backward.a) {
        if (b > -kInfinity) works.push_back(b - *bar.delta_f), sides.push_back(0);
    }
    const auto w = Eigen::Map<const Eigen::ArrayXd>(works.data(), std::ssize(works));
    const auto y = Eigen::Map<const Eigen::ArrayXd>(sides.data(), std::ssize(sides));
    if ((w - w.mean()).abs().maxCoeff() < 1e-9) return out;
    Eigen::Vector2d at(-log_ratio(forward.a, backward.a), 1);
    const auto loss = [&](const Eigen::Vector2d& p) {
        const Eigen::ArrayXd z = p[0] + p[1] * w;
        // log(1 + e^z) - y z without overflow
        return (z.max(0) + (-z.abs()).exp().log1p() - y * z).sum();
    };
    Eigen::Matrix2d hessian = Eigen::Matrix2d::Zero();
    double before = loss(at);
    for (int turn = 0; turn < 100; ++turn) {
        const Eigen::ArrayXd p = (at[0] + at[1] * w).unaryExpr(&sigmoid), v = p * (1 - p);
        const Eigen::Vector2d gradient((p - y).sum(), ((p - y) * w).sum());
        hessian << v.sum(), (v * w).sum(), (v * w).sum(), (v * w * w).sum();
        if (!(hessian.determinant() > 1e-12 * hessian(0, 0) * hessian(1, 1))) return out;
        Eigen::Vector2d step = hessian.inverse() * gradient;
        double scale = 1;
        while (scale > 1e-6 && !(loss(at - scale * step) <= before)) scale /= 2;
        at -= scale * step;
        const double now = loss(at);
        const bool still = std::abs(scale * step[1]) < 1e-10 * std::max(1.0, std::abs(at[1]));
        before = now;
        if (still || at.cwiseAbs().maxCoeff() > 1e6) break;
    }
    if (!(std::abs(at[1]) < 1e3)) return out;  // directions that a threshold tells apart
    const Eigen::ArrayXd residual = (at[0] + at[1] * w).unaryExpr(&sigmoid) - y;
    Eigen::Matrix2d scatter = Eigen::Matrix2d::Zero();
    for (Index i = 0; i < w.size(); ++i) {
        const double g = bar.inefficiency[y[i] > 0 ? 0 : 1];
        const Eigen::Vector2d score(residual[i], residual[i] * w[i]);
        scatter += g * score * score.transpose();
    }
    const Eigen::Matrix2d inverse = hessian.inverse();
    out.slope = at[1];
    out.standard_error = std::sqrt((inverse * scatter * inverse)(1, 1));
    return out;
}

}  // namespace

double statistical_inefficiency(const Vector& series, const std::vector<Index>& runs) {
    const Index n = series.size();
    if (n < 2) return 1;
    const auto ends = borders(runs, n);
    const Vector centred = series.array() - series.mean();
    const double variance = covariance_at(centred, ends, 0);
    // A series that is constant but for rounding has no correlations.
    const double size = series.cwiseAbs().maxCoeff();
    if (!(variance > 1e-26 * size * size)) return 1;
    double sum = 0, least = kInfinity;
    for (Index lag = 0; lag + 1 < n; lag += 2) {
        const double pair =
            (covariance_at(centred, ends, lag) + covariance_at(centred, ends, lag + 1)) / variance;
        if (!(pair > 0)) break;
        least = std::min(least, pair);
        sum += least;
    }
    return std::max(1.0, 2 * sum - 1);
}

std::optional<double> bennett_root(const Vector& forward, const Vector& backward) {
    const double high_f = largest_finite(forward), high_b = largest_finite(backward);
    if (high_f == -kInfinity || high_b == -kInfinity) return {};
    const double c = log_ratio(forward, backward);
    double low = kInfinity, high = -kInfinity;
    for (const double a : forward) {
        if (a > -kInfinity) low = std::min(low, a), high = std::max(high, a);
    }
    for (const double b : backward) {
        if (b > -kInfinity) low = std::min(low, -b), high = std::max(high, -b);
    }
    low -= std::abs(c) + 40, high += std::abs(c) + 40;
    // Infinite works leave less than n on a side, which moves the root by a logarithm of the rest.
    const double room = std::log(static_cast<double>(forward.size() + backward.size())) + 40;
    low -= room, high += room;
    double m = (low + high) / 2;
    for (int turn = 0; turn < 2000 && low < high; ++turn) {
        const auto at = balance(forward, backward, c, m);
        if (at.excess == 0) return m;
        (at.excess > 0 ? low : high) = m;
        double next = m - at.excess / at.slope;
        if (!(next > low && next < high)) next = low + (high - low) / 2;
        const double moved = std::abs(next - m);
        m = next;
        if (moved <= 1e-15 * std::max(1.0, std::abs(m)) || next == low || next == high) break;
    }
    return m;
}

FreeEnergy estimate_free_energy(const Works& forward, const Works& backward,
                                const EstimateSpec& spec) {
    FreeEnergy out;
    out.n[0] = forward.a.size();
    out.n[1] = backward.a.size();
    if (out.n[0] > 0) {
        out.forward = one_sided(forward, 1, spec);
        if (out.forward.infinite == 0) out.upper = -forward.a.mean();
    }
    if (out.n[1] > 0) {
        out.backward = one_sided(backward, -1, spec);
        if (out.backward.infinite == 0) out.lower = backward.a.mean();
    }
    if (out.n[0] > 0 && out.n[1] > 0) {
        out.bar = bennett(forward, backward, spec);
        out.crooks = crooks_slope(forward, backward, out.bar);
    }
    return out;
}

}  // namespace si
