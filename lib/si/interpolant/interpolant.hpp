#pragma once

#include <array>
#include <functional>
#include <span>
#include <string_view>
#include <tuple>

#include "si/base/catalogue.hpp"
#include "si/base/types.hpp"
#include "si/interpolant/coefficients.hpp"
#include "si/interpolant/modulation.hpp"

// The interpolant x_t = alpha(t) x0 + beta(t) x1 + gamma(t) z of arXiv:2303.08797 (Definition
// 2.1 with the linear I of (4.1)): a path (alpha, beta) and a latent (gamma), each picked by name.

namespace si {

/// gamma and what follows from it, at one time. Fields and drifts use gamma and the product
/// gamma gamma' = (gamma^2)' / 2, which is finite on [0, 1]. gamma' alone is infinite where a
/// square-root latent vanishes, so it serves tables and regression targets inside (0, 1) only.
struct GammaValue {
    double gamma = 0, gamma_gamma_dot = 0, gamma_dot = 0;
};

/// alpha, beta and their time derivatives, at one time. alpha alpha' is finite where alpha' is
/// not (path "vp" at t = 1, where alpha' is -infinity).
struct PathValue {
    double alpha = 0, beta = 0, alpha_dot = 0, beta_dot = 0, alpha_alpha_dot = 0;
};

using Gamma = std::function<GammaValue(double t)>;
/// A path sees the latent of its time, so that it can leave room for it.
using Path = std::function<PathValue(double t, const GammaValue& latent)>;

struct PathRow {
    std::string_view name, summary;
    SpecInfo spec;
    Path (*make)(const Json& settings);
    std::string_view aliases;
    bool mirror = false;  ///< x0 is x1, so alpha is 0 and beta 1 at all times
    /// A path that only nearly starts at x0 has alpha(0) and beta(0) this close to 1 and 0. Its
    /// rho(0) is the law of alpha(0) x0 + beta(0) x1; samplers start from the base all the same.
    double start_tolerance = 0;
    /// For a path whose coefficients can be learned, settings "alpha" and "beta": what the k-th of
    /// either multiplies (k from 0), and its time derivative.
    std::array<double, 2> (*mode)(Index k, double t) = nullptr;
};

struct GammaRow {
    std::string_view name, summary;
    SpecInfo spec;
    Gamma (*make)(const Json& settings);
};

/// Paths. Every row has alpha(0) = beta(1) = 1 and alpha(1) = beta(0) = 0, exactly, except that
/// a mirror has alpha = 0 and beta = 1 throughout, and for the start_tolerance of a row.
Catalogue<PathRow> paths();

/// Latents. Every row has gamma(0) = gamma(1) = 0, exactly, and gamma > 0 between (or nowhere).
Catalogue<GammaRow> gammas();

struct InterpolantSpec {
    Choice<paths> path{"linear"};
    Choice<gammas> gamma{"none"};
    Choice<modulations> modulation{"one"};

    static constexpr auto fields() {
        return std::tuple{
            field("path", &InterpolantSpec::path, "Path that joins x0 and x1: alpha and beta"),
            field("gamma", &InterpolantSpec::gamma, "Amplitude of the latent noise along the path"),
            field("modulation", &InterpolantSpec::modulation, "What multiplies the latent noise")
                .unless_default()};
    }
};

/// An interpolant: a value, cheap to evaluate, safe to share between threads. It starts at x0
/// and ends at x1, unless its path is a mirror or has a start_tolerance (see PathRow).
class Interpolant {
  public:
    /// Throws Failure::usage when path and latent do not fit together.
    explicit Interpolant(const InterpolantSpec& spec = {});

    /// Throws Failure::usage unless 0 <= t <= 1.
    Coefficients at(double t) const;

    /// K + 1: how many ends it joins.
    Index ends() const { return 2; }

    /// gamma'(t); plus or minus infinity at the ends of a square-root latent.
    double gamma_dot(double t) const;

    /// False when gamma is 0 everywhere: then x_t is a function of x0 and x1 alone.
    bool has_latent() const { return has_latent_; }

    /// True when x0 and x1 are one and the same, and the latent alone moves x_t.
    bool mirror() const { return spec_.path.row().mirror; }

    /// What multiplies the latent.
    const ModulationRow& modulation() const { return spec_.modulation.row(); }

    const InterpolantSpec& spec() const { return spec_; }

  private:
    InterpolantSpec spec_;
    Path path_;
    Gamma gamma_;
    bool has_latent_ = false;
};

/// [{"t", "alpha", "beta", "gamma", "alpha_dot", "beta_dot", "gamma_dot", "gamma_gamma_dot"}],
/// one object a time; null stands for an infinite derivative.
Json interpolant_table(const Interpolant& interpolant, std::span<const double> times);

}  // namespace si
