#pragma once

#include <cstdint>

#include "si/base/progress.hpp"
#include "si/energy/potential.hpp"

// Samples of e^-U by Hamiltonian Monte Carlo.

namespace si {

struct HamiltonianSpec {
    Index n = 10'000;
    Index chains = 16;
    Index burn = 1000;
    Index thin = 5;
    Index leaps = 16;
    std::uint64_t seed = 0;
    static constexpr auto fields() {
        return std::tuple{
            field("n", &HamiltonianSpec::n, "Number of samples, of all chains", kPositive)
                .letter('n'),
            field("chains", &HamiltonianSpec::chains, "Number of chains", kPositive),
            field("burn", &HamiltonianSpec::burn,
                  "Moves of each chain before the first sample, by which step and scales are found",
                  kPositive),
            field("thin", &HamiltonianSpec::thin, "Moves from one sample of a chain to the next",
                  kPositive),
            field("leaps", &HamiltonianSpec::leaps, "Leapfrog steps of a move", kPositive),
            field("seed", &HamiltonianSpec::seed, "Seed of the random numbers")};
    }
};

struct HamiltonianSamples {
    Matrix x;                         ///< (d, n), one chain after another
    std::vector<std::int64_t> chain;  ///< (n), from 0
    double acceptance = 0;            ///< mean probability of a move after `burn`
    Vector disagreement;  ///< R-hat of each coordinate (Gelman and Rubin), 1 for one chain
};

/// Draws samples. Every chain begins at a point of N(0, I). Leapfrog steps are as long as moves
/// with probability .8 allow (dual averaging, Hoffman and Gelman 2014, 3.2) in the scales of the
/// coordinates, which are those of all chains half way through `burn`; a fifth of their length is
/// random. A sample depends on the potential, `spec` and nothing else. Throws Failure::usage for a
/// potential without gradient, and Failure::check when no point with a density is found to begin
/// at.
HamiltonianSamples sample_potential(const ScalarPotential& potential, Index dim,
                                    const HamiltonianSpec& spec, Progress& progress);

}  // namespace si
