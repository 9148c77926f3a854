#include "si/interpolant/interpolant.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace si {

namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Sines of multiples of t or 1 - t, never cosines near their zero: the ends come out exact.

PathValue linear(double t) { return {1 - t, t, -1, 1, t - 1}; }

PathValue trig(double t) {
    const double alpha = std::sin(kPi / 2 * (1 - t)), beta = std::sin(kPi / 2 * t);
    return {alpha, beta, -kPi / 2 * beta, kPi / 2 * alpha, -kPi / 2 * alpha * beta};
}

PathValue vp(double t) {
    const double alpha = std::sqrt((1 - t) * (1 + t));
    return {alpha, t, -t / alpha, 1, -t};
}

/// (4.10): trig, shrunk by r = sqrt(1 - gamma^2), with r' = -gamma gamma' / r.
PathValue spherical(double t, const GammaValue& latent) {
    require(latent.gamma < 1, Failure::usage,
            "path spherical needs gamma below 1 (alpha^2 + beta^2 + gamma^2 = 1); gamma is ",
            latent.gamma, " at t = ", t);
    const PathValue arc = trig(t);
    const double r = std::sqrt((1 - latent.gamma) * (1 + latent.gamma));
    const double r_dot = -latent.gamma_gamma_dot / r;
    const double alpha = r * arc.alpha, alpha_dot = r_dot * arc.alpha + r * arc.alpha_dot;
    return {alpha, r * arc.beta, alpha_dot, r_dot * arc.beta + r * arc.beta_dot, alpha * alpha_dot};
}

/// x_t = x1 + gamma z, from the data back to the data.
PathValue mirror(double) { return {0, 1, 0, 0, 0}; }

/// (4.11): x0 fades out before t = 1/2, then x1 fades in; only the latent is left between.
PathValue encode_decode(double t) {
    const double level = std::pow(std::sin(kPi * (t - 0.5)), 2);
    const double slope = -kPi * std::sin(2 * kPi * t);
    if (t < 0.5) return {level, 0, slope, 0, level * slope};
    return {0, level, 0, slope, 0};
}

GammaValue no_latent(double) { return {}; }

GammaValue quadratic(double t) {
    const double gamma = t * (1 - t);
    return {gamma, gamma * (1 - 2 * t), 1 - 2 * t};
}

GammaValue sine_squared(double t) {
    const double gamma = std::pow(std::sin(kPi * std::min(t, 1 - t)), 2);
    const double slope = kPi * std::sin(2 * kPi * t);
    return {gamma, gamma * slope, slope};
}

template <PathValue (*At)(double)>
Path fixed_path(const NoSettings&) {
    return [](double t, const GammaValue&) { return At(t); };
}

Path spherical_path(const NoSettings&) { return spherical; }

template <GammaValue (*At)(double)>
Gamma fixed_gamma(const NoSettings&) {
    return At;
}

struct BrownianSpec {
    double a = 1;
    static constexpr auto fields() {
        return std::tuple{field("a", &BrownianSpec::a, "gamma^2 = a t (1 - t)", kPositive)};
    }
};

Gamma brownian(const BrownianSpec& spec) {
    return [a = spec.a](double t) {
        const double gamma = std::sqrt(a * t * (1 - t)), product = a * (1 - 2 * t) / 2;
        const double slope = gamma > 0 ? product / gamma : std::copysign(kInfinity, product);
        return GammaValue{gamma, product, slope};
    };
}

struct SigmoidSpec {
    double f = 10;
    static constexpr Rule kSteepness{[](double v) { return v > 0 && v <= 500; },
                                     "positive and at most 500"};
    static constexpr auto fields() {
        return std::tuple{field("f", &SigmoidSpec::f, "Steepness of the two sides", kSteepness)};
    }
};

/// With u = f (t - 1/2): sigma(u + 1) - sigma(u - 1) = sinh 1 / (cosh u + cosh 1), minus its
/// value at the ends. The difference of cosh is written as a product of sinh, which loses
/// nothing near the ends, where the paper's difference of sigmoids (Table 8) cancels.
Gamma sigmoid(const SigmoidSpec& spec) {
    return [f = spec.f](double t) {
        const double u = f * (t - 0.5);
        const double here = std::cosh(u) + std::cosh(1), ends = std::cosh(f / 2) + std::cosh(1);
        const double rise = 2 * std::sinh(f * t / 2) / here;
        const double gamma = std::sinh(1) * rise * (std::sinh(f * (1 - t) / 2) / ends);
        const double slope = -f * std::sinh(1) * (std::sinh(u) / here) / here;
        return GammaValue{gamma, gamma * slope, slope};
    };
}

constexpr auto kPaths = std::to_array<PathRow>({
    {"linear", "alpha = 1 - t, beta = t", spec_of<NoSettings>, from_json<fixed_path<linear>>},
    {"trig", "alpha = cos(pi t/2), beta = sin(pi t/2)", spec_of<NoSettings>,
     from_json<fixed_path<trig>>},
    {"vp", "alpha = sqrt(1 - t^2), beta = t: variance-preserving diffusion", spec_of<NoSettings>,
     from_json<fixed_path<vp>>},
    {"spherical", "trig times sqrt(1 - gamma^2): alpha^2 + beta^2 + gamma^2 = 1",
     spec_of<NoSettings>, from_json<spherical_path>},
    {"enc-dec", "x0 fades out until t = 1/2, then x1 fades in; needs a latent", spec_of<NoSettings>,
     from_json<fixed_path<encode_decode>>},
    {"mirror", "x0 is x1, and the latent alone moves it: resamples a data set", spec_of<NoSettings>,
     from_json<fixed_path<mirror>>, true},
});

constexpr auto kGammas = std::to_array<GammaRow>({
    {"none", "no latent: gamma = 0", spec_of<NoSettings>, from_json<fixed_gamma<no_latent>>},
    {"brownian", "gamma = sqrt(a t (1 - t)), a Brownian bridge", spec_of<BrownianSpec>,
     from_json<brownian>},
    {"quadratic", "gamma = t (1 - t)", spec_of<NoSettings>, from_json<fixed_gamma<quadratic>>},
    {"sine-squared", "gamma = sin^2(pi t), flat at both ends", spec_of<NoSettings>,
     from_json<fixed_gamma<sine_squared>>},
    {"sigmoid", "a plateau with sigmoid sides", spec_of<SigmoidSpec>, from_json<sigmoid>},
});

Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

void require_time(double t) {
    require(t >= 0 && t <= 1, Failure::usage, "time must be between 0 and 1, is ", t);
}

}  // namespace

Catalogue<PathRow> paths() { return {"path", kPaths}; }

Catalogue<GammaRow> gammas() { return {"gamma", kGammas}; }

Interpolant::Interpolant(const InterpolantSpec& spec)
    : spec_(spec), path_(spec.path.make()), gamma_(spec.gamma.make()) {
    // A latent is positive inside (0, 1) or nowhere, so one time tells.
    has_latent_ = gamma_(0.5).gamma > 0;
    require(!mirror() || has_latent_, Failure::usage,
            "path mirror needs a latent (--gamma): without one nothing moves");
    // Paths refuse latents that they cannot carry at the time where it shows; look for it now.
    constexpr int kProbes = 64;
    for (int i = 0; i <= kProbes; ++i) at(static_cast<double>(i) / kProbes);
}

Coefficients Interpolant::at(double t) const {
    require_time(t);
    const GammaValue latent = gamma_(t);
    const PathValue path = path_(t, latent);
    return {path.alpha,
            path.beta,
            latent.gamma,
            path.alpha_dot,
            path.beta_dot,
            path.alpha_alpha_dot,
            latent.gamma_gamma_dot};
}

double Interpolant::gamma_dot(double t) const {
    require_time(t);
    return gamma_(t).gamma_dot;
}

Json interpolant_table(const Interpolant& interpolant, std::span<const double> times) {
    Json table = Json::array();
    for (const double t : times) {
        const Coefficients at = interpolant.at(t);
        Json row = Json::object();
        row["t"] = t;
        row["alpha"] = at.alpha;
        row["beta"] = at.beta;
        row["gamma"] = at.gamma;
        row["alpha_dot"] = finite_or_null(at.alpha_dot);
        row["beta_dot"] = finite_or_null(at.beta_dot);
        row["gamma_dot"] = finite_or_null(interpolant.gamma_dot(t));
        row["gamma_gamma_dot"] = at.gamma_gamma_dot;
        table.push_back(std::move(row));
    }
    return table;
}

}  // namespace si
