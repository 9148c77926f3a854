#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "si/base/catalogue.hpp"
#include "si/base/threads.hpp"
#include "si/density/mixture.hpp"
#include "si/interpolant/bridge_field.hpp"

// Pairs of laws whose Schroedinger bridge is known, and how far another bridge is from it.

namespace si {

/// Two laws and the bridge between them: x0 is drawn from `start`, x1 by `forward` given x0.
struct KnownBridge {
    GaussianMixture start;
    Potential forward;

    /// Pairs first, first + 1, ... of the plan, set number `set` of a seed.
    void sample(std::uint64_t seed, std::uint32_t set, Index first, MatrixRef x0,
                MatrixRef x1) const;
};

struct TruthRow {
    std::string_view name, summary;
    SpecInfo spec;
    KnownBridge (*make)(const Json& settings, double epsilon, std::uint64_t seed);
};

/// mixture: the construction of Gushchin et al. (arXiv:2306.10161, section 4), from N(0, I) to a
/// law on a sphere; gaussian: between two Gaussians.
Catalogue<TruthRow> truths();

/// |m - m'|^2 / 2 + (tr C + tr C') / 2 - tr (C^1/2 C' C^1/2)^1/2: half of the squared
/// Bures-Wasserstein distance between two Gaussians.
double half_bures(const Vector& mean, const Matrix& covariance, const Vector& other_mean,
                  const Matrix& other_covariance);

/// What is known of where a bridge takes one point x: an estimate, or exactly.
using ConditionalLaw = std::function<Potential::Conditional(Index point, const Vector& x)>;

/// cBW2-UVP in percent (arXiv:2306.10161, section 5): 100 times the mean over points x of
/// half_bures between the conditional laws of x1 given x, over half the trace of the covariance of
/// x1. The conditional law that is the mean of x1 for all x has about 100.
struct ConditionalError {
    double value = 0, error = 0;
};
ConditionalError conditional_error(const KnownBridge& truth, ConstMatrix points,
                                   double target_variance, const ConditionalLaw& law,
                                   Threads& threads);

}  // namespace si
