#include "si/model/quantity.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <Eigen/QR>

namespace si {
namespace {

/// Where beta (or alpha) is below this, E[x1|x_t] (or E[x0|x_t]) is its mean to that accuracy.
constexpr double kPinned = 1e-3;

Equation velocity(const Setup& setup, const Coefficients& c) {
    // One-sided, E[x0|x_t] = -alpha s, and alpha alpha' is finite where alpha' is not.
    if (setup.one_sided()) return {0, c.beta_dot, -c.alpha_alpha_dot};
    return {c.alpha_dot, c.beta_dot, -c.gamma_gamma_dot};
}

Equation drift_of_path(const Setup& setup, const Coefficients& c) {
    if (setup.one_sided()) return velocity(setup, c);
    return {c.alpha_dot, c.beta_dot, 0};
}

Equation drift_from_point(const Setup& setup, const Coefficients& c) {
    auto equation = velocity(setup, c);
    equation[2] += setup.noise_at_start();
    return equation;
}

Equation score(const Setup&, const Coefficients&) { return {0, 0, 1}; }

Equation denoiser(const Setup& setup, const Coefficients& c) {
    return {0, 0, setup.one_sided() ? -c.alpha : -c.gamma};
}

Equation mean_of_x1(const Setup&, const Coefficients&) { return {0, 1, 0}; }

Equation mean_of_x0(const Setup& setup, const Coefficients& c) {
    if (setup.one_sided()) return {0, 0, -c.alpha};
    if (setup.interpolant.mirror()) return {0, 1, 0};
    return {1, 0, 0};
}

/// What holds whatever was learned: (4.5), and x0 where it is one point.
Equation tie(const Setup& setup, const Coefficients& c) {
    if (setup.one_sided()) return {0, c.beta, -c.alpha * c.alpha};
    return {c.alpha, c.beta, -c.gamma * c.gamma};
}

constexpr auto kQuantities = std::to_array<Quantity>({
    {"b", "velocity, E[dx_t/dt | x_t]", spec_of<NoSettings>, kB, &FieldValues::b, kDivB,
     &FieldValues::div_b, velocity},
    {"v", "velocity of the path alone, E[dI/dt | x_t]", spec_of<NoSettings>, kV, &FieldValues::v, 0,
     nullptr, drift_of_path},
    {"s", "score, the gradient of log rho", spec_of<NoSettings>, kS, &FieldValues::s, kDivS,
     &FieldValues::div_s, score},
    {"eta", "denoiser, E[z | x_t]", spec_of<NoSettings>, kEta, &FieldValues::eta, 0, nullptr,
     denoiser},
    {"x0", "E[x0 | x_t]", spec_of<NoSettings>, kX0, &FieldValues::x0, 0, nullptr, mean_of_x0},
    {"x1", "E[x1 | x_t]", spec_of<NoSettings>, kX1, &FieldValues::x1, 0, nullptr, mean_of_x1},
    {"u", "drift from a point: b + e s, e = (gamma gamma')(0)", spec_of<NoSettings>, kU,
     &FieldValues::u, 0, nullptr, drift_from_point},
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
    std::vector<Eigen::Vector3d> known{vector_of(tie(setup, c))};
    for (const Quantity* row : learned) known.push_back(vector_of(row->equation(setup, c)));
    // Near an end, x_t is one of x0 and x1, and says nothing of the other when they are
    // independent.
    const bool at_start = means_known && c.beta < kPinned,
               at_end = setup.fixed_start() || (means_known && c.alpha < kPinned);
    if (at_start) known.emplace_back(0, 1, 0);
    if (at_end) known.push_back(vector_of(mean_of_x0(setup, c)));

    Eigen::MatrixXd equations(3, static_cast<Index>(known.size()));
    for (std::size_t k = 0; k < known.size(); ++k) equations.col(static_cast<Index>(k)) = known[k];
    const Eigen::Vector3d target = vector_of(wanted.equation(setup, c));
    const bool finite = equations.allFinite() && target.allFinite();
    Vector weights = Vector::Zero(equations.cols());
    bool solved = false;
    if (finite) {
        // Of several solutions the smallest: learned fields have errors, which weights amplify.
        Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> solver(equations);
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
    if (at_end) result.of_mean0 = weights[extra + (at_start ? 1 : 0)];
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
    // Next to an end the equations may be worse than at it.
    const auto near = [&](double end, double inward) {
        return holds(end) && holds(end + 1e-9 * inward) && holds(end + 1e-6 * inward);
    };
    return {near(0, 1) ? 0 : margin, near(1, -1) ? 1 : 1 - margin};
}

}  // namespace si
