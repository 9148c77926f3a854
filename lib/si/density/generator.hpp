#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/base/types.hpp"

// Synthetic data sets as a table; most of them know their density. A new one is one row.

namespace si {

/// A synthetic data set. Sample i is a pure function of the seed and i, made from its own few
/// random numbers, so the first 20 of 50 samples are the 20.
struct Generator {
    Index dim = 2;
    Index uniforms = 0, normals = 0;  ///< random numbers a sample is made from

    /// Writes one sample to x (dim) from u (uniforms, in (0, 1)) and z (normals, N(0, 1)).
    std::function<void(const double* u, const double* z, double* x)> point = {};

    /// log of the probability density at x (dim), -inf outside the support; empty where no
    /// closed form is known.
    std::function<double(const double* x)> log_density = {};

    /// What the generator is; empty unless it is a mixture of Gaussians.
    struct Mode {
        double weight;
        Vector mean;
        Matrix covariance;
    };
    std::function<std::vector<Mode>()> modes = {};

    /// Differential entropy in nats, the least cross-entropy that a model can reach.
    std::optional<double> entropy = {};

    /// Column j of `out` (dim, n) becomes sample first + j.
    void fill(std::uint64_t seed, Index first, MatrixRef out) const;

    /// log_density of every column; Failure::usage when there is none.
    Vector log_densities(ConstMatrix x) const;
};

struct GeneratorRow {
    std::string_view name, summary;
    SpecInfo spec;
    Generator (*make)(const Json& settings);
};

/// All synthetic data sets.
Catalogue<GeneratorRow> generators();

}  // namespace si
