#include "si/task/synthetic.hpp"

#include <iterator>

#include "si/base/parts.hpp"

namespace si {

void write_synthetic(DataWriter& out, const Choice<generators>& choice, const SyntheticSpec& spec,
                     std::uint64_t seed, Threads& threads) {
    const auto generator = choice.make();
    out.attribute("generator", spelled(choice.json()));
    out.attribute("seed", seed);
    if (generator.entropy) out.attribute("entropy", to_text(*generator.entropy));
    const auto type = spec.dtype == "f32" ? ElementType::f32 : ElementType::f64;
    require_countable(spec.n, generator.dim);
    out.promise("/x", spec.n, {generator.dim}, type);
    if (generator.log_density) out.promise("/log_density", spec.n, {});
    Matrix x, log_density;
    for (const Columns& part : parts_of(spec.n, generator.dim, threads)) {
        x.resize(generator.dim, part.count);
        log_density.resize(1, generator.log_density ? part.count : 0);
        const auto some = chunks(part.count, 4096);
        threads.for_each(std::ssize(some), [&](Index i, int) {
            const auto [first, count] = some[static_cast<std::size_t>(i)];
            const auto columns = x.middleCols(first, count);
            generator.fill(seed, part.first + first, columns);
            if (!generator.log_density) return;
            log_density.middleCols(first, count) = generator.log_densities(columns).transpose();
        });
        out.append("/x", x);
        if (generator.log_density) out.append("/log_density", log_density);
    }
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
