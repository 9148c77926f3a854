#include <algorithm>
#include <cmath>

#include "si/base/error.hpp"
#include "si/net/op_of.hpp"
#include "si/net/ops.hpp"

// Numbers and labels as vectors.

namespace si {
namespace {

/// Row `label` of a table; a label that it has not is an error of the caller.
struct EmbedOp : OpOf<EmbedOp> {
    Index count, width, weight;

    EmbedOp(Index count, Index width, Index weight) : count(count), width(width), weight(weight) {}

    template <class T>
    Index row(T label) const {
        return std::clamp<Index>(static_cast<Index>(label), 0, count - 1);
    }

    template <class T>
    void run(const ForwardCall<T>& c) const {
        for (Index j = 0; j < c.columns; ++j) {
            std::copy_n(c.parameters + weight + row(c.inputs[0][j]) * width, width,
                        c.output + j * width);
        }
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        if (c.d_inputs[0] != nullptr && c.keep[0] == T(0)) {  // labels have no derivative
            std::fill_n(c.d_inputs[0], c.columns, T(0));
        }
        if (c.d_parameters == nullptr) return;
        T* const table = c.d_parameters + weight;
        if (c.keep_parameters == T(0)) std::fill_n(table, count * width, T(0));
        for (Index j = 0; j < c.columns; ++j) {
            T* const to = table + row(c.inputs[0][j]) * width;
            for (Index i = 0; i < width; ++i) to[i] += c.d_output[j * width + i];
        }
    }
};

/// Cosines, then sines, of x at frequencies that fall geometrically from 1 to 1 / longest (Vaswani
/// et al. 2017, as Ho, Jain and Abbeel 2020 use it).
struct SinusoidsOp : OpOf<SinusoidsOp> {
    std::vector<double> frequencies;

    SinusoidsOp(Index count, double longest) {
        for (Index k = 0; k < count; ++k) {
            frequencies.push_back(
                std::pow(longest, -static_cast<double>(k) / static_cast<double>(count)));
        }
    }

    template <class T>
    void run(const ForwardCall<T>& c) const {
        T* y = c.output;
        for (Index j = 0; j < c.columns; ++j) {
            for (const double f : frequencies) *y++ = std::cos(static_cast<T>(f) * c.inputs[0][j]);
            for (const double f : frequencies) *y++ = std::sin(static_cast<T>(f) * c.inputs[0][j]);
        }
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        T* const dx = c.d_inputs[0];
        if (dx == nullptr) return;
        const T *y = c.output, *dy = c.d_output;
        const Index count = std::ssize(frequencies);
        for (Index j = 0; j < c.columns; ++j, y += 2 * count, dy += 2 * count) {
            T sum = 0;
            for (Index k = 0; k < count; ++k) {
                sum += static_cast<T>(frequencies[static_cast<std::size_t>(k)]) *
                       (y[k] * dy[count + k] - y[count + k] * dy[k]);
            }
            dx[j] = c.keep[0] == T(0) ? sum : dx[j] + sum;
        }
    }
};

}  // namespace

Var embed(Graph& graph, Var label, Index count, Index width, const std::string& name,
          double deviation) {
    require(label.rows == 1, Failure::internal, "embed: ", label.rows, " labels a column");
    const Index weight = graph.tensor(name + ".weight", {count, width}, {deviation, 0});
    return graph.apply(std::make_shared<EmbedOp>(count, width, weight), {label}, width, true);
}

Var sinusoids(Graph& graph, Var x, Index count, double longest) {
    require(x.rows == 1, Failure::internal, "sinusoids: ", x.rows, " numbers a column");
    return graph.apply(std::make_shared<SinusoidsOp>(count, longest), {x}, 2 * count);
}

}  // namespace si
