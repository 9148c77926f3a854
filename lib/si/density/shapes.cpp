#include "si/density/shapes.hpp"

#include <cmath>
#include <numbers>

namespace si {
namespace {

/// Which of `n` equally likely things u in (0, 1) picks.
double whole_below(double u, Index n) { return std::floor(u * static_cast<double>(n)); }

}  // namespace

Generator moons(const MoonsSpec& spec) {
    return {.uniforms = 2, .normals = 2, .point = [spec](auto u, auto z, auto x) {
                const double angle = std::numbers::pi * u[1], c = std::cos(angle),
                             s = std::sin(angle);
                const bool upper = u[0] < 0.5;
                x[0] = (upper ? c : 1 - c) + spec.noise * z[0];
                x[1] = (upper ? s : 0.5 - s) + spec.noise * z[1];
            }};
}

Generator circles(const CirclesSpec& spec) {
    return {.uniforms = 2, .normals = 2, .point = [spec](auto u, auto z, auto x) {
                const double r = u[0] < 0.5 ? 1 : spec.factor;
                x[0] = r * std::cos(2 * std::numbers::pi * u[1]) + spec.noise * z[0];
                x[1] = r * std::sin(2 * std::numbers::pi * u[1]) + spec.noise * z[1];
            }};
}

Generator spiral(const SpiralSpec& spec) {
    return {.uniforms = 2, .normals = 2, .point = [spec](auto u, auto z, auto x) {
                const double out = std::sqrt(u[1]);
                const double turn = whole_below(u[0], spec.arms) / static_cast<double>(spec.arms);
                const double angle = 2 * std::numbers::pi * (spec.turns * out + turn);
                x[0] = spec.radius * out * std::cos(angle) + spec.noise * z[0];
                x[1] = spec.radius * out * std::sin(angle) + spec.noise * z[1];
            }};
}

Generator pinwheel(const PinwheelSpec& spec) {
    return {.uniforms = 1, .normals = 2, .point = [spec](auto u, auto z, auto x) {
                const double along = 1 + spec.radial * z[0], across = spec.tangential * z[1];
                const double angle = 2 * std::numbers::pi * whole_below(u[0], spec.arms) /
                                         static_cast<double>(spec.arms) +
                                     spec.rate * std::exp(along);
                const double c = std::cos(angle), s = std::sin(angle);
                x[0] = 2 * (c * along - s * across);
                x[1] = 2 * (s * along + c * across);
            }};
}

Generator swiss_roll(const SwissRollSpec& spec) {
    return {.uniforms = 1, .normals = 2, .point = [spec](auto u, auto z, auto x) {
                const double angle = 1.5 * std::numbers::pi * (1 + 2 * u[0]);
                x[0] = angle * std::cos(angle) / 5 + spec.noise * z[0];
                x[1] = angle * std::sin(angle) / 5 + spec.noise * z[1];
            }};
}

}  // namespace si
