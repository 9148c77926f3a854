#include "si/interpolant/spline.hpp"

#include <algorithm>
#include <cmath>

#include "si/base/error.hpp"

namespace si {

namespace {

/// Second derivatives m at the knots. With steps h and chord slopes c, inner knots have
/// h m + 2 (h + h') m' + h' m'' = 6 (c' - c); not-a-knot gives the outer m as combinations of
/// their neighbours, and leaves a tridiagonal system for the inner ones.
std::vector<double> second_derivatives(const std::vector<double>& x, const std::vector<double>& y) {
    const std::size_t n = x.size();
    std::vector<double> m(n, 0.0), h(n - 1), c(n - 1);
    for (std::size_t i = 0; i + 1 < n; ++i) {
        h[i] = x[i + 1] - x[i];
        c[i] = (y[i + 1] - y[i]) / h[i];
    }
    if (n == 2) return m;
    if (n == 3) return std::vector<double>(3, 2 * (c[1] - c[0]) / (x[2] - x[0]));
    const double left = h[0] / h[1], right = h[n - 2] / h[n - 3];
    std::vector<double> diagonal(n), above(n);
    for (std::size_t i = 1; i + 1 < n; ++i) {
        double below = h[i - 1];
        diagonal[i] = 2 * (h[i - 1] + h[i]);
        above[i] = h[i];
        if (i == 1) {
            diagonal[i] += h[0] * (1 + left);
            above[i] -= h[0] * left;
        }
        if (i == n - 2) {
            diagonal[i] += h[n - 2] * (1 + right);
            below -= h[n - 2] * right;
        }
        m[i] = 6 * (c[i] - c[i - 1]);
        if (i == 1) continue;
        const double factor = below / diagonal[i - 1];
        diagonal[i] -= factor * above[i - 1];
        m[i] -= factor * m[i - 1];
    }
    m[n - 2] /= diagonal[n - 2];
    for (std::size_t i = n - 3; i >= 1; --i) m[i] = (m[i] - above[i] * m[i + 1]) / diagonal[i];
    m[0] = (1 + left) * m[1] - left * m[2];
    m[n - 1] = (1 + right) * m[n - 2] - right * m[n - 3];
    return m;
}

}  // namespace

Spline::Spline(std::vector<double> knots, std::vector<double> values)
    : knots_(std::move(knots)), values_(std::move(values)) {
    require(knots_.size() >= 2, Failure::usage, "needs at least 2 knots, has ", knots_.size());
    require(values_.size() == knots_.size(), Failure::usage, "must be ", knots_.size(),
            " like the knots, are ", values_.size());
    for (std::size_t i = 0; i < knots_.size(); ++i) {
        require(std::isfinite(knots_[i]) && std::isfinite(values_[i]), Failure::usage,
                "must be finite");
        require(i == 0 || knots_[i] > knots_[i - 1], Failure::usage, "knots must increase; number ",
                i + 1, " is not above the one before");
    }
    bends_ = second_derivatives(knots_, values_);
}

Jet Spline::operator()(double t) const {
    const auto above = std::upper_bound(knots_.begin() + 1, knots_.end() - 1, t);
    const auto i = static_cast<std::size_t>(above - knots_.begin()) - 1;
    const double h = knots_[i + 1] - knots_[i], s = t - knots_[i];
    const double m = bends_[i], jerk = (bends_[i + 1] - m) / h;
    const double slope = (values_[i + 1] - values_[i]) / h - h * (2 * m + bends_[i + 1]) / 6;
    return {values_[i] + s * (slope + s * (m / 2 + s * jerk / 6)), slope + s * (m + s * jerk / 2),
            m + s * jerk};
}

}  // namespace si
