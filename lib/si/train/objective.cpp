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
    return {c.slopes, setup.interpolant.gamma_dot(t)};
}

/// (2.29)  v = E[dI/dt | x_t]:  L_v = E[|v|^2 / 2 - dI/dt . v].
TargetWeights path_target(const Setup& setup, double t) {
    const auto c = setup.interpolant.at(t);
    return {c.slopes, 0};
}

/// (2.16)  s = -E[z | x_t] / gamma:  L_s = E[|s|^2 / 2 + z . s / gamma]; one-sided (3.18), with
/// alpha in the place of gamma.
TargetWeights score_target(const Setup& setup, double t) {
    const auto c = setup.interpolant.at(t);
    if (setup.one_sided()) return {two_ends(-1 / c.alpha(), 0), 0};
    return {PerEnd::Zero(c.weights.size()), -1 / c.gamma};
}

/// (2.19)  eta = E[z | x_t]:  L_eta = E[|eta|^2 / 2 - z . eta].
TargetWeights denoiser_target(const Setup& setup, double) {
    if (setup.one_sided()) return {two_ends(1, 0), 0};
    return {PerEnd::Zero(setup.interpolant.ends()), 1};
}

/// (4.6)  E[x0 | x_t]:  L = E[|f|^2 / 2 - x0 . f].
TargetWeights start_target(const Setup& setup, double) {
    return {PerEnd::Unit(setup.interpolant.ends(), 0), 0};
}

/// (4.6)  E[x1 | x_t]:  L = E[|f|^2 / 2 - x1 . f].
TargetWeights end_target(const Setup& setup, double) {
    return {PerEnd::Unit(setup.interpolant.ends(), 1), 0};
}

/// Theorem 3.1  u = b + e s with e = (gamma gamma')(0), the drift from a point:
/// L_u = E[|u|^2 / 2 - (dI/dt + (gamma' - e / gamma) z) . u].
TargetWeights point_target(const Setup& setup, double t) {
    const auto c = setup.interpolant.at(t);
    const double push = c.gamma_gamma_dot - setup.noise_at_start();
    return {c.slopes, push == 0 ? 0 : push / c.gamma};
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

/// The weight of the Gaussian variable: that of x0 when one-sided, else that of z.
double& gaussian_part(const Setup& setup, TargetWeights& w) {
    return setup.one_sided() ? w.of_ends[0] : w.of_latent;
}

/// Adds |f|^2 / 2 - Y f and |f - Y|^2 of one coordinate. The ends are summed from the last to the
/// first.
template <int Ends, bool Latent>
SI_INLINE void add_losses(const LossColumn& c, Index i, float* derivative, double& form,
                          double& square) {
    const auto count = Ends > 0 ? std::size_t{Ends} : c.ends.size();
    double target = c.w.of_ends[static_cast<Index>(count) - 1] * c.ends[count - 1][i];
    for (std::size_t k = count - 1; k-- > 0;) {
        target += c.w.of_ends[static_cast<Index>(k)] * c.ends[k][i];
    }
    if constexpr (Latent) target += c.w.of_latent * c.z[i];
    const auto f = static_cast<double>(c.f[i]);
    form += f * (0.5 * f - target);
    square += (f - target) * (f - target);
    derivative[i] = static_cast<float>(f - target) * c.scale;
}

template <int Ends, bool Latent>
SI_INLINE LossSums losses_of(const LossColumn& c, float* derivative) {
    constexpr Index kSums = 8;  // independent sums let the loop vectorise
    alignas(64) std::array<double, kSums> form{}, square{};
    Index i = 0;
    for (; i + kSums <= c.rows; i += kSums) {
        for (Index k = 0; k < kSums; ++k) {
            const auto at = static_cast<std::size_t>(k);
            add_losses<Ends, Latent>(c, i + k, derivative, form[at], square[at]);
        }
    }
    for (; i < c.rows; ++i) add_losses<Ends, Latent>(c, i, derivative, form[0], square[0]);
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
        const auto finite = [&](double t) { return objective_of(*row).target(setup, t).finite(); };
        if (!finite(0)) range[0] = margin;
        if (!finite(1)) range[1] = 1 - margin;
    }
    return range;
}

bool wants_antithetic(const Setup& setup, const Quantity& learned) {
    const auto singular_at = [&](double t) {
        auto w = objective_of(learned).target(setup, t);
        return !std::isfinite(gaussian_part(setup, w));
    };
    return singular_at(0) || singular_at(1);
}

TargetWeights target_weights(const Setup& setup, const Objective& objective, double t,
                             double sign) {
    auto w = objective.target(setup, t);
    gaussian_part(setup, w) *= sign;
    return w;
}

void build_target(const BatchSource& source, const Quantity& quantity, const Batch& batch,
                  double sign, Matrix& out) {
    const Objective& objective = objective_of(quantity);
    set_size(out, batch.xt.rows(), batch.xt.cols());
    for (Index j = 0; j < out.cols(); ++j) {
        const auto w = target_weights(source.setup, objective, batch.t[j], sign);
        const Index last = w.of_ends.size() - 1;
        out.col(j).noalias() = w.of_ends[last] * batch.end(last).col(j);
        for (Index k = last - 1; k >= 0; --k) {
            if (w.of_ends[k] != 0) out.col(j) += w.of_ends[k] * batch.end(k).col(j);
        }
        if (w.of_latent != 0 && batch.z.cols() > 0) out.col(j) += w.of_latent * batch.z.col(j);
    }
}

SI_CLONES LossSums column_losses(const LossColumn& c, float* __restrict derivative) {
    if (c.ends.size() != 2) {
        return c.z == nullptr ? losses_of<0, false>(c, derivative)
                              : losses_of<0, true>(c, derivative);
    }
    return c.z == nullptr ? losses_of<2, false>(c, derivative) : losses_of<2, true>(c, derivative);
}

}  // namespace si
