#include "si/net/ops.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "si/base/error.hpp"
#include "si/base/simd.hpp"
#include "si/net/gemm.hpp"
#include "si/net/op_of.hpp"

namespace si {
namespace {

SI_CLONES void times(Index n, const float* slope, float* dy) {
    for (Index i = 0; i < n; ++i) dy[i] *= slope[i];
}
void times(Index n, const double* slope, double* dy) {
    for (Index i = 0; i < n; ++i) dy[i] *= slope[i];
}

template <class T>
SI_INLINE void add_columns(Index rows, Index columns, const T* slope, T* __restrict dy,
                           T* __restrict sum) {
    for (Index j = 0; j < columns; ++j, dy += rows) {
        if (slope != nullptr) {
            for (Index i = 0; i < rows; ++i) {
                dy[i] *= slope[j * rows + i];
                sum[i] += dy[i];
            }
        } else {
            for (Index i = 0; i < rows; ++i) sum[i] += dy[i];
        }
    }
}

/// dy times the slope, unless that is null, in one pass with sum += the columns of dy.
SI_CLONES void times_and_sum(Index rows, Index columns, const float* slope, float* dy, float* sum) {
    add_columns(rows, columns, slope, dy, sum);
}
void times_and_sum(Index rows, Index columns, const double* slope, double* dy, double* sum) {
    add_columns(rows, columns, slope, dy, sum);
}

struct LinearOp : OpOf<LinearOp> {
    Index in, out, positions, weight, bias;  // bias < 0: none
    const Activation* act;
    bool curved;  // the activation is not the identity
    bool exact;   // in float32 whatever the precision

    LinearOp(Index in, Index out, Index positions, Index weight, Index bias, const Activation& act,
             bool exact)
        : in(in),
          out(out),
          positions(positions),
          weight(weight),
          bias(bias),
          act(&act),
          curved(act.name != "none"),
          exact(exact) {}

    Index saved_rows() const override { return curved ? out * positions : 0; }
    Index products() const override { return out * in * positions; }
    Index packed_size() const override { return si::packed_size(out, in); }
    void pack(const ProductKernels& products, const float* parameters,
              float* packed) const override {
        pack_matrix(kernels(&products), out, in, parameters + weight, packed);
    }
    const ProductKernels& kernels(const ProductKernels* products) const {
        return exact ? chosen_kernels() : *products;
    }
    template <class T>
    Multiplier<T> matrix(const T* parameters, const T* packed) const {
        return {.out = out, .in = in, .w = parameters + weight, .packed = packed};
    }

    template <class T>
    void run(const ForwardCall<T>& c) const {
        const Index n = c.columns * positions;
        multiply(kernels(c.products), matrix(c.parameters, c.packed), n, c.inputs[0], T(0),
                 c.output);
        if (!curved && bias < 0) return;
        activate<T> (*act)(out, n, bias < 0 ? nullptr : c.parameters + bias, c.output,
                           curved ? c.saved : nullptr);
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        const Index n = c.columns * positions;
        if (c.d_parameters != nullptr && bias >= 0) {
            if (c.keep_parameters == T(0)) std::fill_n(c.d_parameters + bias, out, T(0));
            times_and_sum(out, n, curved ? c.saved : nullptr, c.d_output, c.d_parameters + bias);
        } else if (curved) {
            times(out * n, c.saved, c.d_output);
        }
        if (c.d_parameters != nullptr) {
            multiply_outer(kernels(c.products), n, c.d_output, c.inputs[0],
                           {out, in, c.keep_parameters, c.d_parameters + weight});
        }
        if (c.d_inputs[0] != nullptr) {
            multiply_transposed(kernels(c.products), matrix(c.parameters, c.packed), n, c.d_output,
                                c.keep[0], c.d_inputs[0]);
        }
    }
};

struct ActivationOp : OpOf<ActivationOp> {
    Index rows;
    const Activation* act;

    ActivationOp(Index rows, const Activation& act) : rows(rows), act(&act) {}

    Index saved_rows() const override { return rows; }

    template <class T>
    void run(const ForwardCall<T>& c) const {
        std::memcpy(c.output, c.inputs[0], sizeof(T) * static_cast<std::size_t>(rows * c.columns));
        activate<T> (*act)(rows, c.columns, nullptr, c.output, c.saved);
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        times(rows * c.columns, c.saved, c.d_output);
        pass(rows * c.columns, T(1), c.d_output, c.keep[0], c.d_inputs[0]);
    }
};

struct AddOp : OpOf<AddOp> {
    Index rows;

    explicit AddOp(Index rows) : rows(rows) {}

    template <class T>
    void run(const ForwardCall<T>& c) const {
        const T *a = c.inputs[0], *b = c.inputs[1];
        for (Index i = 0; i < rows * c.columns; ++i) c.output[i] = a[i] + b[i];
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        pass(rows * c.columns, T(1), c.d_output, c.keep[0], c.d_inputs[0]);
        pass(rows * c.columns, T(1), c.d_output, c.keep[1], c.d_inputs[1]);
    }
};

struct ScaleOp : OpOf<ScaleOp> {
    Index rows;
    double factor;

    ScaleOp(Index rows, double factor) : rows(rows), factor(factor) {}

    template <class T>
    void run(const ForwardCall<T>& c) const {
        pass(rows * c.columns, static_cast<T>(factor), c.inputs[0], T(0), c.output);
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        pass(rows * c.columns, static_cast<T>(factor), c.d_output, c.keep[0], c.d_inputs[0]);
    }
};

struct ConcatOp : OpOf<ConcatOp> {
    std::vector<Index> rows;  // of each position
    Index total = 0, positions;

    explicit ConcatOp(const std::vector<Var>& parts) : positions(parts.front().positions) {
        for (const Var& part : parts) {
            require(part.positions == positions, Failure::internal, "concat: ", positions,
                    " positions and ", part.positions);
            rows.push_back(part.channels());
            total += part.channels();
        }
    }

    template <class T>
    void run(const ForwardCall<T>& c) const {
        Index at = 0;
        for (std::size_t k = 0; k < rows.size(); at += rows[k], ++k) {
            for (Index j = 0; j < c.columns * positions; ++j) {
                std::memcpy(c.output + j * total + at, c.inputs[k] + j * rows[k],
                            sizeof(T) * static_cast<std::size_t>(rows[k]));
            }
        }
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        Index at = 0;
        for (std::size_t k = 0; k < rows.size(); at += rows[k], ++k) {
            if (c.d_inputs[k] == nullptr) continue;
            for (Index j = 0; j < c.columns * positions; ++j) {
                pass(rows[k], T(1), c.d_output + j * total + at, c.keep[k],
                     c.d_inputs[k] + j * rows[k]);
            }
        }
    }
};

struct SineCosineOp : OpOf<SineCosineOp> {
    Index rows;

    explicit SineCosineOp(Index rows) : rows(rows) {}

    template <class T>
    void run(const ForwardCall<T>& c) const {
        si::sine_cosine<T>(rows, c.columns, c.inputs[0], c.output);
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        T* dx = c.d_inputs[0];
        if (dx == nullptr) return;
        const T *y = c.output, *dy = c.d_output;
        for (Index j = 0; j < c.columns; ++j, y += 2 * rows, dy += 2 * rows, dx += rows) {
            for (Index i = 0; i < rows; ++i) {
                const T d = y[rows + i] * dy[i] - y[i] * dy[rows + i];
                dx[i] = c.keep[0] == T(0) ? d : dx[i] + d;
            }
        }
    }
};

/// One sine and one cosine a row; the higher ones follow by turning again, so the cost is
/// that of products.
struct HarmonicsOp : OpOf<HarmonicsOp> {
    Index rows, count;

    HarmonicsOp(Index rows, Index count) : rows(rows), count(count) {}

    Index block() const { return 1 + 2 * count; }

    template <class T>
    void run(const ForwardCall<T>& c) const {
        const T* x = c.inputs[0];
        T* y = c.output;
        for (Index i = 0; i < rows * c.columns; ++i, y += block()) {
            const T s = std::sin(std::numbers::pi_v<T> * x[i]),
                    k = std::cos(std::numbers::pi_v<T> * x[i]);
            y[0] = x[i];
            T sine = s, cosine = k;
            for (Index h = 0; h < count; ++h) {
                y[1 + 2 * h] = sine;
                y[2 + 2 * h] = cosine;
                const T next = sine * k + cosine * s;
                cosine = cosine * k - sine * s;
                sine = next;
            }
        }
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        T* dx = c.d_inputs[0];
        if (dx == nullptr) return;
        const T *y = c.output, *dy = c.d_output;
        for (Index i = 0; i < rows * c.columns; ++i, y += block(), dy += block()) {
            T d = dy[0];
            for (Index h = 0; h < count; ++h) {
                const T frequency = std::numbers::pi_v<T> * static_cast<T>(h + 1);
                d += frequency * (y[2 + 2 * h] * dy[1 + 2 * h] - y[1 + 2 * h] * dy[2 + 2 * h]);
            }
            dx[i] = c.keep[0] == T(0) ? d : dx[i] + d;
        }
    }
};

}  // namespace

Var linear(Graph& graph, Var x, Index rows, const std::string& name, const LinearOptions& options) {
    const Index in = x.channels();
    const Index weight = graph.tensor(name + ".weight", {rows, in},
                                      {options.gain / std::sqrt(static_cast<double>(in)), 0});
    const Index bias = options.bias ? graph.tensor(name + ".bias", {rows}, {}) : -1;
    const auto& act = activations().at(options.activation);
    return graph.apply(
        std::make_shared<LinearOp>(in, rows, x.positions, weight, bias, act, options.exact), {x},
        rows * x.positions, true, x.positions);
}

Var activation(Graph& graph, Var x, std::string_view name) {
    return graph.apply(std::make_shared<ActivationOp>(x.rows, activations().at(name)), {x}, x.rows,
                       false, x.positions);
}

Var add(Graph& graph, Var a, Var b) {
    require(a.rows == b.rows, Failure::internal, "add: ", a.rows, " rows and ", b.rows);
    return graph.apply(std::make_shared<AddOp>(a.rows), {a, b}, a.rows, false, a.positions);
}

Var scale(Graph& graph, Var x, double factor) {
    return graph.apply(std::make_shared<ScaleOp>(x.rows, factor), {x}, x.rows, false, x.positions);
}

Var concat(Graph& graph, const std::vector<Var>& parts) {
    auto op = std::make_shared<ConcatOp>(parts);
    const Index positions = op->positions, total = op->total * positions;
    return graph.apply(std::move(op), parts, total, false, positions);
}

Var sine_cosine(Graph& graph, Var x) {
    return graph.apply(std::make_shared<SineCosineOp>(x.rows), {x}, 2 * x.rows);
}

Var harmonics(Graph& graph, Var x, Index count) {
    return graph.apply(std::make_shared<HarmonicsOp>(x.rows, count), {x}, x.rows * (1 + 2 * count));
}

}  // namespace si
