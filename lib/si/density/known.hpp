#pragma once

#include <cstdint>
#include <functional>

#include "si/density/generator.hpp"
#include "si/density/mixture.hpp"

// Densities in closed form, whatever they come from: everything that compares a model with the
// truth asks for one of these.

namespace si {

/// A density that can be drawn from and evaluated.
struct KnownDensity {
    Index dim = 0;
    /// Fills a matrix (dim, n) with samples first, first + 1, ... at a seed.
    std::function<void(std::uint64_t seed, Index first, MatrixRef out)> sample;
    /// log density of each column, -infinity outside the support.
    std::function<Vector(ConstMatrix x)> log_density;
};

/// The density of a synthetic set. Its samples at a seed are not those of `si-data NAME --seed`,
/// which a model may have been trained on. Throws Failure::usage when it has none.
KnownDensity known_density(const Choice<generators>& set);

/// A mixture of Gaussians.
KnownDensity known_density(GaussianMixture mixture);

}  // namespace si
