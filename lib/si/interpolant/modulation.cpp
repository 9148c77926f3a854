#include "si/interpolant/modulation.hpp"

#include <algorithm>
#include <array>

#include "si/base/simd.hpp"

namespace si {
namespace {

struct Term {
    double weight;
    const double* x;
};

SI_CLONES void mix_two(Index n, Term a, Term b, double* __restrict out) {
    for (Index i = 0; i < n; ++i) out[i] = a.weight * a.x[i] + b.weight * b.x[i];
}

SI_CLONES void mix_three(Index n, Term a, Term b, Term c, double* __restrict out) {
    for (Index i = 0; i < n; ++i) {
        out[i] = a.weight * a.x[i] + b.weight * b.x[i] + c.weight * c.x[i];
    }
}

SI_CLONES void add_term(Index n, Term a, double* __restrict out) {
    for (Index i = 0; i < n; ++i) out[i] += a.weight * a.x[i];
}

constexpr auto kModulations = std::to_array<ModulationRow>({
    {.name = "one",
     .summary = "the latent as it is",
     .spec = spec_of<NoSettings>,
     .mix = mix_in_order},
});

}  // namespace

Catalogue<ModulationRow> modulations() { return {"modulation", kModulations}; }

void mix_in_order(const MixParts& parts, const Coefficients& at, double* out) {
    const Index count = std::ssize(parts.ends), d = parts.dim;
    const auto end = [&](Index k) {
        return Term{at.weights[k], parts.ends[static_cast<std::size_t>(k)]};
    };
    const Term latent{at.gamma, parts.latent};
    if (count == 1 && parts.latent != nullptr) return mix_two(d, end(0), latent, out);
    if (count == 2 && parts.latent != nullptr) return mix_three(d, end(0), end(1), latent, out);
    if (count == 2) return mix_two(d, end(0), end(1), out);
    std::fill_n(out, d, 0.0);
    for (Index k = 0; k < count; ++k) add_term(d, end(k), out);
    if (parts.latent != nullptr) add_term(d, latent, out);
}

}  // namespace si
