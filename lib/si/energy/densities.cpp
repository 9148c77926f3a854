#include "si/energy/rows.hpp"
#include "si/io/json_file.hpp"
#include "si/io/model_file.hpp"

namespace si {
namespace {

/// Minus the logarithm of a density in closed form.
class DensityFunction : public PointFunction {
  public:
    explicit DensityFunction(GaussianMixture density) : density_(std::move(density)) {}
    void evaluate(ConstMatrix x, Vector& values, Matrix* gradients) const override {
        values = -density_.log_density(x);
        if (gradients != nullptr) *gradients = -density_.score(x);
    }

  private:
    GaussianMixture density_;
};

}  // namespace

MadeFunction make_gaussian_potential(const GaussianPotentialSpec& spec, const SampleShape& shape) {
    return std::make_unique<DensityFunction>(make_gaussian(spec, dimension_of(shape)));
}

MadeFunction make_mixture_potential(const MixturePotentialSpec& spec, const SampleShape& shape) {
    require(!spec.file.empty(), Failure::usage, "give the density: file=FILE");
    Json document = read_json(spec.file);
    return in_context(spec.file, [&] {
        // Of a model, its target.
        if (document.is_object() && document.contains("field")) {
            const Model model = model_from_json(document);
            require(model.transform.is_identity(), Failure::data,
                    "is a model that was trained, whose target is not in closed form");
            document = model.field;
        }
        const auto density = Choice<densities>::from_json(document);
        require(density.kind() != "point", Failure::data, "a point has no density");
        return std::make_unique<DensityFunction>(density.make(dimension_of(shape)));
    });
}

}  // namespace si
