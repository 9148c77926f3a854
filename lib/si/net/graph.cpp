#include "si/net/graph.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "si/base/error.hpp"
#include "si/base/lists.hpp"
#include "si/base/product.hpp"
#include "si/net/gemm.hpp"
#include "si/random/draw.hpp"

namespace si {

namespace {

constexpr Index kMostParameters = Index{1} << 36;

/// Blocks of floats that begin on cache lines.
constexpr Index padded_to_line(Index size) { return (size + 15) / 16 * 16; }

}  // namespace

Index Tensor::size() const { return product_of(shape); }

Var Graph::input(Index rows) {
    nodes_.push_back({nullptr, {}, rows, false, 0});
    inputs_.push_back(static_cast<int>(nodes_.size()) - 1);
    return {inputs_.back(), rows, 1};
}

Var Graph::apply(std::shared_ptr<const Op> op, const std::vector<Var>& inputs, Index rows,
                 bool has_parameters, Index positions) {
    Node node{std::move(op), {}, rows, has_parameters, packed_};
    packed_ += padded_to_line(node.op->packed_size());
    for (const Var& input : inputs) {
        node.inputs.push_back(input.node);
        node.trained |= nodes_[static_cast<std::size_t>(input.node)].trained;
    }
    nodes_.push_back(std::move(node));
    output_ = static_cast<int>(nodes_.size()) - 1;
    return {output_, rows, positions};
}

Index Graph::tensor(std::string name, std::vector<Index> shape, Init init) {
    const auto size = product_up_to(kMostParameters - parameters_, shape);
    require(size.has_value(), Failure::usage, "the network has more than ", kMostParameters,
            " parameters");
    tensors_.push_back({std::move(name), std::move(shape), parameters_, init});
    return std::exchange(parameters_, parameters_ + *size);
}

Index Graph::products() const {
    Index total = 0;
    for (const Node& node : nodes_) {
        if (node.op) total += node.op->products();
    }
    return total;
}

Index Graph::columns_together(Index most) const {
    // Vectors pass by the hundred, so that products are large. An image has positions enough for
    // that by itself, and its activations are what fills the cache.
    constexpr Index kManyRows = Index{1} << 16, kRowsTogether = Index{1} << 23;
    Index rows = 0;
    for (const Node& node : nodes_) rows += node.rows;
    if (rows < kManyRows) return most;
    const Index together = std::clamp<Index>(kRowsTogether / rows, 1, most);
    return together < kColumnPadding ? together : together / kColumnPadding * kColumnPadding;
}

Eigen::VectorXf Graph::initial(std::uint64_t seed) const {
    Eigen::VectorXf start(parameters_);
    for (std::size_t k = 0; k < tensors_.size(); ++k) {
        const Tensor& tensor = tensors_[k];
        Matrix z(tensor.size(), 1);
        fill_normal({seed, Purpose::weights, static_cast<std::uint32_t>(k)}, 0, z);
        start.segment(tensor.offset, tensor.size()) =
            (z.col(0).array() * tensor.init.deviation + tensor.init.value).cast<float>();
    }
    return start;
}

}  // namespace si
