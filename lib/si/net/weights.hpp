#pragma once

#include <vector>

#include "si/net/graph.hpp"

// Parameters of a network in the order in which matrix products read them.

namespace si {

/// The parameters of a network as it runs with them: the flat vector, which the caller owns, and
/// copies of its matrices in the order in which products read them, and in their precision. Threads
/// may share one.
template <class T>
class Weights {
  public:
    explicit Weights(const Graph& graph, Precision precision = Precision::float32);
    Weights(Weights&&) noexcept = default;  // the copies stay where they are
    Weights(const Weights&) = delete;

    /// Takes the values that stand in `parameters`, which must outlive their use.
    void set(const T* parameters);

    /// The same in pieces that different threads may do: refer() first, then every take(piece).
    void refer(const T* parameters) { flat_ = parameters; }
    Index pieces() const { return std::ssize(packed_nodes_); }
    void take(Index piece);

    const T* flat() const { return flat_; }
    const ProductKernels* products() const { return products_; }
    const T* packed(const Graph::Node& node) const {
        return packed_ == nullptr ? nullptr : packed_ + node.packed;
    }

  private:
    const Graph* graph_;
    const ProductKernels* products_;
    const T* flat_ = nullptr;
    std::vector<T> memory_;
    T* packed_ = nullptr;
    std::vector<std::size_t> packed_nodes_;
};

}  // namespace si
