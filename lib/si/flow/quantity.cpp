#include "si/flow/quantity.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <Eigen/LU>

namespace si {
namespace {

Equation velocity(const Coefficients& c, bool one_sided) {
    // One-sided, E[x0|x_t] = -alpha s, and alpha alpha' is finite where alpha' is not.
    if (one_sided) return {0, c.beta_dot, -c.alpha_alpha_dot};
    return {c.alpha_dot, c.beta_dot, -c.gamma_gamma_dot};
}

Equation drift_of_path(const Coefficients& c, bool one_sided) {
    if (one_sided) return {0, c.beta_dot, -c.alpha_alpha_dot};
    return {c.alpha_dot, c.beta_dot, 0};
}

Equation score(const Coefficients&, bool) { return {0, 0, 1}; }

Equation denoiser(const Coefficients& c, bool one_sided) {
    return {0, 0, one_sided ? -c.alpha : -c.gamma};
}

Equation mean_of_x0(const Coefficients& c, bool one_sided) {
    return one_sided ? Equation{0, 0, -c.alpha} : Equation{1, 0, 0};
}

Equation mean_of_x1(const Coefficients&, bool) { return {0, 1, 0}; }

TargetWeights path_target(const Setup& setup, double t) {  // (2.29)
    const auto c = setup.interpolant.at(t);
    return {c.alpha_dot, c.beta_dot, 0};
}

TargetWeights velocity_target(const Setup& setup, double t) {  // (2.13)
    const auto c = setup.interpolant.at(t);
    return {c.alpha_dot, c.beta_dot, setup.interpolant.gamma_dot(t)};
}

TargetWeights score_target(const Setup& setup, double t) {  // (2.16); one-sided (3.18)
    const auto c = setup.interpolant.at(t);
    if (setup.one_sided) return {-1 / c.alpha, 0, 0};
    return {0, 0, -1 / c.gamma};
}

TargetWeights denoiser_target(const Setup& setup, double) {  // (2.19)
    if (setup.one_sided) return {1, 0, 0};
    return {0, 0, 1};
}

constexpr auto kQuantities = std::to_array<Quantity>({
    {"b", "velocity, E[dx_t/dt | x_t]", spec_of<NoSettings>, kB, &FieldValues::b, kDivB,
     &FieldValues::div_b, velocity, velocity_target},
    {"v", "velocity of the path alone, E[dI/dt | x_t]", spec_of<NoSettings>, kV, &FieldValues::v, 0,
     nullptr, drift_of_path, path_target},
    {"s", "score, the gradient of log rho", spec_of<NoSettings>, kS, &FieldValues::s, kDivS,
     &FieldValues::div_s, score, score_target},
    {"eta", "denoiser, E[z | x_t]", spec_of<NoSettings>, kEta, &FieldValues::eta, 0, nullptr,
     denoiser, denoiser_target},
    {"x0", "E[x0 | x_t]", spec_of<NoSettings>, kX0, &FieldValues::x0, 0, nullptr, mean_of_x0,
     +[](const Setup&, double) {
         return TargetWeights{1, 0, 0};
     }},
    {"x1", "E[x1 | x_t]", spec_of<NoSettings>, kX1, &FieldValues::x1, 0, nullptr, mean_of_x1,
     +[](const Setup&, double) {
         return TargetWeights{0, 1, 0};
     }},
});

Eigen::Vector3d vector_of(const Equation& e) { return {e[0], e[1], e[2]}; }

}  // namespace

Catalogue<Quantity> quantities() { return {"field", kQuantities}; }

std::vector<const Quantity*> parse_learned(std::string_view list) {
    std::vector<const Quantity*> rows;
    for (const auto name : split(list, ',')) {
        const Quantity* row = &quantities().at(name);
        require(std::find(rows.begin(), rows.end(), row) == rows.end(), Failure::usage, "'", name,
                "' is named twice");
        rows.push_back(row);
    }
    return rows;
}

Combination combine(const Setup& setup, double t, std::span<const Quantity* const> learned,
                    const Quantity& wanted, bool means_known) {
    Combination result;
    result.of_learned.assign(learned.size(), 0);
    if (const auto same = std::find(learned.begin(), learned.end(), &wanted);
        same != learned.end()) {
        result.of_learned[static_cast<std::size_t>(same - learned.begin())] = 1;
        return result;
    }

    const auto c = setup.interpolant.at(t);
    const double spread = setup.one_sided ? c.alpha : c.gamma;
    std::vector<Eigen::Vector3d> known;
    known.emplace_back(setup.one_sided ? 0 : c.alpha, c.beta, -spread * spread);
    for (const Quantity* row : learned)
        known.push_back(vector_of(row->equation(c, setup.one_sided)));
    // At an end, x_t is one of x0 and x1, and says nothing of the other when they are independent.
    const bool at_start = means_known && c.beta == 0, at_end = means_known && c.alpha == 0;
    if (at_start) known.emplace_back(0, 1, 0);
    if (at_end && !setup.one_sided) known.emplace_back(1, 0, 0);

    Eigen::MatrixXd equations(3, static_cast<Index>(known.size()));
    for (std::size_t k = 0; k < known.size(); ++k) equations.col(static_cast<Index>(k)) = known[k];
    const Eigen::Vector3d target = vector_of(wanted.equation(c, setup.one_sided));
    const bool finite = equations.allFinite() && target.allFinite();
    Vector weights = Vector::Zero(equations.cols());
    bool solved = false;
    if (finite) {
        Eigen::FullPivLU<Eigen::MatrixXd> solver(equations);
        solver.setThreshold(1e-9);
        weights = solver.solve(target);
        solved = (equations * weights - target).norm() <= 1e-9 * (1 + target.norm());
    }
    require(solved, Failure::usage, "the learned fields do not determine ", wanted.name,
            " at t = ", t);

    result.of_x = weights[0];
    for (std::size_t k = 0; k < learned.size(); ++k) {
        result.of_learned[k] = weights[static_cast<Index>(k) + 1];
    }
    const Index extra = static_cast<Index>(learned.size()) + 1;
    if (at_start) result.of_mean1 = weights[extra];
    if (at_end && !setup.one_sided) result.of_mean0 = weights[extra + (at_start ? 1 : 0)];
    return result;
}

std::array<double, 2> determined_span(const Setup& setup, std::span<const Quantity* const> learned,
                                      const Quantity& wanted, bool means_known, double margin) {
    const auto holds = [&](double t) {
        try {
            combine(setup, t, learned, wanted, means_known);
            return true;
        } catch (const Error&) {
            return false;
        }
    };
    if (!holds(0.37)) return {1, 0};  // anywhere inside will do
    return {holds(0) ? 0 : margin, holds(1) ? 1 : 1 - margin};
}

}  // namespace si
