#pragma once

#include <string>

#include "si/base/progress.hpp"
#include "si/energy/hamiltonian.hpp"

// si-data sample: samples of a potential.

namespace si {

struct DrawPotentialSpec : HamiltonianSpec {
    std::optional<Choice<potentials>> potential;
    std::vector<Index> dim;
    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{field("potential", &DrawPotentialSpec::potential,
                             "What is sampled: the law of density e^-U")
                           .value("POTENTIAL,..."),
                       field("dim", &DrawPotentialSpec::dim,
                             "Dimension of a sample, or its shape, as in 16,16", kPositive)},
            HamiltonianSpec::fields());
    }
};

/// Writes /x, one chain after another, and /chain, with the acceptance and the largest R-hat as
/// attributes. Warns where the chains disagree. Throws Failure::usage without a potential and a
/// dimension, and all that sample_potential() throws.
void draw_potential(const DrawPotentialSpec& spec, const std::string& output,
                    const std::string& command, Progress& progress);

}  // namespace si
