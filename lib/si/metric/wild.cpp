#include "si/metric/wild.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace si {
namespace {

constexpr double kChance = 1e-3;       ///< of wild samples among those of the same law
constexpr double kLeast = 3;           ///< times the farthest: what is nearer is not called wild
constexpr double kNoDistance = 1e-12;  ///< of the largest number: rounding may leave it

double median_of(Vector x) {
    const auto middle = x.begin() + x.size() / 2;
    std::nth_element(x.begin(), middle, x.end());
    return *middle;
}

/// c with prod_(i<=k) (1 + c + 1 / i) = odds, or 0.
double stretch(Index k, double odds) {
    const auto excess = [&](double c) {
        double sum = -std::log(odds);
        for (Index i = 1; i <= k; ++i) sum += std::log1p(c + 1 / static_cast<double>(i));
        return sum;
    };
    if (excess(0) >= 0) return 0;
    double low = 0, high = std::pow(odds, 1 / static_cast<double>(k));
    constexpr int kHalvings = 40;
    for (int halving = 0; halving < kHalvings; ++halving) {
        const double middle = (low + high) / 2;
        (excess(middle) < 0 ? low : high) = middle;
    }
    return high;
}

Index tail_of(Index m) { return static_cast<Index>(std::sqrt(static_cast<double>(m))); }

/// The distance beyond which a sample is wild, from the distances `r`, largest first, infinite
/// where too few are above `rounding` to tell. `chance` is the share of samples that may be wild,
/// times the number of distances and one.
double reach_of(Eigen::Ref<const Vector> r, double rounding, double chance) {
    // Distances of zero have no logarithm: coordinates that are rarely anything else.
    Index last = r.size() - 1;
    while (last > 0 && r[last] <= rounding) --last;
    if (last < 1) return INFINITY;
    const double sum = (r.head(last) / r[last]).array().log().sum();
    const double odds = static_cast<double>(last + 1) / chance;
    return r[0] * std::max(kLeast, std::exp(stretch(last, odds) * sum));
}

/// The `count` largest and the next one, largest first; fewer where there are no more.
Vector largest(Vector r, Index count) {
    const Index some = std::min(count + 1, r.size());
    std::partial_sort(r.begin(), r.begin() + some, r.end(), std::greater<>());
    return r.head(some);
}

/// Distances of both from the median of y, (n) and (m).
struct Distances {
    Vector x, y;
};

Distances along(ConstMatrix x, ConstMatrix y, Index i) {
    const double median = median_of(y.row(i).transpose());
    return {(x.row(i).array() - median).abs(), (y.row(i).array() - median).abs()};
}

Distances of_columns(ConstMatrix x, ConstMatrix y) {
    Vector median(y.rows());
    for (Index i = 0; i < y.rows(); ++i) median[i] = median_of(y.row(i).transpose());
    const auto norms = [&](ConstMatrix of) {
        Vector all(of.cols());
        for (Index j = 0; j < of.cols(); ++j) all[j] = (of.col(j) - median).stableNorm();
        return all;
    };
    return {norms(x), norms(y)};
}

std::vector<Index> where(const std::vector<bool>& marked) {
    std::vector<Index> columns;
    for (std::size_t j = 0; j < marked.size(); ++j) {
        if (marked[j]) columns.push_back(static_cast<Index>(j));
    }
    return columns;
}

}  // namespace

std::vector<Index> wild_columns(ConstMatrix x, ConstMatrix y, bool common) {
    const auto n = static_cast<double>(x.cols()), m = static_cast<double>(y.cols());
    const Index tests = common ? 1 : x.rows();
    const double chance = kChance / static_cast<double>(tests);
    std::vector<bool> wild(static_cast<std::size_t>(x.cols()));
    for (Index i = 0; i < tests; ++i) {
        const Distances far = common ? of_columns(x, y) : along(x, y, i);
        const double rounding = common ? 0 : kNoDistance * y.row(i).cwiseAbs().maxCoeff();
        const double reach =
            reach_of(largest(far.y, tail_of(y.cols())), rounding, chance * (m + 1) / n);
        for (Index j = 0; j < far.x.size(); ++j) {
            if (far.x[j] > reach) wild[static_cast<std::size_t>(j)] = true;
        }
    }
    return where(wild);
}

std::vector<Index> stray_columns(ConstMatrix y, bool common) {
    const Index tests = common ? 1 : y.rows(), k = tail_of(y.cols());
    const double chance = kChance / static_cast<double>(tests * std::max<Index>(k, 1));
    std::vector<bool> stray(static_cast<std::size_t>(y.cols()));
    for (Index i = 0; i < tests; ++i) {
        const Vector far = common ? of_columns(y, y).y : along(y, y, i).y;
        const double rounding = common ? 0 : kNoDistance * y.row(i).cwiseAbs().maxCoeff();
        const Vector top = largest(far, 2 * k);
        double least = INFINITY;
        for (Index out = 1; out <= k && out + 1 < top.size(); ++out) {
            const Index left = std::min(k + 1, top.size() - out);
            if (top[out - 1] > reach_of(top.segment(out, left), rounding, chance)) {
                least = top[out - 1];
            }
        }
        for (Index j = 0; j < far.size(); ++j) {
            if (far[j] >= least) stray[static_cast<std::size_t>(j)] = true;
        }
    }
    return where(stray);
}

bool too_many_new(Index count, Index n, Index m, Index d) {
    const double share = static_cast<double>(n) / static_cast<double>(n + m);
    return std::pow(share, static_cast<double>(count)) < kChance / static_cast<double>(d);
}

}  // namespace si
