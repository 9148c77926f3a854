#include "si/io/synthetic.hpp"

#include <iterator>

namespace si {

void write_synthetic(DataWriter& out, const Choice<generators>& choice, const SyntheticSpec& spec,
                     std::uint64_t seed, Threads& threads) {
    const auto generator = choice.make();
    Matrix x = allocate(generator.dim, spec.n);
    Matrix log_density = allocate(1, generator.log_density ? spec.n : 0);
    const auto parts = chunks(spec.n, 4096);
    threads.for_each(std::ssize(parts), [&](Index i, int) {
        const auto [first, count] = parts[static_cast<std::size_t>(i)];
        const auto part = x.middleCols(first, count);
        generator.fill(seed, first, part);
        if (!generator.log_density) return;
        log_density.middleCols(first, count) = generator.log_densities(part).transpose();
    });
    out.attribute("generator", spelled(choice.json()));
    out.attribute("seed", seed);
    if (generator.entropy) out.attribute("entropy", to_text(*generator.entropy));
    const auto type = spec.dtype == "f32" ? ElementType::f32 : ElementType::f64;
    out.write("/x", x, {generator.dim}, type);
    if (generator.log_density) out.write("/log_density", log_density, {});
}

namespace {

Json density_of(const Choice<generators>& choice) {
    const auto generator = choice.make();
    require(generator.modes != nullptr, Failure::usage, choice.kind(),
            " is not a mixture of Gaussians, so its fields have no closed form");
    std::vector<double> weights;
    std::vector<Vector> means;
    std::vector<Matrix> covariances;
    for (const auto& mode : generator.modes()) {
        weights.push_back(mode.weight);
        means.push_back(mode.mean);
        covariances.push_back(mode.covariance);
    }
    Json density{{"kind", "mixture"}};
    density.update(GaussianMixture(weights, means, covariances).to_json());
    return density;
}

}  // namespace

Model exact_model(const Choice<generators>& target, const std::optional<Choice<generators>>& base,
                  const InterpolantSpec& interpolant) {
    Model model;
    model.dim = target.make().dim;
    model.shape = {model.dim};
    model.interpolant = interpolant;
    model.transform = Transform::identity(model.dim);
    model.field = density_of(target);
    if (base) model.base = Choice<bases>::from_json(density_of(*base));
    make_field(model);
    return model;
}

}  // namespace si
