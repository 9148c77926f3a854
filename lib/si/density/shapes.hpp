#pragma once

#include "si/base/spec.hpp"
#include "si/density/generator.hpp"

// Plane figures with noise, as users know them from other toolkits. Their densities have no
// closed form.

namespace si {

struct MoonsSpec {
    double noise = 0.1;
    static constexpr auto fields() {
        return std::tuple{
            field("noise", &MoonsSpec::noise, "Standard deviation of the noise", kNonNegative)};
    }
};
/// Two interleaved half circles of radius 1, centred at (0, 0) and (1, 1/2).
Generator moons(const MoonsSpec& spec);

struct CirclesSpec {
    double noise = 0.08, factor = 0.5;
    static constexpr auto fields() {
        return std::tuple{
            field("noise", &CirclesSpec::noise, "Standard deviation of the noise", kNonNegative),
            field("factor", &CirclesSpec::factor, "Radius of the inner circle", kUnit)};
    }
};
/// A circle of radius 1 and one inside it, equally likely.
Generator circles(const CirclesSpec& spec);

struct SpiralSpec {
    Index arms = 2;
    double turns = 1.5, radius = 3, noise = 0.1;
    static constexpr auto fields() {
        return std::tuple{
            field("arms", &SpiralSpec::arms, "Number of arms", kPositive),
            field("turns", &SpiralSpec::turns, "Number of turns of an arm", kPositive),
            field("radius", &SpiralSpec::radius, "Radius at the end of an arm", kPositive),
            field("noise", &SpiralSpec::noise, "Standard deviation of the noise", kNonNegative)};
    }
};
/// Archimedean arms from the centre. The angle goes as the root of a uniform number, so that
/// samples are about equally dense along an arm.
Generator spiral(const SpiralSpec& spec);

struct PinwheelSpec {
    Index arms = 5;
    double radial = 0.3, tangential = 0.1, rate = 0.25;
    static constexpr auto fields() {
        return std::tuple{
            field("arms", &PinwheelSpec::arms, "Number of arms", kPositive),
            field("radial", &PinwheelSpec::radial, "Standard deviation along an arm", kPositive),
            field("tangential", &PinwheelSpec::tangential, "Standard deviation across an arm",
                  kPositive),
            field("rate", &PinwheelSpec::rate, "Rate at which the arms twist")};
    }
};
/// Gaussian arms twisted by exp of the radius (Johnson et al., arXiv:1603.06277), scaled by 2.
Generator pinwheel(const PinwheelSpec& spec);

struct SwissRollSpec {
    double noise = 0.1;
    static constexpr auto fields() {
        return std::tuple{
            field("noise", &SwissRollSpec::noise, "Standard deviation of the noise", kNonNegative)};
    }
};
/// (a cos a, a sin a) / 5 with a uniform in [1.5 pi, 4.5 pi].
Generator swiss_roll(const SwissRollSpec& spec);

}  // namespace si
