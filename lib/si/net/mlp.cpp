#include "si/base/lists.hpp"
#include "si/net/backbones.hpp"

// Fully connected layers on x, on sines and cosines of t, and on trained Fourier features of x.

namespace si {

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

NetworkRow mlp_network() {
    return {.name = "mlp",
            .summary = "fully connected layers",
            .spec = spec_of<MlpSpec>,
            .make = from_json<make_mlp>};
}

}  // namespace si
