#include "si/plot/picture.hpp"

#include <algorithm>

#include "si/plot/kinds.hpp"

namespace si {
namespace {

using namespace plot;

constexpr auto kPictures = std::to_array<PictureRow>({
    {"scatter", "two coordinates as points, with all files in one frame", spec_of<ScatterSpec>,
     from_json<scatter>},
    {"density", "two-dimensional histograms, with files side by side", spec_of<DensitySpec>,
     from_json<density>},
    {"marginals", "histograms of each coordinate, with densities of models as curves",
     spec_of<MarginalsSpec>, from_json<marginals>},
    {"pairs", "every pair of several coordinates", spec_of<PairsSpec>, from_json<pairs>},
    {"trajectories", "paths of si-sample --trajectory", spec_of<TrajectoriesSpec>,
     from_json<trajectories>},
    {"flow", "stream lines of a model's velocity, over samples that it carries", spec_of<FlowSpec>,
     from_json<flow>},
    {"curves", "loss and validation from a log, or from the history in a model",
     spec_of<CurvesSpec>, from_json<curves>},
    {"epsilon", "cross-entropies from si-likelihood --epsilon, with standard errors",
     spec_of<SweepSpec>, from_json<sweep>},
    {"grid", "samples as small images, in grey or colour", spec_of<GridSpec>, from_json<grid>},
});

}  // namespace

bool shown_as_images(const Samples& samples) {
    const bool shaped = samples.shape.size() >= 2 || (samples.dim() >= 49 && image_size(samples));
    return samples.dim() > 2 && shaped;
}

Catalogue<PictureRow> pictures() { return {"picture", kPictures}; }

std::string_view suitable_picture(const Source& source) {
    if (source.model) return source.model->dim() <= 2 ? "flow" : "curves";
    if (!source.samples) {
        const bool sweeps = std::any_of(
            source.lines.begin(), source.lines.end(),
            [](const Json& l) { return l.contains("epsilon") && l.contains("cross_entropy"); });
        return sweeps ? "epsilon" : "curves";
    }
    const Samples& samples = *source.samples;
    if (samples.dim() == 1) return "marginals";
    if (samples.dim() == 2) return "density";
    return shown_as_images(samples) ? "grid" : "pairs";
}

}  // namespace si
