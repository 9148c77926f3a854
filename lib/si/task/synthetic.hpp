#pragma once

#include <cstdint>
#include <string>

#include "si/base/threads.hpp"
#include "si/density/generator.hpp"
#include "si/io/dataset.hpp"
#include "si/model/model.hpp"

// The tasks of si-data that make synthetic sets, and exact models between them.

namespace si {

struct SyntheticSpec {
    Index n = 10000;
    std::string dtype = "f64";
    static constexpr auto fields() {
        return std::tuple{field("n", &SyntheticSpec::n, "Number of samples", kPositive),
                          field("dtype", &SyntheticSpec::dtype, "Type of /x", one_of(+[] {
                                    return std::vector<std::string>{"f32", "f64"};
                                }))};
    }
};

/// Writes samples 0 .. n-1 of a generator as /x, their /log_density where it is known (of the
/// numbers before they are rounded to f32), and the attributes generator, seed and, in nats,
/// entropy.
void write_synthetic(DataWriter& out, const Choice<generators>& choice, const SyntheticSpec& spec,
                     std::uint64_t seed, Threads& threads);

/// The exact model of the interpolant between two synthetic sets that are mixtures of Gaussians;
/// without `base`, from N(0, I). Throws Failure::usage for other sets.
Model exact_model(const Choice<generators>& target, const std::optional<Choice<generators>>& base,
                  const InterpolantSpec& interpolant);

/// The set at t = 0 of an exact model.
struct ExactSpec {
    std::optional<Choice<generators>> base;
    static constexpr auto fields() {
        return std::tuple{
            field("base", &ExactSpec::base, "Synthetic data set at t = 0, instead of N(0, I)")
                .value("NAME,...")};
    }
};

}  // namespace si
