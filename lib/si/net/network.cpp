#include "si/net/network.hpp"

#include <algorithm>
#include <array>

#include "si/base/error.hpp"
#include "si/base/lists.hpp"
#include "si/net/backbones.hpp"

namespace si {
// A network is a file of its own, which ends with its row.
NetworkRow mlp_network();
NetworkRow unet_network();
NetworkRow sit_network();

Catalogue<NetworkRow> networks() {
    static const auto rows = std::to_array({mlp_network(), unet_network(), sit_network()});
    return {"network", rows};
}

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

}  // namespace si
