#include "si/io/onnx_graph.hpp"

#include <cstring>

#include "si/base/text.hpp"
#include "si/version.hpp"

namespace si {
namespace {

constexpr std::uint64_t kIrVersion = 7, kOpset = 13;

/// ValueInfoProto of a batch of n columns.
Message value_info(const std::string& name, OnnxGraph::Type type, Index width) {
    Message shape;
    shape.message(1, Message().text(2, "n"));
    if (width > 0) shape.message(1, Message().integer(1, static_cast<std::uint64_t>(width)));
    Message tensor;
    tensor.integer(1, static_cast<std::uint64_t>(type)).message(2, shape);
    return Message().text(1, name).message(2, Message().message(1, tensor));
}

}  // namespace

void OnnxGraph::input(const std::string& name, Type type, Index width) {
    inputs_.message(11, value_info(name, type, width));
}

void OnnxGraph::output(const std::string& name, Index width) {
    outputs_.message(12, value_info(name, Type::float32, width));
}

std::string OnnxGraph::constant(const std::string& name, const std::vector<Index>& shape,
                                std::string_view bytes) {
    Message tensor;
    for (const Index size : shape) tensor.integer(1, static_cast<std::uint64_t>(size));
    tensor.integer(2, static_cast<std::uint64_t>(Type::float32)).text(8, name).text(9, bytes);
    tensors_.message(5, tensor);
    return name;
}

std::string OnnxGraph::constant(const std::string& name, const std::vector<Index>& shape,
                                const std::vector<float>& values) {
    return constant(name, shape,
                    {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

std::string OnnxGraph::constant(float value) { return constant(next(), {}, {&value, &value + 1}); }

std::string OnnxGraph::row(const Vector& values) {
    return constant(next(), {1, values.size()}, std::vector<float>(values.begin(), values.end()));
}

std::string OnnxGraph::apply(std::string_view op, const std::vector<std::string>& inputs,
                             const Message& attributes) {
    const std::string name = next();
    apply_as(name, op, inputs, attributes);
    return name;
}

void OnnxGraph::apply_as(const std::string& name, std::string_view op,
                         const std::vector<std::string>& inputs, const Message& attributes) {
    Message node = attributes;
    for (const auto& one : inputs) node.text(1, one);
    node.text(2, name).text(3, name).text(4, op);
    nodes_.message(1, node);
}

Message OnnxGraph::attribute(const std::string& name, Index value) {
    constexpr std::uint64_t kInt = 2;
    return Message().message(
        5, Message().text(1, name).integer(3, static_cast<std::uint64_t>(value)).integer(20, kInt));
}

std::string OnnxGraph::file(const std::string& notes,
                            const std::vector<std::pair<std::string, std::string>>& texts) const {
    // Messages follow one another: those of one field are a list, wherever they stand.
    Message model;
    model.integer(1, kIrVersion).text(2, "si-tools").text(3, kVersion);
    model.text(6, notes);
    const std::string name = Message().text(2, "field").bytes();
    model.text(7, nodes_.bytes() + name + tensors_.bytes() + inputs_.bytes() + outputs_.bytes());
    model.message(8, Message().text(1, "").integer(2, kOpset));
    for (const auto& [key, value] : texts) {
        model.message(14, Message().text(1, key).text(2, value));
    }
    return model.bytes();
}

}  // namespace si
