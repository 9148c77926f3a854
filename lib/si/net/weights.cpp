#include "si/net/weights.hpp"

#include <cstdint>
#include <type_traits>

namespace si {

template <class T>
Weights<T>::Weights(const Graph& graph, Precision precision)
    : graph_(&graph), products_(&chosen_kernels(precision)) {
    if constexpr (std::is_same_v<T, float>) {
        constexpr Index line = 64 / sizeof(T);
        memory_.resize(static_cast<std::size_t>(graph.packed_size() + line));
        const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
        packed_ = memory_.data() + (64 - address % 64) % 64 / sizeof(T);
        for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
            const auto& op = graph.nodes()[i].op;
            if (op && op->packed_size() > 0) packed_nodes_.push_back(i);
        }
    }
}

template <class T>
void Weights<T>::take(Index piece) {
    if constexpr (std::is_same_v<T, float>) {
        const auto& node = graph_->nodes()[packed_nodes_[static_cast<std::size_t>(piece)]];
        node.op->pack(*products_, flat_, packed_ + node.packed);
    }
}

template <class T>
void Weights<T>::set(const T* parameters) {
    refer(parameters);
    for (Index piece = 0; piece < pieces(); ++piece) take(piece);
}

template class Weights<float>;
template class Weights<double>;

}  // namespace si
