#include "si/net/tape.hpp"

#include <algorithm>
#include <cstdint>

#include "si/base/simd.hpp"
#include "si/net/gemm.hpp"

namespace si {
namespace {

SI_CLONES void to_float(Index n, const double* from, float* __restrict to) {
    for (Index i = 0; i < n; ++i) to[i] = static_cast<float>(from[i]);
}

}  // namespace

template <class T>
Tape<T>::Tape(const Graph& graph, Index capacity, Mode mode) : graph_(&graph), capacity_(capacity) {
    constexpr Index line = 64 / sizeof(T);  // every buffer starts on a cache line
    const auto room = [&](Index rows) { return (rows * capacity + line - 1) / line * line; };
    const bool back = mode == Mode::differentiable;
    const auto& nodes = graph.nodes();
    Index total = line + room(graph.rows(graph.output()));
    std::size_t widest = 0;
    for (const auto& node : nodes) {
        total += room(node.rows) * (back ? 2 : 1);
        if (back && node.op) total += room(node.op->saved_rows());
        widest = std::max(widest, node.inputs.size());
    }
    memory_.assign(static_cast<std::size_t>(total), T(0));

    auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    T* at = memory_.data() + (64 - address % 64) % 64 / sizeof(T);
    const auto take = [&](Index rows) {
        T* const start = at;
        at += room(rows);
        return start;
    };
    for (const auto& node : nodes) {
        Slot slot;
        slot.value = take(node.rows);
        if (back && node.op && node.op->saved_rows() > 0) slot.saved = take(node.op->saved_rows());
        if (back) slot.gradient = take(node.rows);
        slots_.push_back(slot);
    }
    seed_ = take(graph.rows(graph.output()));
    inputs_.resize(widest);
    d_inputs_.resize(widest);
    keep_.resize(widest);
    reached_.resize(nodes.size());
}

template <class T>
T* Tape<T>::input(std::size_t k) {
    return slots_[static_cast<std::size_t>(graph_->inputs()[k])].value;
}

template <class T>
const T* Tape<T>::d_input(std::size_t k) const {
    return slots_[static_cast<std::size_t>(graph_->inputs()[k])].gradient;
}

template <class T>
const T* Tape<T>::forward(const T* parameters, Index columns) {
    if (!weights_) weights_.emplace(*graph_);
    weights_->set(parameters);
    return forward(*weights_, columns);
}

template <class T>
const T* Tape<T>::forward(const Weights<T>& weights, Index columns, const Chance* chance) {
    const auto& nodes = graph_->nodes();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto& node = nodes[i];
        if (!node.op) continue;
        for (std::size_t k = 0; k < node.inputs.size(); ++k) {
            inputs_[k] = slots_[static_cast<std::size_t>(node.inputs[k])].value;
        }
        node.op->forward(ForwardCall<T>{columns,
                                        {inputs_.data(), node.inputs.size()},
                                        weights.flat(),
                                        weights.packed(node),
                                        weights.products(),
                                        slots_[i].value,
                                        slots_[i].saved,
                                        chance});
    }
    return slots_[static_cast<std::size_t>(graph_->output())].value;
}

template <class T>
void Tape<T>::backward(const T*, Index columns, T* d_output, T* d_parameters, bool inputs_wanted) {
    backward(*weights_, columns, d_output, d_parameters, inputs_wanted);
}

template <class T>
void Tape<T>::backward(const Weights<T>& weights, Index columns, T* d_output, T* d_parameters,
                       bool inputs_wanted, T keep) {
    const auto& nodes = graph_->nodes();
    std::fill(reached_.begin(), reached_.end(), 0);
    const auto last = static_cast<std::size_t>(graph_->output());
    reached_[last] = 1;
    for (std::size_t i = last + 1; i-- > 0;) {
        const auto& node = nodes[i];
        if (!node.op || reached_[i] == 0) continue;
        for (std::size_t k = 0; k < node.inputs.size(); ++k) {
            const auto from = static_cast<std::size_t>(node.inputs[k]);
            const bool wanted = inputs_wanted || (d_parameters != nullptr && nodes[from].trained);
            inputs_[k] = slots_[from].value;
            d_inputs_[k] = wanted ? slots_[from].gradient : nullptr;
            keep_[k] = reached_[from] != 0 ? T(1) : T(0);
            if (wanted) reached_[from] = 1;
        }
        node.op->backward(BackwardCall<T>{columns,
                                          {inputs_.data(), node.inputs.size()},
                                          weights.flat(),
                                          weights.packed(node),
                                          weights.products(),
                                          slots_[i].value,
                                          slots_[i].saved,
                                          i == last ? d_output : slots_[i].gradient,
                                          {d_inputs_.data(), node.inputs.size()},
                                          {keep_.data(), node.inputs.size()},
                                          d_parameters,
                                          keep});
    }
    for (const int input : graph_->inputs()) {
        const auto i = static_cast<std::size_t>(input);
        if (inputs_wanted && reached_[i] == 0) {
            std::fill_n(slots_[i].gradient, nodes[i].rows * columns, T(0));
        }
    }
}

template class Tape<float>;
template class Tape<double>;

Index fill_inputs(Tape<float>& tape, const Times& t, ConstMatrix x, ConstMatrix more) {
    const Index d = x.rows(), n = x.cols() + more.cols();
    const Index wide = std::min(padded(n), tape.capacity());
    float *points = tape.input(0), *times = tape.input(1);
    for (const auto* part : {&x, &more}) {
        for (Index j = 0; j < part->cols(); ++j) {
            to_float(d, part->col(j).data(), points);
            points += d;
        }
        to_float(part->cols() * t.rows(), t.numbers().data(), times);
        times += part->cols() * t.rows();
    }
    std::fill_n(points, (wide - n) * d, 0.0F);
    std::fill_n(times, (wide - n) * t.rows(), 0.0F);
    return wide;
}

Index fill_inputs(Tape<float>& tape, const Times& t, ConstMatrix x) {
    return fill_inputs(tape, t, x, x.leftCols(0));
}

}  // namespace si
