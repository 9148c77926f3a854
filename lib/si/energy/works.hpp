#pragma once

#include <optional>
#include <string>
#include <vector>

#include "si/base/json.hpp"
#include "si/base/types.hpp"

// From works to a free energy: estimators of delta_f = F_b - F_a in kT from the works of paths that
// start in state a and go to b, and of paths that start in b and go to a.
//
// A path's A is the logarithm of the ratio of the weights of the backward and the forward path,
// that is, minus its work: E[e^A] = Z_b / Z_a over paths from a, and Z_a / Z_b over paths from b
// (Jarzynski 1997; Crooks 1999). -inf is a path of infinite work, which counts with weight 0.

namespace si {

/// Works of one direction, in the order of the samples that they start from.
struct Works {
    Vector a;  ///< minus the works, in kT: finite, or -inf
    /// Where each run of samples begins, increasing from 0: samples of one run depend on each other
    /// in their order. Empty: one run.
    std::vector<Index> runs = {};
};

/// The statistical inefficiency 1 + 2 sum of correlations of a series, at least 1, by Geyer's
/// initial monotone sequence (Geyer 1992, 3.3): by how much the variance of its mean exceeds that
/// of independent samples. 1 for a constant series. `runs` as in Works.
double statistical_inefficiency(const Vector& series, const std::vector<Index>& runs = {});

/// An exponential average of one direction.
struct OneSided {
    std::optional<double> delta_f, standard_error;  ///< none where no work is finite; where n = 1
    double effective = 0;                           ///< (sum of weights)^2 / sum of their squares
    double largest_weight = 0;                      ///< share of the largest of them, 0 to 1
    Index infinite = 0;                             ///< works that are
};

/// Bennett's acceptance ratio.
struct Bennett {
    std::optional<double> delta_f, standard_error;
    /// Mean of the forward plus mean of the backward sigmoid: 0 without overlap, 1 where all works
    /// are equal.
    double overlap = 0;
    Matrix overlap_matrix;            ///< (2, 2), rows sum to 1
    double inefficiency[2] = {1, 1};  ///< of the sigmoids, forward and backward
};

/// Fit of log p_forward(W) / p_backward(-W) = slope W + constant by logistic regression. Slope 1 is
/// Crooks's relation: another one says that samples are not those of the potentials.
struct CrooksSlope {
    std::optional<double> slope, standard_error;
};

struct EstimateSpec {
    std::optional<double> inefficiency;  ///< in the place of what is estimated
};

struct FreeEnergy {
    Index n[2] = {0, 0};
    OneSided forward, backward;
    Bennett bar;
    CrooksSlope crooks;
    /// Bounds of delta_f in expectation: minus the mean backward work, the mean forward work. None
    /// where a work is infinite or there is no such direction.
    std::optional<double> lower, upper;
};

/// The root m = log Z_b / Z_a of sum_i sigma(A_i - m + c) = sum_j sigma(B_j + m - c), c = log(n_b /
/// n_a), which is monotone in m (Bennett 1976; Shirts, Bair, Hooker and Pande 2003), to the
/// rounding of doubles. Nothing without a finite work on either side.
std::optional<double> bennett_root(const Vector& forward, const Vector& backward);

/// All estimates. A direction may have no works; then only the other one is estimated.
FreeEnergy estimate_free_energy(const Works& forward, const Works& backward,
                                const EstimateSpec& spec = {});

}  // namespace si
