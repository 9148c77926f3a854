#include "si/model/quantity.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include <Eigen/QR>

namespace si {
namespace {

/// Where the weight of an end is below this, its E[x_k|x_t] is its mean to that accuracy.
constexpr double kPinned = 1e-3;

Equation velocity(const Setup& setup, const Coefficients& c) {
    // One-sided, E[x0|x_t] = -alpha s, and alpha alpha' is finite where alpha' is not.
    if (setup.one_sided()) return {two_ends(0, c.beta_dot()), -c.alpha_alpha_dot()};
    return {c.slopes, -c.gamma_gamma_dot};
}

Equation drift_of_path(const Setup& setup, const Coefficients& c) {
    if (setup.one_sided()) return velocity(setup, c);
    return {c.slopes, 0};
}

Equation drift_from_point(const Setup& setup, const Coefficients& c) {
    auto equation = velocity(setup, c);
    equation.of_score += setup.noise_at_start();
    return equation;
}

Equation score(const Setup&, const Coefficients& c) { return {PerEnd::Zero(c.weights.size()), 1}; }

Equation denoiser(const Setup& setup, const Coefficients& c) {
    return {PerEnd::Zero(c.weights.size()), setup.one_sided() ? -c.alpha() : -c.gamma};
}

/// E[x_k | x_t].
Equation mean_of_end(const Setup& setup, const Coefficients& c, Index end) {
    const Index ends = c.weights.size();
    if (end == 0 && setup.one_sided()) return {PerEnd::Zero(ends), -c.alpha()};
    if (end == 0 && setup.interpolant.mirror()) return {PerEnd::Unit(ends, ends - 1), 0};
    return {PerEnd::Unit(ends, end), 0};
}

Equation mean_of_x0(const Setup& setup, const Coefficients& c) { return mean_of_end(setup, c, 0); }

Equation mean_of_x1(const Setup& setup, const Coefficients& c) { return mean_of_end(setup, c, 1); }

/// What holds whatever was learned: (4.5), and x0 where it is one point.
Equation tie(const Setup& setup, const Coefficients& c) {
    if (setup.one_sided()) return {two_ends(0, c.beta()), -c.alpha() * c.alpha()};
    return {c.weights, -c.gamma * c.gamma};
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

/// The coefficients of an equation as one column.
using Column = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, kMostEnds + 1, 1>;

Column column_of(const Equation& e) {
    Column column(e.of_ends.size() + 1);
    column << e.of_ends, e.of_score;
    return column;
}

/// The combination when E[x_k|x_t] of the ends in `pinned` are their plain means; nothing where the
/// equations do not determine the wanted field.
std::optional<Combination> solve(const Setup& setup, const Coefficients& c,
                                 std::span<const Quantity* const> learned, const Quantity& wanted,
                                 const std::vector<Index>& pinned) {
    const Index ends = c.weights.size();
    std::vector<Column> known{column_of(tie(setup, c))};
    for (const Quantity* row : learned) known.push_back(column_of(row->equation(setup, c)));
    for (const Index k : pinned) known.push_back(column_of(mean_of_end(setup, c, k)));

    Matrix equations(ends + 1, std::ssize(known));
    for (std::size_t k = 0; k < known.size(); ++k) equations.col(static_cast<Index>(k)) = known[k];
    const Column target = column_of(wanted.equation(setup, c));
    if (!equations.allFinite() || !target.allFinite()) return std::nullopt;
    // Of several solutions the smallest: learned fields have errors, which weights amplify.
    Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> solver(equations);
    const Vector weights = solver.solve(target);
    if (!((equations * weights - target).norm() <= 1e-9 * (1 + target.norm()))) return std::nullopt;

    Combination result;
    result.of_means = PerEnd::Zero(ends);
    result.of_x = weights[0];
    for (std::size_t k = 0; k < learned.size(); ++k) {
        result.of_learned.push_back(weights[static_cast<Index>(k) + 1]);
    }
    for (std::size_t k = 0; k < pinned.size(); ++k) {
        result.of_means[pinned[k]] = weights[static_cast<Index>(learned.size() + 1 + k)];
    }
    return result;
}

/// The wanted field when it is one of the learned.
std::optional<Combination> itself(const Setup& setup, std::span<const Quantity* const> learned,
                                  const Quantity& wanted) {
    const auto same = std::find(learned.begin(), learned.end(), &wanted);
    if (same == learned.end()) return std::nullopt;
    Combination result;
    result.of_learned.assign(learned.size(), 0);
    result.of_learned[static_cast<std::size_t>(same - learned.begin())] = 1;
    result.of_means = PerEnd::Zero(setup.interpolant.ends());
    return result;
}

double squared(const std::vector<double>& list) {
    return std::inner_product(list.begin(), list.end(), list.begin(), 0.0);
}

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
    if (auto one = itself(setup, learned, wanted)) return *one;
    const auto c = setup.interpolant.at(t);
    // Where an end weighs nothing, x_t says nothing of it when the ends are independent.
    std::vector<Index> pinned;
    for (Index k = c.weights.size() - 1; k >= 0; --k) {
        const bool fixed = k == 0 && setup.fixed_start();
        if (fixed || (means_known && c.weights[k] < kPinned)) pinned.push_back(k);
    }
    auto rule = solve(setup, c, learned, wanted, pinned);
    require(rule.has_value(), Failure::usage, "the learned fields do not determine ", wanted.name,
            " at t = ", t);
    return *rule;
}

Combination steadied(const Setup& setup, double t, std::span<const Quantity* const> learned,
                     const Quantity& wanted, bool means_known, const StartError& error) {
    const auto c = setup.interpolant.at(t);
    if (c.alpha() < kPinned) {
        return combine(setup, t, learned, wanted, means_known);
    }
    // Without any learned field: the tie and the mean determine all.
    auto by_mean = solve(setup, c, {}, wanted, {1});
    require(by_mean.has_value(), Failure::internal, "the mean of x1 does not determine ",
            wanted.name, " at t = ", t);
    by_mean->of_learned.assign(learned.size(), 0);
    if (c.beta() < kPinned) return *by_mean;
    const auto by_fields = solve(setup, c, learned, wanted, {});
    const auto x1 = solve(setup, c, learned, quantities().at("x1"), {});
    if (!by_fields || !x1) return combine(setup, t, learned, wanted, means_known);
    // One weight for all fields, so that they stay tied.
    const double of_fields = error.learned * error.learned * squared(x1->of_learned),
                 of_mean = c.beta() * c.beta() + error.between;
    const double w = of_fields / (of_fields + of_mean);
    Combination both = *by_fields;
    both.of_x += w * (by_mean->of_x - both.of_x);
    for (double& weight : both.of_learned) weight *= 1 - w;
    both.of_means += w * (by_mean->of_means - both.of_means);
    return both;
}

std::array<double, 2> determined_span(const Setup& setup, std::span<const Quantity* const> learned,
                                      const Quantity& wanted, bool means_known, double margin,
                                      const std::optional<StartError>& error) {
    const auto holds = [&](double t) {
        try {
            if (error) {
                steadied(setup, t, learned, wanted, means_known, *error);
            } else {
                combine(setup, t, learned, wanted, means_known);
            }
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
