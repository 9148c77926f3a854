#include "si/interpolant/beta_quantile.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace si {

namespace {

// In y = log(t / (1 - t)) as a function of w = log(u / (1 - u)) both tails are straight lines,
// and all between is smooth. |w| is at most 36.8, where u or 1 - u is 2^-53.
constexpr double kReach = 37;
constexpr int kKnots = 513;
constexpr double kStep = 2 * kReach / (kKnots - 1);

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by
/// the modified method of Lentz. It converges fast for t < (a + 1) / (a + b + 2).
double continued_fraction(double a, double b, double t) {
    constexpr double tiny = 1e-300;
    const auto nonzero = [](double v) { return std::abs(v) < tiny ? tiny : v; };
    double c = 1, d = 1 / nonzero(1 - (a + b) * t / (a + 1)), product = d;
    for (int m = 1; m < 10000; ++m) {
        const double even = m * (b - m) * t / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / nonzero(1 + even * d);
        c = nonzero(1 + even / c);
        product *= d * c;
        const double odd = -(a + m) * (a + b + m) * t / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / nonzero(1 + odd * d);
        c = nonzero(1 + odd / c);
        product *= d * c;
        if (std::abs(d * c - 1) < 4 * std::numeric_limits<double>::epsilon()) break;
    }
    return product;
}

}  // namespace

BetaQuantile::BetaQuantile(double a, double b)
    : a_(a), b_(b), log_beta_(std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b)) {
    double y = std::log(a / b), slope = 0;
    for (int k = 0; k < kKnots; ++k) {
        // Once more than solve() asks for: these are guesses, but they are kept.
        const double w = k * kStep - kReach;
        const double u = 1 / (1 + std::exp(-w)), rest = 1 / (1 + std::exp(w));
        y = solve(u, rest, solve(u, rest, y + slope * kStep));
        slope = u * rest / std::exp(tails(y).log_density);
        knots_.push_back({y, slope});
    }
}

BetaQuantile::Tails BetaQuantile::tails(double y) const {
    const double rest = std::log1p(std::exp(-std::abs(y)));  // minus the log of the larger side
    const double log_t = std::min(y, 0.0) - rest, log_s = std::min(-y, 0.0) - rest;
    const double t = std::exp(log_t);
    const double log_density = a_ * log_t + b_ * log_s - log_beta_;
    if (t < (a_ + 1) / (a_ + b_ + 2)) {
        const double lower = log_density + std::log(continued_fraction(a_, b_, t) / a_);
        return {lower, std::log1p(-std::exp(lower)), log_density};
    }
    const double upper = log_density + std::log(continued_fraction(b_, a_, std::exp(log_s)) / b_);
    return {std::log1p(-std::exp(upper)), upper, log_density};
}

/// Newton's method for the logarithm of the smaller tail. That is a concave function of y (the
/// density in y is log-concave), so the steps reach the root from any start: after the first
/// they all come from one side.
double BetaQuantile::solve(double u, double rest, double y) const {
    constexpr double near = 1e-6;  // from here the last step leaves 1e-12
    for (int step = 0; step < 100; ++step) {
        const Tails at = tails(y);
        const double tail = u < 0.5 ? at.log_lower : at.log_upper;
        const double missing = std::log(u < 0.5 ? u : rest) - tail;
        const double move = missing * std::exp(tail - at.log_density);
        y += u < 0.5 ? move : -move;
        if (std::abs(missing) < near) break;
    }
    return y;
}

double BetaQuantile::operator()(double u) const {
    const double w = std::log(u / (1 - u));
    const double place = (w + kReach) / kStep;
    const auto k = std::clamp<std::size_t>(static_cast<std::size_t>(place), 0, kKnots - 2);
    const Knot &left = knots_[k], &right = knots_[k + 1];
    const double x = place - static_cast<double>(k), rise = right.y - left.y;
    // The cubic with these values and slopes.
    const double bend_left = left.slope * kStep - rise, bend_right = rise - right.slope * kStep;
    const double guess = left.y + x * rise + x * (1 - x) * ((1 - x) * bend_left + x * bend_right);
    return 1 / (1 + std::exp(-solve(u, 1 - u, guess)));
}

}  // namespace si
