#include "si/train/objective.hpp"

#include <cmath>

#include "si/base/set_size.hpp"
#include "si/base/simd.hpp"

namespace si {
namespace {

// x_t = I(t, x0, x1) + gamma z with I = alpha x0 + beta x1; one-sided, z is x0 and gamma is alpha.
// Numbers are those of arXiv:2303.08797.

/// (2.13)  b = E[dI/dt + gamma' z | x_t]:  L_b = E[|b|^2 / 2 - (dI/dt + gamma' z) . b].
TargetWeights velocity_target(const Setup& setup, double t) {
    const auto c = setup.interpolant.at(t);
    return {c.alpha_dot, c.beta_dot, setup.interpolant.gamma_dot(t)};
}

/// (2.29)  v = E[dI/dt | x_t]:  L_v = E[|v|^2 / 2 - dI/dt . v].
TargetWeights path_target(const Setup& setup, double t) {
    const auto c = setup.interpolant.at(t);
    return {c.alpha_dot, c.beta_dot, 0};
}

/// (2.16)  s = -E[z | x_t] / gamma:  L_s = E[|s|^2 / 2 + z . s / gamma]; one-sided (3.18), with
/// alpha in the place of gamma.
TargetWeights score_target(const Setup& setup, double t) {
    const auto c = setup.interpolant.at(t);
    if (setup.one_sided()) return {-1 / c.alpha, 0, 0};
    return {0, 0, -1 / c.gamma};
}

/// (2.19)  eta = E[z | x_t]:  L_eta = E[|eta|^2 / 2 - z . eta].
TargetWeights denoiser_target(const Setup& setup, double) {
    if (setup.one_sided()) return {1, 0, 0};
    return {0, 0, 1};
}

/// (4.6)  E[x0 | x_t]:  L = E[|f|^2 / 2 - x0 . f].
TargetWeights start_target(const Setup&, double) { return {1, 0, 0}; }

/// (4.6)  E[x1 | x_t]:  L = E[|f|^2 / 2 - x1 . f].
TargetWeights end_target(const Setup&, double) { return {0, 1, 0}; }

/// Theorem 3.1  u = b + e s with e = (gamma gamma')(0), the drift from a point:
/// L_u = E[|u|^2 / 2 - (dI/dt + (gamma' - e / gamma) z) . u].
TargetWeights point_target(const Setup& setup, double t) {
    const auto c = setup.interpolant.at(t);
    const double push = c.gamma_gamma_dot - setup.noise_at_start();
    return {c.alpha_dot, c.beta_dot, push == 0 ? 0 : push / c.gamma};
}

constexpr auto kObjectives = std::to_array<Objective>({
    {"b", "dI/dt + gamma' z", spec_of<NoSettings>, velocity_target},
    {"v", "dI/dt", spec_of<NoSettings>, path_target},
    {"s", "-z / gamma; one-sided, -x0 / alpha", spec_of<NoSettings>, score_target},
    {"eta", "z; one-sided, x0", spec_of<NoSettings>, denoiser_target},
    {"x0", "x0", spec_of<NoSettings>, start_target},
    {"x1", "x1", spec_of<NoSettings>, end_target},
    {"u", "dI/dt + (gamma' - e / gamma) z", spec_of<NoSettings>, point_target},
});

/// The place of the Gaussian variable in the target weights: x0 when one-sided, else z.
std::size_t gaussian_part(const Setup& setup) { return setup.one_sided() ? 0 : 2; }

/// Adds |f|^2 / 2 - Y f and |f - Y|^2 of one coordinate.
template <bool Latent>
SI_INLINE void add_losses(const LossColumn& c, Index i, float* derivative, double& form,
                          double& square) {
    double target = c.w[1] * c.x1[i] + c.w[0] * c.x0[i];
    if constexpr (Latent) target += c.w[2] * c.z[i];
    const auto f = static_cast<double>(c.f[i]);
    form += f * (0.5 * f - target);
    square += (f - target) * (f - target);
    derivative[i] = static_cast<float>(f - target) * c.scale;
}

template <bool Latent>
SI_INLINE LossSums losses_of(const LossColumn& c, float* derivative) {
    constexpr Index kSums = 8;  // independent sums let the loop vectorise
    alignas(64) std::array<double, kSums> form{}, square{};
    Index i = 0;
    for (; i + kSums <= c.rows; i += kSums) {
        for (Index k = 0; k < kSums; ++k) {
            const auto at = static_cast<std::size_t>(k);
            add_losses<Latent>(c, i + k, derivative, form[at], square[at]);
        }
    }
    for (; i < c.rows; ++i) add_losses<Latent>(c, i, derivative, form[0], square[0]);
    for (std::size_t k = 1; k < kSums; ++k) form[0] += form[k], square[0] += square[k];
    return {form[0], square[0]};
}

}  // namespace

Catalogue<Objective> objectives() { return {"objective", kObjectives}; }

const Objective& objective_of(const Quantity& quantity) { return objectives().at(quantity.name); }

std::array<double, 2> regular_times(const Setup& setup, const std::vector<const Quantity*>& learned,
                                    double margin) {
    std::array<double, 2> range{0, 1};
    for (const Quantity* row : learned) {
        const auto finite = [&](double t) {
            const auto w = objective_of(*row).target(setup, t);
            return std::isfinite(w[0]) && std::isfinite(w[1]) && std::isfinite(w[2]);
        };
        if (!finite(0)) range[0] = margin;
        if (!finite(1)) range[1] = 1 - margin;
    }
    return range;
}

bool wants_antithetic(const Setup& setup, const Quantity& learned) {
    const auto part = gaussian_part(setup);
    const Objective& objective = objective_of(learned);
    return !std::isfinite(objective.target(setup, 0)[part]) ||
           !std::isfinite(objective.target(setup, 1)[part]);
}

TargetWeights target_weights(const Setup& setup, const Objective& objective, double t,
                             double sign) {
    auto w = objective.target(setup, t);
    w[gaussian_part(setup)] *= sign;
    return w;
}

void build_target(const BatchSource& source, const Quantity& quantity, const Batch& batch,
                  double sign, Matrix& out) {
    const Objective& objective = objective_of(quantity);
    set_size(out, batch.x1.rows(), batch.x1.cols());
    for (Index j = 0; j < out.cols(); ++j) {
        const auto w = target_weights(source.setup, objective, batch.t[j], sign);
        out.col(j).noalias() = w[1] * batch.x1.col(j);
        if (w[0] != 0) out.col(j) += w[0] * batch.x0.col(j);
        if (w[2] != 0 && batch.z.cols() > 0) out.col(j) += w[2] * batch.z.col(j);
    }
}

SI_CLONES LossSums column_losses(const LossColumn& c, float* __restrict derivative) {
    return c.z == nullptr ? losses_of<false>(c, derivative) : losses_of<true>(c, derivative);
}

}  // namespace si
