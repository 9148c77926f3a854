#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "si/interpolant/custom.hpp"
#include "si/interpolant/interpolant.hpp"

namespace si {

namespace {

// Sines of multiples of t or 1 - t, never cosines near their zero: the ends come out exact.

PathValue linear(double t) { return {1 - t, t, -1, 1, t - 1}; }

PathValue trig(double t) {
    const double alpha = std::sin(std::numbers::pi / 2 * (1 - t)),
                 beta = std::sin(std::numbers::pi / 2 * t);
    return {alpha, beta, -std::numbers::pi / 2 * beta, std::numbers::pi / 2 * alpha,
            -std::numbers::pi / 2 * alpha * beta};
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
    const double level = std::pow(std::sin(std::numbers::pi * (t - 0.5)), 2);
    const double slope = -std::numbers::pi * std::sin(2 * std::numbers::pi * t);
    if (t < 0.5) return {level, 0, slope, 0, level * slope};
    return {0, level, 0, slope, 0};
}

template <PathValue (*At)(double)>
Path fixed_path(const NoSettings&) {
    return [](double t, const GammaValue&) { return At(t); };
}

Path spherical_path(const NoSettings&) { return spherical; }

struct DiffusionSpec {
    double beta_min = 0.1, beta_max = 20;
    static constexpr auto fields() {
        return std::tuple{
            field("beta_min", &DiffusionSpec::beta_min, "Noise rate at the data", kPositive),
            field("beta_max", &DiffusionSpec::beta_max, "Noise rate at the base", kPositive)};
    }
};

/// How far a diffusion in finite time may stay from its base: what is left of x1 at t = 0.
constexpr double kDiffusionRest = 0.05;

/// The noise rate runs linearly from beta_min to beta_max over tau = 1 - t, and log beta is minus
/// half of its integral. alpha^2 = 1 - beta^2 comes from expm1, exact where beta is nearly 1.
Path diffusion(const DiffusionSpec& spec) {
    const double start = std::exp(-(spec.beta_min + spec.beta_max) / 4);
    require(start <= kDiffusionRest, Failure::usage, "path sit-vp: beta(0) is ", start,
            ", so x_t does not start at the base; beta_min + beta_max must be at least 12");
    return [spec](double t, const GammaValue&) {
        const double tau = 1 - t, rise = spec.beta_max - spec.beta_min;
        const double log_beta = -tau * (tau * rise / 4 + spec.beta_min / 2);
        const double beta = std::exp(log_beta), alpha = std::sqrt(-std::expm1(2 * log_beta));
        const double beta_dot = beta * (tau * rise + spec.beta_min) / 2;
        const double product = -beta * beta_dot;
        return PathValue{alpha, beta, product / alpha, beta_dot, product};
    };
}

struct PolynomialSpec {
    double n = 2;
    static constexpr Rule kPower{[](double v) { return v >= 1; }, "at least 1"};
    static constexpr auto fields() {
        return std::tuple{
            field("n", &PolynomialSpec::n, "The power; any number of at least 1", kPower)};
    }
};

Path polynomial(const PolynomialSpec& spec) {
    return [n = spec.n](double t, const GammaValue&) {
        const double alpha = 0 - std::expm1(n * std::log(t)), slope = n * std::pow(t, n - 1);
        return PathValue{alpha, std::pow(t, n), -slope, slope, -alpha * slope};
    };
}

struct FourierSpec {
    std::vector<double> alpha, beta;
    static constexpr auto fields() {
        return std::tuple{
            field("alpha", &FourierSpec::alpha, "a1:a2:..., coefficients of sin(k pi t) in alpha"),
            field("beta", &FourierSpec::beta, "b1:b2:..., coefficients of sin(k pi t) in beta")};
    }
};

/// sin((k + 1) pi t) and its derivative. Past the middle it counts from the other end.
std::array<double, 2> sine_mode(Index k, double t) {
    const double turn = std::numbers::pi * static_cast<double>(k + 1), sign = k % 2 == 0 ? 1 : -1;
    return {t < 0.5 ? std::sin(turn * t) : sign * std::sin(turn * (1 - t)),
            turn * std::cos(turn * t)};
}

std::array<double, 2> sine_series(const std::vector<double>& c, double t) {
    std::array<double, 2> sum{0, 0};
    for (std::size_t k = 0; k < c.size(); ++k) {
        const auto [value, slope] = sine_mode(static_cast<Index>(k), t);
        sum[0] += c[k] * value;
        sum[1] += c[k] * slope;
    }
    return sum;
}

/// trig with sines on top, which vanish at both ends: any smooth path is a limit of these.
Path fourier(const FourierSpec& spec) {
    return [spec](double t, const GammaValue&) {
        const PathValue arc = trig(t);
        const auto a = sine_series(spec.alpha, t), b = sine_series(spec.beta, t);
        const double alpha = arc.alpha + a[0], alpha_dot = arc.alpha_dot + a[1];
        return PathValue{alpha, arc.beta + b[0], alpha_dot, arc.beta_dot + b[1], alpha * alpha_dot};
    };
}

constexpr auto kPaths = std::to_array<PathRow>({
    {.name = "linear",
     .summary = "alpha = 1 - t, beta = t",
     .spec = spec_of<NoSettings>,
     .make = from_json<fixed_path<linear>>,
     .aliases = "cond-ot rectified"},
    {.name = "trig",
     .summary = "alpha = cos(pi t/2), beta = sin(pi t/2)",
     .spec = spec_of<NoSettings>,
     .make = from_json<fixed_path<trig>>,
     .aliases = "cosine gvp"},
    {.name = "vp",
     .summary = "alpha = sqrt(1 - t^2), beta = t: variance-preserving diffusion",
     .spec = spec_of<NoSettings>,
     .make = from_json<fixed_path<vp>>,
     .aliases = "sbdm"},
    {.name = "sit-vp",
     .summary =
         "diffusion with a linear noise rate, in finite time: beta(0) is 0.0066 instead of 0",
     .spec = spec_of<DiffusionSpec>,
     .make = from_json<diffusion>,
     .start_tolerance = kDiffusionRest},
    {.name = "polynomial",
     .summary = "alpha = 1 - t^n, beta = t^n",
     .spec = spec_of<PolynomialSpec>,
     .make = from_json<polynomial>},
    {.name = "fourier",
     .summary = "trig plus sines in alpha and beta",
     .spec = spec_of<FourierSpec>,
     .make = from_json<fourier>,
     .mode = sine_mode},
    {.name = "spherical",
     .summary = "trig times sqrt(1 - gamma^2): alpha^2 + beta^2 + gamma^2 = 1",
     .spec = spec_of<NoSettings>,
     .make = from_json<spherical_path>},
    {.name = "enc-dec",
     .summary = "x0 fades out until t = 1/2, then x1 fades in; needs a latent",
     .spec = spec_of<NoSettings>,
     .make = from_json<fixed_path<encode_decode>>},
    {.name = "mirror",
     .summary = "x0 is x1, and only the latent moves it: resamples a data set",
     .spec = spec_of<NoSettings>,
     .make = from_json<fixed_path<mirror>>,
     .mirror = true},
    {.name = "custom",
     .summary = "alpha and beta as formulas in t",
     .spec = spec_of<CustomPathSpec>,
     .make = from_json<custom_path>},
    {.name = "table",
     .summary = "alpha and beta as values at knots, joined by a cubic spline",
     .spec = spec_of<TablePathSpec>,
     .make = from_json<table_path>},
});

}  // namespace

Catalogue<PathRow> paths() { return {"path", kPaths}; }

}  // namespace si
