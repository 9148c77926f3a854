#include "si/density/known.hpp"

#include "si/random/draw.hpp"

namespace si {

KnownDensity known_density(const Choice<generators>& set) {
    const Generator generator = set.make();
    require(generator.log_density != nullptr, Failure::usage, set.kind(), " has no known density");
    return {generator.dim,
            [generator](std::uint64_t seed, Index first, MatrixRef out) {
                generator.fill(random_word({seed, Purpose::check, 20}, 0), first, out);
            },
            [generator](ConstMatrix x) { return generator.log_densities(x); }};
}

KnownDensity known_density(GaussianMixture mixture) {
    const Index dim = mixture.dim();
    const auto shared = std::make_shared<const GaussianMixture>(std::move(mixture));
    return {dim,
            [shared](std::uint64_t seed, Index first, MatrixRef out) {
                shared->sample({seed, Purpose::check, 21}, first, out);
            },
            [shared](ConstMatrix x) { return shared->log_density(x); }};
}

}  // namespace si
