#pragma once

#include <span>
#include <string_view>

#include "si/base/catalogue.hpp"
#include "si/interpolant/coefficients.hpp"

// What multiplies the latent of an interpolant, as a table, and how x_t is made of its parts.

namespace si {

/// What one x_t is made of: pointers to `dim` numbers each.
struct MixParts {
    Index dim = 0;
    std::span<const double* const> ends;  ///< x_0 .. x_K
    const double* latent = nullptr;       ///< pi z; null where there is none
};

/// A modulation pi of the latent: x_t = sum_k w_k x_k + gamma pi z, where pi depends on the ends
/// of the sample and multiplies z coordinate by coordinate. Targets and the denoiser of a model
/// with another pi than 1 mean pi z where they say z.
struct ModulationRow {
    std::string_view name, summary;
    SpecInfo spec;
    /// z becomes pi z, for the ends of one sample; null where pi is 1.
    void (*modulate)(Index dim, std::span<const double* const> ends, double* z) = nullptr;
    /// x_t of one sample from its parts, with gamma already as it is to be (its sign tells z from
    /// -z).
    void (*mix)(const MixParts& parts, const Coefficients& at, double* out) = nullptr;
};

/// The modulations; one is the plain latent.
Catalogue<ModulationRow> modulations();

/// sum_k w_k x_k + gamma pi z, in this order: the `mix` of modulations that need no other.
void mix_in_order(const MixParts& parts, const Coefficients& at, double* out);

}  // namespace si
