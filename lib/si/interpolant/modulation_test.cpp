#include "si/interpolant/modulation.hpp"

#include <array>
#include <vector>

#include <doctest/doctest.h>

#include "si/interpolant/interpolant.hpp"

using namespace si;

namespace {

using Ends = std::span<const double* const>;

Coefficients weights_of(std::initializer_list<double> list, double gamma) {
    Coefficients c;
    c.weights.resize(std::ssize(list));
    std::copy(list.begin(), list.end(), c.weights.begin());
    c.gamma = gamma;
    return c;
}

/// A modulation by the residual x1 - x0 (arXiv:2510.23116), as a contributor would write it.
void by_residual(Index dim, Ends ends, double* z) {
    for (Index i = 0; i < dim; ++i) z[i] *= ends[1][i] - ends[0][i];
}

void mix_from_x0(const MixParts& parts, const Coefficients& at, double* out) {
    const double *x0 = parts.ends[0], *x1 = parts.ends[1];
    for (Index i = 0; i < parts.dim; ++i) {
        out[i] = x0[i] + (at.beta() * (x1[i] - x0[i]) + at.gamma * parts.latent[i]);
    }
}

constexpr ModulationRow kResidual{.name = "residual",
                                  .summary = "x1 - x0, coordinate by coordinate",
                                  .spec = spec_of<NoSettings>,
                                  .modulate = by_residual,
                                  .mix = mix_from_x0};

}  // namespace

TEST_CASE("x_t is the weighted sum of its ends and its latent, for any number of ends") {
    const std::vector<double> a{1, 2, 3}, b{10, 20, 30}, c{100, 200, 300}, z{1000, 2000, 3000};
    const std::array<const double*, 3> all{a.data(), b.data(), c.data()};
    std::array<double, 3> x{};
    const auto mixed = [&](std::size_t ends, const double* latent, const Coefficients& at) {
        mix_in_order({.dim = 3, .ends = Ends(all).first(ends), .latent = latent}, at, x.data());
        return x[1];
    };
    CHECK(mixed(1, z.data(), weights_of({2}, 3)) == 2 * 2 + 3 * 2000);
    CHECK(mixed(2, nullptr, weights_of({2, 3}, 7)) == 2 * 2 + 3 * 20);
    CHECK(mixed(2, z.data(), weights_of({2, 3}, -1)) == 2 * 2 + 3 * 20 - 2000);
    CHECK(mixed(3, nullptr, weights_of({2, 3, 4}, 7)) == 2 * 2 + 3 * 20 + 4 * 200);
    CHECK(mixed(3, z.data(), weights_of({2, 3, 4}, 5)) == 2 * 2 + 3 * 20 + 4 * 200 + 5 * 2000);
}

TEST_CASE("models without another modulation have 1, and their files do not say so") {
    CHECK(Interpolant().modulation().name == "one");
    const bool plain = Interpolant().modulation().modulate == nullptr;
    CHECK(plain);
    CHECK_FALSE(write_spec(InterpolantSpec{}).contains("modulation"));
}

TEST_CASE("noise that is multiplied by x1 - x0 leaves equal coordinates alone, to the bit") {
    const std::vector<double> x0{0.1, 0.7, -0.3}, x1{0.1, 1.7, -0.3};
    const std::array<const double*, 2> ends{x0.data(), x1.data()};
    std::vector<double> z{0.3, -1.2, 0.9}, x(3);
    kResidual.modulate(3, ends, z.data());
    for (const double t : {0.1, 0.37, 0.9}) {
        kResidual.mix({.dim = 3, .ends = ends, .latent = z.data()}, weights_of({1 - t, t}, 0.3),
                      x.data());
        CHECK(x[0] == x0[0]);
        CHECK(x[2] == x0[2]);
        CHECK(x[1] == doctest::Approx(0.7 + t - 0.3 * 1.2));
    }
}
