#include "si/interpolant/interpolant.hpp"

#include <cmath>

#include "si/base/lists.hpp"

namespace si {

namespace {

void require_time(double t) {
    require(t >= 0 && t <= 1, Failure::usage, "time must be between 0 and 1, is ", t);
}

}  // namespace

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
    return {.weights = two_ends(path.alpha, path.beta),
            .slopes = two_ends(path.alpha_dot, path.beta_dot),
            .products = two_ends(path.alpha_alpha_dot, path.beta * path.beta_dot),
            .gamma = latent.gamma,
            .gamma_gamma_dot = latent.gamma_gamma_dot};
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
        row["alpha"] = at.alpha();
        row["beta"] = at.beta();
        row["gamma"] = at.gamma;
        row["alpha_dot"] = finite_or_null(at.alpha_dot());
        row["beta_dot"] = finite_or_null(at.beta_dot());
        row["gamma_dot"] = finite_or_null(interpolant.gamma_dot(t));
        row["gamma_gamma_dot"] = at.gamma_gamma_dot;
        table.push_back(std::move(row));
    }
    return table;
}

}  // namespace si
