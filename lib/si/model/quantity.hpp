#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/interpolant/fields.hpp"
#include "si/interpolant/interpolant.hpp"

// What a network can learn, and how everything else follows from it. (How it is learned is told in
// si/train/objective.hpp.) Each field of a linear
// interpolant is a linear function of the unknowns at (t, x),
//
//     E[x_k|x_t] for each end x_0 .. x_K,   s(t, x),      since E[z|x_t] = -gamma s,
//
// (arXiv:2303.08797 (2.18)), which are tied by sum_k w_k E[x_k|x_t] - gamma^2 s = x (4.5). So a
// field that was not learned is a combination of x and of those that were, whenever the equations
// determine it. What is special about a model adds equations: one-sided, E[x0|x_t] = -alpha s; from
// a point, E[x0|x_t] is that point; mirrored, E[x0|x_t] = E[x1|x_t].

namespace si {

/// What is special about x0: equations that hold whatever was learned follow from it.
enum class BaseLaw {
    general,    ///< nothing
    one_sided,  ///< x0 is N(0, I), apart from x1, without latent: then z is x0
    point,      ///< x0 is a single point, the mean of the base
    given       ///< x0 is a point for each sample, which its fields are conditioned on
};

/// The setting in which a model was made.
struct Setup {
    Interpolant interpolant;
    BaseLaw base = BaseLaw::general;

    bool one_sided() const { return base == BaseLaw::one_sided; }
    /// Paths start from a point, so x_t has no density at t = 0.
    bool fixed_start() const { return base == BaseLaw::point || given_start(); }
    bool given_start() const { return base == BaseLaw::given; }

    /// (gamma gamma')(0): the epsilon with which the drift from a point is regular; 0 for latents
    /// that do not start like a square root.
    double noise_at_start() const { return interpolant.at(0).gamma_gamma_dot; }
};

/// A field as a linear function of the unknowns: its coefficients of E[x_k|x_t], and that of s.
struct Equation {
    PerEnd of_ends;
    double of_score = 0;
};

struct Quantity {
    std::string_view name, summary;
    SpecInfo spec;
    Want flag;
    Matrix FieldValues::*value;
    unsigned divergence_flag;  ///< 0 when its divergence is not asked for
    Vector FieldValues::*divergence;
    Equation (*equation)(const Setup& setup, const Coefficients& c);
};

/// b, v, s, eta, x0, x1, u.
Catalogue<Quantity> quantities();

/// "b,eta" as rows. Throws Failure::usage for unknown and repeated names.
std::vector<const Quantity*> parse_learned(std::string_view list);

/// How a wanted field follows from x, the learned fields and the known means of x0 and x1.
struct Combination {
    double of_x = 0;
    std::vector<double> of_learned;
    PerEnd of_means;  ///< of the plain mean of each end
};

/// Throws Failure::usage when the learned fields do not determine the wanted one at t.
/// `means_known` lets E[x_k|x_t] be the plain mean of x_k where its weight is next to 0 (that of x1
/// next to t = 0, that of x0 next to t = 1), as for independent couplings (arXiv:2303.08797,
/// Algorithm 5). The mean of a fixed start is used at all times.
Combination combine(const Setup& setup, double t, std::span<const Quantity* const> learned,
                    const Quantity& wanted, bool means_known);

/// How far learned fields of a one-sided model are off, and the plain mean of x1 with them: root
/// mean squares for one coordinate, in the model's coordinates.
struct StartError {
    double learned;      ///< of E[x0|x_t] at t = 0, where it is x0 itself
    double between = 0;  ///< variance of the mean of x1 from condition to condition
};

/// combine() for one-sided models near t = 0, where x_t says so little of x1 that the way from
/// E[x0|x_t] to E[x1|x_t] magnifies errors by 1 / beta: the mean of the way by the learned fields
/// and that by the plain mean of x1, each with the weight of its accuracy [X]. E[x1|x_t] differs
/// from the mean by beta, for coordinates of variance 1, beside what conditions make.
Combination steadied(const Setup& setup, double t, std::span<const Quantity* const> learned,
                     const Quantity& wanted, bool means_known, const StartError& error);

/// The part of [0, 1] on which `wanted` can be had from `learned`: ends where the equations
/// break down are kept off by `margin`. With an error it is that of steadied(). Empty (first >
/// second) when it cannot be had at all.
std::array<double, 2> determined_span(const Setup& setup, std::span<const Quantity* const> learned,
                                      const Quantity& wanted, bool means_known, double margin,
                                      const std::optional<StartError>& error = std::nullopt);

}  // namespace si
