#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "si/base/spec.hpp"
#include "si/bridge/light.hpp"

// The descent that fits potentials of light bridges, and its settings.

namespace si {

/// How a light bridge is fitted.
struct LightSpec {
    Index components = 20;
    std::string covariance = "auto";
    Index steps = 20000;
    Index batch = 128;
    std::optional<double> rate;
    std::optional<double> shape;

    static constexpr auto fields() {
        return std::tuple{
            field("components", &LightSpec::components, "Number of Gaussians per potential",
                  kPositive),
            field("covariance", &LightSpec::covariance,
                  "Covariances: auto is full up to 128 dimensions and diagonal above", one_of(+[] {
                      return std::vector<std::string>{"auto", "full", "diagonal"};
                  })),
            field("steps", &LightSpec::steps,
                  "Steps of Adam, with a learning rate that decreases to zero", kPositive),
            field("batch", &LightSpec::batch, "Samples of each set per step", kPositive),
            field("rate", &LightSpec::rate,
                  "Largest learning rate of Adam; by default a tenth of the width of the initial "
                  "Gaussians",
                  kPositive),
            field("shape", &LightSpec::shape,
                  "Initial shapes S of the Gaussians, whose width is sigma sqrt(S); by default "
                  "from distances among the targets",
                  kPositive)};
    }
};

/// How it is fitted by matching drifts. On more samples, as each says less.
struct LightMatchingSpec : LightSpec {
    std::string coupling = "independent";
    LightMatchingSpec() { batch = 512; }
    static constexpr auto fields() {
        return std::tuple_cat(
            LightSpec::fields(),
            std::tuple{field("coupling", &LightMatchingSpec::coupling,
                             "Pairs to learn from: all kinds lead to the same bridge, better ones "
                             "with less noise",
                             one_of(+[] {
                                 return std::vector<std::string>{"independent", "ot", "sinkhorn"};
                             }))});
    }
};

/// The potential of the bridge from x0 (d, n0) to x1 (d, n1): Adam on light_loss() over random
/// batches, from Gaussians at random points of x1, chosen far apart. `which` tells apart several
/// fits of one seed, and `stepped` is called after each step. Throws Failure::data when there are
/// no points, Failure::check when the loss is not finite.
Potential fit_light(ConstMatrix x0, ConstMatrix x1, double epsilon, const LightSpec& spec,
                    std::uint64_t seed, std::uint32_t which,
                    const std::function<void()>& stepped = {});

/// The same by matching_loss(), on pairs of a coupling.
Potential fit_matching(const Matrix& x0, const Matrix& x1, double epsilon,
                       const LightMatchingSpec& spec, std::uint64_t seed, std::uint32_t which,
                       const std::function<void()>& stepped = {});

}  // namespace si
