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

}  // namespace si
