#include "si/density/generator.hpp"

#include <array>

#include "si/density/sets.hpp"
#include "si/density/shapes.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

template <class Spec, Generator (*Make)(const Spec&)>
constexpr GeneratorRow row(std::string_view name, std::string_view summary) {
    return {name, summary, spec_of<Spec>, from_json<Make>};
}

constexpr auto kGenerators = std::to_array<GeneratorRow>({
    row<NoSettings, checkerboard>("checkerboard", "2-D board on [-4, 4]^2, entropy ln 32"),
    row<GaussianSetSpec, gaussian>("gaussian", "independent normal coordinates"),
    row<UniformSpec, uniform_box>("uniform", "a box"),
    row<TwoGaussiansSpec, two_gaussians>("two-gaussians", "1-D, two modes"),
    row<CombSpec, comb>("comb", "1-D, equal modes at equal distances"),
    row<CombSpec, grid>("grid", "2-D, equal modes on a square grid"),
    row<RingSpec, ring>("ring", "2-D, equal modes on a circle"),
    row<MixtureSetSpec, mixture>("mixture", "any dimension, random means and covariances"),
    row<FunnelSpec, funnel>("funnel", "Neal's funnel: a scale that varies by orders of magnitude"),
    row<BananaSpec, banana>("banana", "2-D Gaussian, bent"),
    row<MoonsSpec, moons>("moons", "2-D, two interleaved half circles"),
    row<CirclesSpec, circles>("circles", "2-D, two concentric circles"),
    row<SpiralSpec, spiral>("spiral", "2-D, arms of a spiral"),
    row<PinwheelSpec, pinwheel>("pinwheel", "2-D, twisted arms"),
    row<SwissRollSpec, swiss_roll>("swiss-roll", "2-D, the cross-section of a Swiss roll"),
});

}  // namespace

Catalogue<GeneratorRow> generators() { return {"generator", kGenerators}; }

void Generator::fill(std::uint64_t seed, Index first, MatrixRef out) const {
    Matrix u(uniforms, out.cols()), z(normals, out.cols());
    if (uniforms > 0) fill_uniform({seed, Purpose::data, 0}, first, u);
    if (normals > 0) fill_normal({seed, Purpose::data, 1}, first, z);
    for (Index j = 0; j < out.cols(); ++j) {
        point(u.col(j).data(), z.col(j).data(), out.col(j).data());
    }
}

Vector Generator::log_densities(ConstMatrix x) const {
    require(log_density != nullptr, Failure::usage, "this data set has no known density");
    Vector out(x.cols());
    for (Index j = 0; j < x.cols(); ++j) out[j] = log_density(x.col(j).data());
    return out;
}

}  // namespace si
