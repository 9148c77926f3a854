#include "si/net/network.hpp"

#include "si/net/ops.hpp"

namespace si {
namespace {

struct MlpSpec {
    Index width = 256;
    Index depth = 4;
    std::string activation = "silu";
    Index time_features = 4;
    Index fourier = 64;
    double fourier_scale = 3;
    bool residual = false;

    static constexpr auto fields() {
        return std::tuple{
            field("width", &MlpSpec::width, "Units in a hidden layer", kPositive),
            field("depth", &MlpSpec::depth, "Number of hidden layers", kPositive),
            field("activation", &MlpSpec::activation, "Non-linearity",
                  one_of(+[] { return activations().names(); })),
            field("time_features", &MlpSpec::time_features,
                  "Pairs sin(pi k t), cos(pi k t) beside t", kNonNegative),
            field("fourier", &MlpSpec::fourier,
                  "Trained Fourier features of x, in pairs; 0 is none", kNonNegative),
            field("fourier_scale", &MlpSpec::fourier_scale,
                  "Deviation of their phases at the start, in radians, on standardised data",
                  kPositive),
            field("residual", &MlpSpec::residual, "Each hidden layer adds to the one before")};
    }
};

Graph make_mlp(const MlpSpec& spec, NetworkShape shape) {
    Graph graph;
    const Var x = graph.input(shape.dim), t = graph.input(1);
    std::vector<Var> parts{x, harmonics(graph, t, spec.time_features)};
    if (spec.fourier > 0) {
        const Var phase = linear(graph, x, spec.fourier, "fourier",
                                 {.bias = false, .gain = spec.fourier_scale, .exact = true});
        parts.push_back(sine_cosine(graph, phase));
    }
    const double gain = activations().at(spec.activation).gain;
    const LinearOptions hidden{.activation = spec.activation, .gain = gain};
    // What x and t are, and what comes out, is not rounded.
    LinearOptions first = hidden;
    first.exact = true;
    Var h = linear(graph, concat(graph, parts), spec.width, "layer.0", first);
    for (Index k = 1; k < spec.depth; ++k) {
        const Var next = linear(graph, h, spec.width, text("layer.", k), hidden);
        h = spec.residual ? add(graph, h, next) : next;
    }
    graph.output(linear(graph, h, shape.outputs, "output", {.gain = 0.1, .exact = true}));
    return graph;
}

constexpr auto kNetworks = std::to_array<NetworkRow>({
    {"mlp", "fully connected layers", spec_of<MlpSpec>, from_json<make_mlp>},
});

}  // namespace

Catalogue<NetworkRow> networks() { return {"network", kNetworks}; }

}  // namespace si
