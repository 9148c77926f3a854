#include "si/net/network.hpp"

#include <algorithm>

#include "si/base/error.hpp"
#include "si/base/lists.hpp"
#include "si/net/backbones.hpp"

namespace si {
namespace {

constexpr auto kNetworks = std::to_array<NetworkRow>({
    {.name = "mlp",
     .summary = "fully connected layers",
     .spec = spec_of<MlpSpec>,
     .make = from_json<make_mlp>},
    {.name = "unet",
     .summary = "convolutions at several resolutions, for images",
     .spec = spec_of<UnetSpec>,
     .make = from_json<make_unet>,
     .images = true},
    {.name = "sit",
     .summary = "a transformer on patches of images (arXiv:2401.08740)",
     .spec = spec_of<SitSpec>,
     .make = from_json<make_sit>,
     .images = true},
});

}  // namespace

Catalogue<NetworkRow> networks() { return {"network", kNetworks}; }

Index NetworkShape::condition_rows() const { return condition.empty() ? 0 : product_of(condition); }

NetworkInputs::NetworkInputs(Graph& graph, const NetworkShape& shape)
    : x(graph.input(shape.dim)), t(graph.input(1)) {
    if (shape.labels > 0) label = graph.input(1);
    if (shape.condition_rows() > 0) condition = graph.input(shape.condition_rows());
}

ImageInput::ImageInput(Graph& graph, const NetworkShape& shape, const NetworkInputs& inputs) {
    require(shape.shape.size() == 3, Failure::usage,
            "this network is for images (channels, height, width)");
    size = {shape.shape[1], shape.shape[2]};
    image = channels_last(graph, inputs.x, shape.shape[0]);
    if (!inputs.condition) return;
    const auto& condition = shape.condition;
    if (condition.size() == 3 && condition[1] == size.height && condition[2] == size.width) {
        image = concat(graph, {image, channels_last(graph, *inputs.condition, condition[0])});
    } else {
        require(
            condition.size() == 1, Failure::usage,
            "a condition is a list of numbers, or channels of the height and width of the image");
        numbers = inputs.condition;
    }
}

void finish(Graph& graph, Var y, const NetworkShape& shape, const NetworkInputs& inputs) {
    graph.output(shape.masked ? hide(graph, y, *inputs.condition) : y);
}

Graph make_mlp(const MlpSpec& spec, const NetworkShape& shape) {
    Graph graph;
    const NetworkInputs inputs(graph, shape);
    std::vector<Var> parts{inputs.x, harmonics(graph, inputs.t, spec.time_features)};
    if (inputs.label) {
        parts.push_back(
            embed(graph, *inputs.label, shape.labels + 1, spec.label_features, "label", 1));
    }
    if (inputs.condition) parts.push_back(*inputs.condition);
    if (spec.fourier > 0) {
        const Var phase = linear(graph, inputs.x, spec.fourier, "fourier",
                                 {.bias = false, .gain = spec.fourier_scale, .exact = true});
        parts.push_back(sine_cosine(graph, phase));
    }
    const double gain = activations().at(spec.activation).gain;
    const LinearOptions hidden{.activation = spec.activation, .gain = gain};
    // What x and t are, and what comes out, is not rounded.
    LinearOptions first = hidden;
    first.exact = true;
    Var h = linear(graph, concat(graph, parts), spec.width, "layer.0", first);
    h = dropout(graph, h, spec.dropout);
    for (Index k = 1; k < spec.depth; ++k) {
        Var next = linear(graph, h, spec.width, text("layer.", k), hidden);
        next = dropout(graph, next, spec.dropout);
        h = spec.residual ? add(graph, h, next) : next;
    }
    finish(graph, linear(graph, h, shape.outputs, "output", {.gain = 0.1, .exact = true}), shape,
           inputs);
    return graph;
}

}  // namespace si
