#pragma once

#include <cstdint>
#include <vector>

#include "si/base/spec.hpp"
#include "si/density/generator.hpp"

// Data sets whose density is known in closed form.

namespace si {

/// Uniform on the 8 dark squares (side 2) of a board on [-4, 4]^2: density 1/32, entropy ln 32.
Generator checkerboard(const NoSettings&);

// Bounded, so that a product of two is a whole number that memory may hold.
inline constexpr Rule kModes{[](double v) { return v >= 1 && v <= 4096; }, "from 1 to 4096"};
inline constexpr Rule kDimension{[](double v) { return v >= 1 && v <= 1 << 26; },
                                 "from 1 to 67108864"};

struct GaussianSetSpec {
    Index dim = 2;
    std::vector<double> mean{0}, sigma{1};
    static constexpr auto fields() {
        return std::tuple{
            field("dim", &GaussianSetSpec::dim, "Dimension", kDimension),
            field("mean", &GaussianSetSpec::mean, "Mean: one number, or one per coordinate"),
            field("sigma", &GaussianSetSpec::sigma,
                  "Standard deviation: one number, or one per coordinate", kPositive)};
    }
};
Generator gaussian(const GaussianSetSpec& spec);

struct UniformSpec {
    Index dim = 2;
    double low = 0, high = 1;
    static constexpr auto fields() {
        return std::tuple{field("dim", &UniformSpec::dim, "Dimension", kDimension),
                          field("low", &UniformSpec::low, "Lower end of every coordinate"),
                          field("high", &UniformSpec::high, "Upper end of every coordinate")};
    }
};
Generator uniform_box(const UniformSpec& spec);

struct TwoGaussiansSpec {
    double mean = 2, sigma = 0.5, weight = 0.5;
    static constexpr auto fields() {
        return std::tuple{
            field("mean", &TwoGaussiansSpec::mean, "Distance of the two modes from 0"),
            field("sigma", &TwoGaussiansSpec::sigma, "Standard deviation of a mode", kPositive),
            field("weight", &TwoGaussiansSpec::weight, "Weight of the mode at +mean", kUnit)};
    }
};
/// weight N(mean, sigma^2) + (1 - weight) N(-mean, sigma^2), in one dimension.
Generator two_gaussians(const TwoGaussiansSpec& spec);

struct CombSpec {
    Index modes = 5;
    double spacing = 2, sigma = 0.25;
    static constexpr auto fields() {
        return std::tuple{
            field("modes", &CombSpec::modes, "Number of modes", kModes),
            field("spacing", &CombSpec::spacing, "Distance between neighbouring modes", kPositive),
            field("sigma", &CombSpec::sigma, "Standard deviation of a mode", kPositive)};
    }
};
/// Equal Gaussians at equal distances along a line, centred at 0; in one dimension, or as a
/// square grid of modes x modes in two.
Generator comb(const CombSpec& spec);
Generator grid(const CombSpec& spec);

struct RingSpec {
    Index modes = 8;
    double radius = 2, sigma = 0.15;
    static constexpr auto fields() {
        return std::tuple{
            field("modes", &RingSpec::modes, "Number of modes", kModes),
            field("radius", &RingSpec::radius, "Radius of the ring", kNonNegative),
            field("sigma", &RingSpec::sigma, "Standard deviation of a mode", kPositive)};
    }
};
/// Equal Gaussians at equal angles on a circle; the first is at (radius, 0).
Generator ring(const RingSpec& spec);

struct MixtureSetSpec {
    Index dim = 2, modes = 5;
    double spread = 7.5;
    std::uint64_t draw = 1043;
    static constexpr auto fields() {
        return std::tuple{
            field("dim", &MixtureSetSpec::dim, "Dimension", kDimension),
            field("modes", &MixtureSetSpec::modes, "Number of modes", kModes),
            field("spread", &MixtureSetSpec::spread, "Standard deviation of the means",
                  kNonNegative),
            field("draw", &MixtureSetSpec::draw, "Seed of the means and covariances")};
    }
};
/// The mixture of arXiv:2303.08797 section 7.2 (there in 128 dimensions): equal weights, means
/// N(0, spread^2 I), covariances W'W / dim + I with normal W. One draw fixes all of them, and it
/// is separate from the seed of the samples.
Generator mixture(const MixtureSetSpec& spec);

struct FunnelSpec {
    Index dim = 2;
    double sigma = 3;
    static constexpr auto fields() {
        return std::tuple{field("dim", &FunnelSpec::dim, "Dimension", kDimension),
                          field("sigma", &FunnelSpec::sigma,
                                "Standard deviation of the first coordinate", kPositive)};
    }
};
/// Neal's funnel: x_1 ~ N(0, sigma^2), and given it the others are N(0, exp x_1).
Generator funnel(const FunnelSpec& spec);

struct BananaSpec {
    double sigma = 2, bend = 0.5;
    static constexpr auto fields() {
        return std::tuple{
            field("sigma", &BananaSpec::sigma, "Standard deviation along the banana", kPositive),
            field("bend", &BananaSpec::bend, "Curvature")};
    }
};
/// x_1 = sigma z_1, x_2 = z_2 + bend (x_1^2 - sigma^2): a Gaussian bent without changing volume.
Generator banana(const BananaSpec& spec);

}  // namespace si
