#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "si/interpolant/custom.hpp"
#include "si/interpolant/interpolant.hpp"

namespace si {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Gamma none(const NoSettings&) {
    return [](double) { return GammaValue{}; };
}

struct ScaleSpec {
    double scale = 1;
    static constexpr auto fields() {
        return std::tuple{field("scale", &ScaleSpec::scale, "Factor on gamma", kPositive)};
    }
};

/// From gamma and its slope, both finite.
GammaValue smooth(double gamma, double slope) { return {gamma, gamma * slope, slope}; }

Gamma quadratic(const ScaleSpec& spec) {
    return [c = spec.scale](double t) { return smooth(c * t * (1 - t), c * (1 - 2 * t)); };
}

Gamma sine_squared(const ScaleSpec& spec) {
    return [c = spec.scale](double t) {
        const double sine = std::sin(std::numbers::pi * std::min(t, 1 - t));
        return smooth(c * sine * sine, c * std::numbers::pi * std::sin(2 * std::numbers::pi * t));
    };
}

struct BrownianSpec {
    double a = 1;
    static constexpr auto fields() {
        return std::tuple{field("a", &BrownianSpec::a, "Factor on gamma^2", kPositive)};
    }
};

Gamma brownian(const BrownianSpec& spec) {
    return [a = spec.a](double t) {
        const double gamma = std::sqrt(a * t * (1 - t)), product = a * (1 - 2 * t) / 2;
        const double slope = gamma > 0 ? product / gamma : std::copysign(kInfinity, product);
        return GammaValue{gamma, product, slope};
    };
}

Gamma brownian_start(const BrownianSpec& spec) {
    return [a = spec.a](double t) {
        const double root = std::sqrt(a * t), fall = 1 - 3 * t;
        return GammaValue{root * (1 - t), a / 2 * (1 - t) * fall, a / 2 * fall / root};
    };
}

Gamma brownian_end(const BrownianSpec& spec) {
    return [a = spec.a](double t) {
        const double root = std::sqrt(a * (1 - t)), rise = 2 - 3 * t;
        return GammaValue{root * t, a / 2 * t * rise, a / 2 * rise / root};
    };
}

struct SigmoidSpec {
    double f = 10, scale = 1;
    static constexpr Rule kSteepness{[](double v) { return v > 0 && v <= 500; },
                                     "above 0 and at most 500"};
    static constexpr auto fields() {
        return std::tuple{field("f", &SigmoidSpec::f, "Steepness of the two sides", kSteepness),
                          field("scale", &SigmoidSpec::scale, "Factor on gamma", kPositive)};
    }
};

/// With u = f (t - 1/2): sigma(u + 1) - sigma(u - 1) = sinh 1 / (cosh u + cosh 1), minus its
/// value at the ends. The difference of cosh is written as a product of sinh, which loses
/// nothing near the ends, where the paper's difference of sigmoids (Table 8) cancels.
Gamma sigmoid(const SigmoidSpec& spec) {
    return [f = spec.f, height = spec.scale * std::sinh(1)](double t) {
        const double u = f * (t - 0.5);
        const double here = std::cosh(u) + std::cosh(1), ends = std::cosh(f / 2) + std::cosh(1);
        const double rise = 2 * std::sinh(f * t / 2) / here;
        return smooth(height * rise * (std::sinh(f * (1 - t) / 2) / ends),
                      -f * height * (std::sinh(u) / here) / here);
    };
}

constexpr auto kGammas = std::to_array<GammaRow>({
    {"none", "no latent: gamma = 0", spec_of<NoSettings>, from_json<none>},
    {"brownian", "gamma = sqrt(a t (1 - t)), a Brownian bridge", spec_of<BrownianSpec>,
     from_json<brownian>},
    {"brownian-start", "gamma = sqrt(a t) (1 - t): Brownian at t = 0 only, to leave a point",
     spec_of<BrownianSpec>, from_json<brownian_start>},
    {"brownian-end", "gamma = sqrt(a (1 - t)) t: Brownian at t = 1 only", spec_of<BrownianSpec>,
     from_json<brownian_end>},
    {"quadratic", "gamma = t (1 - t)", spec_of<ScaleSpec>, from_json<quadratic>},
    {"sine-squared", "gamma = sin^2(pi t), flat at both ends", spec_of<ScaleSpec>,
     from_json<sine_squared>},
    {"sigmoid", "a plateau with sigmoid sides", spec_of<SigmoidSpec>, from_json<sigmoid>},
    {"custom", "gamma as a formula in t", spec_of<CustomGammaSpec>, from_json<custom_gamma>},
    {"table", "gamma^2 as values at knots, joined by a cubic spline", spec_of<TableGammaSpec>,
     from_json<table_gamma>},
});

}  // namespace

Catalogue<GammaRow> gammas() { return {"gamma", kGammas}; }

}  // namespace si
