#include "si/io/onnx.hpp"

#include <array>
#include <cmath>
#include <map>
#include <numbers>

#include "si/base/lists.hpp"
#include "si/io/export.hpp"
#include "si/io/onnx_graph.hpp"
#include "si/model/network_field.hpp"
#include "si/net/backbones.hpp"

namespace si {
namespace {

/// What a network is made of and from.
struct Parts {
    OnnxGraph& graph;
    std::map<std::string, NamedTensor> tensors;
    std::string x, t, label, condition;  ///< values; empty where the model has none
    std::string prefix;                  ///< "b." of a tensor's name

    std::string tensor(const std::string& name) {
        const NamedTensor& found = tensors.at(prefix + name);
        return graph.constant(found.name, found.shape, found.values);
    }
    std::string linear(const std::string& from, const std::string& name) {
        std::vector<std::string> inputs{from, tensor(name + ".weight")};
        if (tensors.count(prefix + name + ".bias") > 0) inputs.push_back(tensor(name + ".bias"));
        return graph.apply("Gemm", inputs, OnnxGraph::attribute("transB", 1));
    }
    std::string together(const std::vector<std::string>& values) {
        return graph.apply("Concat", values, OnnxGraph::attribute("axis", 1));
    }
};

using Activation = std::string (*)(OnnxGraph& graph, const std::string& x);

std::string gelu(OnnxGraph& graph, const std::string& x) {
    const auto scaled = graph.apply("Mul", {x, graph.constant(std::numbers::sqrt2_v<float> / 2)});
    const auto erf = graph.apply("Add", {graph.apply("Erf", {scaled}), graph.constant(1.0F)});
    return graph.apply("Mul", {graph.apply("Mul", {x, erf}), graph.constant(0.5F)});
}

std::string gelu_tanh(OnnxGraph& graph, const std::string& x) {
    const auto square = graph.apply("Mul", {x, x});
    const auto rest = graph.apply("Mul", {square, graph.constant(0.044715F)});
    const auto cubic = graph.apply("Mul", {x, graph.apply("Add", {rest, graph.constant(1.0F)})});
    const float twice = 2 * std::sqrt(2 / std::numbers::pi_v<float>);
    const auto u = graph.apply("Mul", {cubic, graph.constant(twice)});
    return graph.apply("Mul", {x, graph.apply("Sigmoid", {u})});
}

/// How the rows of activations() are spelled in ONNX.
const std::map<std::string, Activation> kActivations{
    {"silu",
     [](OnnxGraph& g, const std::string& x) {
         return g.apply("Mul", {x, g.apply("Sigmoid", {x})});
     }},
    {"gelu", gelu},
    {"gelu-tanh", gelu_tanh},
    {"relu", [](OnnxGraph& g, const std::string& x) { return g.apply("Relu", {x}); }},
    {"tanh", [](OnnxGraph& g, const std::string& x) { return g.apply("Tanh", {x}); }},
    {"none", [](OnnxGraph&, const std::string& x) { return x; }}};

/// As make_mlp() records it.
std::string mlp(const Json& settings, Parts& parts) {
    const auto spec = read_spec<MlpSpec>(settings);
    OnnxGraph& graph = parts.graph;
    std::vector<std::string> inputs{parts.x, parts.t};
    for (Index k = 1; k <= spec.time_features; ++k) {
        const float turn = std::numbers::pi_v<float> * static_cast<float>(k);
        const auto phase = graph.apply("Mul", {parts.t, graph.constant(turn)});
        inputs.push_back(graph.apply("Sin", {phase}));
        inputs.push_back(graph.apply("Cos", {phase}));
    }
    if (!parts.label.empty()) {
        inputs.push_back(graph.apply("Gather", {parts.tensor("label.weight"), parts.label}));
    }
    if (!parts.condition.empty()) inputs.push_back(parts.condition);
    if (spec.fourier > 0) {
        const auto phase = parts.linear(parts.x, "fourier");
        inputs.push_back(graph.apply("Sin", {phase}));
        inputs.push_back(graph.apply("Cos", {phase}));
    }
    const Activation act = kActivations.at(spec.activation);
    std::string h = act(graph, parts.linear(parts.together(inputs), "layer.0"));
    for (Index k = 1; k < spec.depth; ++k) {
        const auto next = act(graph, parts.linear(h, text("layer.", k)));
        h = spec.residual ? graph.apply("Add", {h, next}) : next;
    }
    return parts.linear(h, "output");
}

struct OnnxNetwork {
    std::string_view name, summary;
    SpecInfo spec;
    std::string (*make)(const Json& settings, Parts& parts);
};

constexpr auto kNetworks = std::to_array<OnnxNetwork>({
    {"mlp", "fully connected layers", spec_of<MlpSpec>, mlp},
});

/// x M^T + c for each row x of `from`, as products with a row where M is diagonal.
std::string affine(OnnxGraph& graph, const std::string& from, const Matrix& m, const Vector& c,
                   const std::string& result) {
    const bool moved = !c.isZero(0);
    std::string value = from;
    const auto step = [&](bool last, std::string_view op, const std::string& with) {
        if (!last) return value = graph.apply(op, {value, with});
        graph.apply_as(result, op, {value, with});
        return value = result;
    };
    if (m.isDiagonal(0)) {
        step(!moved, "Mul", graph.row(m.diagonal()));
    } else {
        const Eigen::MatrixXf columns = m.cast<float>();  // of M are rows of M^T
        const std::vector<float> values(columns.data(), columns.data() + columns.size());
        step(!moved, "MatMul", graph.constant(result + ".factor", {m.cols(), m.rows()}, values));
    }
    if (moved) step(true, "Add", graph.row(c));
    return result;
}

/// The quantity in the model's coordinates becomes that of the data, which is affine in it: what
/// to_data_coordinates() does to zero and to unit vectors says how.
void to_data(OnnxGraph& graph, const Model& model, const Quantity& row, const std::string& from) {
    FieldValues values;
    Matrix& probes = values.*row.value;
    probes = Matrix::Zero(model.dim, model.dim + 1);
    probes.rightCols(model.dim).setIdentity();
    to_data_coordinates(model, row.flag, values);
    const Vector zero = probes.col(0);
    affine(graph, from, probes.rightCols(model.dim).colwise() - zero, zero, std::string(row.name));
}

/// The data in the model's coordinates.
std::string standardised(OnnxGraph& graph, const Transform& transform, const std::string& x) {
    const auto centred = graph.apply("Sub", {x, graph.row(transform.shift)});
    Transform linear = transform;
    linear.shift.setZero();
    const Index d = transform.shift.size();
    return affine(graph, centred, linear.from_data(Matrix::Identity(d, d)), Vector::Zero(d),
                  "standardised");
}

/// Conditions as the network sees them.
std::string conditions_seen(OnnxGraph& graph, const Conditions& conditions) {
    const Index each = conditions.numbers() / std::ssize(conditions.shift);
    Vector shift(conditions.numbers()), inverse(conditions.numbers());
    for (Index i = 0; i < shift.size(); ++i) {
        shift[i] = conditions.shift[static_cast<std::size_t>(i / each)];
        inverse[i] = 1 / conditions.scale[static_cast<std::size_t>(i / each)];
    }
    const auto centred = graph.apply("Sub", {"condition", graph.row(shift)});
    return graph.apply("Mul", {centred, graph.row(inverse)});
}

}  // namespace

std::string onnx_file(const Model& model) {
    auto [tensors, rest] = take_apart(model);
    const auto spec = read_spec<NetworkFieldSpec>(without_kind(model.field));
    require(!spec.masked, Failure::data, "fields with a mask are not exported to ONNX");
    const Catalogue<OnnxNetwork> known("network with an ONNX form", kNetworks);
    const auto& network = in_context("/field/net", [&]() -> const OnnxNetwork& {
        try {
            return known.at(spec.net.kind());
        } catch (const Error& error) {
            throw error.as(Failure::data);
        }
    });

    OnnxGraph graph;
    const Conditions conditions = spec.conditions();
    graph.input("x", OnnxGraph::Type::float32, model.dim);
    graph.input("t", OnnxGraph::Type::float32, 1);
    if (conditions.labels > 0) graph.input("label", OnnxGraph::Type::int64, 0);
    if (conditions.numbers() > 0) {
        graph.input("condition", OnnxGraph::Type::float32, conditions.numbers());
    }
    Parts parts{graph, {}, standardised(graph, model.transform, "x"), "t", "", "", ""};
    if (conditions.labels > 0) parts.label = "label";
    if (conditions.numbers() > 0) {
        parts.condition = !conditions.shift.empty() ? conditions_seen(graph, conditions)
                          : model.given_start() ? standardised(graph, model.transform, "condition")
                                                : std::string("condition");
    }
    for (NamedTensor& tensor : tensors) parts.tensors.emplace(tensor.name, std::move(tensor));
    for (const Quantity* row : parse_learned(spec.learn)) {
        parts.prefix = text(row->name, ".");
        to_data(graph, model, *row, network.make(spec.net.settings(), parts));
        graph.output(std::string(row->name), model.dim);
    }
    return graph.file(
        text("Fields ", spec.learn,
             " of a stochastic interpolant (arXiv:2303.08797) at points x and times t, both in the "
             "coordinates of the data; t = 0 is the base and t = 1 the target."),
        {{"si_model", rest.dump()}});
}

}  // namespace si
