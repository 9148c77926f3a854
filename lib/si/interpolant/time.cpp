#include "si/interpolant/time.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "si/interpolant/beta_quantile.hpp"

namespace si {

namespace {

// A time that rounds to an end would meet alpha' = infinity, or divide by gamma = 0.
double inside(double t) { return std::clamp(t, std::numeric_limits<double>::min(), 1 - 0x1p-53); }

TimeMap uniform(const NoSettings&) {
    return [](double u) { return u; };
}

struct LogitNormalSpec {
    double mu = 0, sigma = 1;
    static constexpr auto fields() {
        return std::tuple{field("mu", &LogitNormalSpec::mu, "Mean of log(t / (1 - t))"),
                          field("sigma", &LogitNormalSpec::sigma,
                                "Standard deviation of log(t / (1 - t))", kPositive)};
    }
};

TimeMap logit_normal(const LogitNormalSpec& spec) {
    return [spec](double u) {
        return inside(1 / (1 + std::exp(-(spec.mu + spec.sigma * normal_quantile(u)))));
    };
}

struct PowerSpec {
    double exponent = 2;
    static constexpr auto fields() {
        return std::tuple{field("exponent", &PowerSpec::exponent,
                                "t = u^exponent: above 1 favours early times", kPositive)};
    }
};

TimeMap power(const PowerSpec& spec) {
    return [p = spec.exponent](double u) { return inside(std::pow(u, p)); };
}

struct BetaSpec {
    double a = 1, b = 1;
    static constexpr Rule kShape{[](double v) { return v >= 0.01 && v <= 100; },
                                 "between 0.01 and 100"};
    static constexpr auto fields() {
        return std::tuple{
            field("a", &BetaSpec::a, "Density ~ t^(a-1) near t=0: below 1 favours it", kShape),
            field("b", &BetaSpec::b, "Density ~ (1-t)^(b-1) near t=1", kShape)};
    }
};

TimeMap beta(const BetaSpec& spec) {
    return [quantile = BetaQuantile(spec.a, spec.b)](double u) { return inside(quantile(u)); };
}

constexpr auto kTimes = std::to_array<TimeRow>({
    {"uniform", "all times equally likely", spec_of<NoSettings>, from_json<uniform>},
    {"logit-normal", "a sigmoid of a normal: favours the middle", spec_of<LogitNormalSpec>,
     from_json<logit_normal>},
    {"power", "a power of a uniform: favours one end", spec_of<PowerSpec>, from_json<power>},
    {"beta", "a beta distribution: favours one end, both or the middle", spec_of<BetaSpec>,
     from_json<beta>},
});

}  // namespace

Catalogue<TimeRow> times() { return {"time distribution", kTimes}; }

double normal_quantile(double p) {
    // Abramowitz and Stegun 26.2.23, good to 4.5e-4; Halley's method cubes that twice. All in
    // the lower tail, where erfc keeps its relative precision.
    const double tail = std::min(p, 1 - p);
    const double r = std::sqrt(-2 * std::log(tail));
    double x = r - (2.515517 + r * (0.802853 + r * 0.010328)) /
                       (1 + r * (1.432788 + r * (0.189269 + r * 0.001308)));
    for (int step = 0; step < 2; ++step) {
        const double excess = std::erfc(x / std::numbers::sqrt2) / 2 - tail;
        const double newton = excess * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
        x += newton / (1 - x * newton / 2);
    }
    return p < 0.5 ? -x : x;
}

}  // namespace si
