#pragma once

#include <string>

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/interpolant/bridge_field.hpp"

namespace si {

/// How a light bridge is fitted.
struct LightSpec {
    Index components = 20;
    std::string covariance = "auto";
    Index steps = 5000;
    Index batch = 128;
    std::optional<double> rate;
    std::optional<double> shape;

    static constexpr auto fields() {
        return std::tuple{
            field("components", &LightSpec::components, "Gaussians of a potential", kPositive),
            field("covariance", &LightSpec::covariance,
                  "Their shapes: auto is full up to 64 dimensions and diagonal above", one_of(+[] {
                      return std::vector<std::string>{"auto", "full", "diagonal"};
                  })),
            field("steps", &LightSpec::steps, "Steps of Adam, with a rate that falls to zero",
                  kPositive),
            field("batch", &LightSpec::batch, "Samples of each side in a step", kPositive),
            field("rate", &LightSpec::rate,
                  "Largest rate of Adam; without it a tenth of the width of the first Gaussians",
                  kPositive),
            field("shape", &LightSpec::shape,
                  "Shapes S to start from, Gaussians that are sigma sqrt(S) wide; without it from "
                  "distances among the targets",
                  kPositive)};
    }
};

/// The loss of a light bridge and its gradient (Korotin, Gushchin and Burnaev, arXiv:2310.01174
/// (14)): up to a constant that does not depend on the potential, the divergence KL(true plan |
/// plan of the potential) from samples of the two ends alone,
///
///     L = mean log c(x0) - mean log v(x1),   v(y) = sum_k exp(a_k) N(y; r_k, e S_k),
///     c(x) = sum_k exp(a_k + (x' S_k x + 2 r_k' x) / (2 e)).
///
/// Parameters are the a_k, the r_k (d, K), and of S_k the logarithms of a diagonal (d, K), or the
/// lower Cholesky factor, row by row in units of its diagonal, whose logarithms take its place (d
/// d, K).
struct LightParameters {
    Vector a;
    Matrix r, shape;
    bool full = false;

    Potential potential(double epsilon) const;
};

/// L at these samples; adds its gradient to `gradient`, which has the same sizes.
double light_loss(const LightParameters& at, double epsilon, ConstMatrix x0, ConstMatrix x1,
                  LightParameters* gradient);

/// The potential of the bridge from x0 (d, n0) to x1 (d, n1): Adam on light_loss() over random
/// batches, from Gaussians at random points of x1, chosen far apart. `which` tells apart several
/// fits of one seed. Throws Failure::data when there are no points, Failure::check when the loss is
/// not finite.
Potential fit_light(ConstMatrix x0, ConstMatrix x1, double epsilon, const LightSpec& spec,
                    std::uint64_t seed, std::uint32_t which);

}  // namespace si
