#include <algorithm>
#include <array>
#include <cmath>

#include "si/base/error.hpp"
#include "si/net/op_of.hpp"
#include "si/net/ops.hpp"

// Normalisation, and what scales and shifts it. Sums over channels and positions have one order on
// all instruction sets.

namespace si {
namespace {

constexpr Index kMostChannels = 4096;

/// Numbers for each channel.
template <class T>
using Channels = std::array<T, kMostChannels>;

/// y = a x + b, position by position.
template <class T>
SI_INLINE void stretch(Index channels, Index positions, const T* x, const T* a, const T* b,
                       T* __restrict y) {
    for (Index p = 0; p < positions; ++p, x += channels, y += channels) {
        for (Index k = 0; k < channels; ++k) y[k] = a[k] * x[k] + b[k];
    }
}

/// (x - mean) / deviation over all positions and the channels of a group (Wu and He 2018), times
/// a scale and plus a shift of each channel.
struct GroupNormOp : ClonedOpOf<GroupNormOp> {
    static constexpr double kEpsilon = 1e-5;
    Index channels, positions, groups, weight, bias;

    GroupNormOp(Var x, Index groups, Index weight, Index bias)
        : channels(x.channels()),
          positions(x.positions),
          groups(groups),
          weight(weight),
          bias(bias) {}

    Index rows() const { return channels * positions; }
    Index each() const { return channels / groups; }
    Index saved_rows() const override { return 2 * groups; }  // means, inverse deviations

    /// Of each group, the mean of what its channels have in `sums`.
    template <class T>
    SI_INLINE void mean_of_groups(T* sums) const {
        for (Index g = 0; g < groups; ++g) {
            double sum = 0;
            for (Index k = g * each(); k < (g + 1) * each(); ++k)
                sum += static_cast<double>(sums[k]);
            const auto mean = static_cast<T>(sum / static_cast<double>(each() * positions));
            std::fill_n(sums + g * each(), each(), mean);
        }
    }

    template <class T>
    SI_INLINE void run(const ForwardCall<T>& c) const {
        Channels<T> mean, square, a, b;
        for (Index j = 0; j < c.columns; ++j) {
            const T* const x = c.inputs[0] + j * rows();
            std::fill_n(mean.data(), channels, T(0));
            std::fill_n(square.data(), channels, T(0));
            for (Index p = 0; p < positions; ++p) {
                for (Index k = 0; k < channels; ++k) mean[k] += x[p * channels + k];
            }
            mean_of_groups(mean.data());
            for (Index p = 0; p < positions; ++p) {
                for (Index k = 0; k < channels; ++k) {
                    const T off = x[p * channels + k] - mean[k];
                    square[k] += off * off;
                }
            }
            mean_of_groups(square.data());
            for (Index k = 0; k < channels; ++k) {
                const T inverse = T(1) / std::sqrt(square[k] + static_cast<T>(kEpsilon));
                a[k] = inverse * c.parameters[weight + k];
                b[k] = c.parameters[bias + k] - mean[k] * a[k];
                if (c.saved == nullptr || k % each() != 0) continue;
                c.saved[j * 2 * groups + k / each()] = mean[k];
                c.saved[j * 2 * groups + groups + k / each()] = inverse;
            }
            stretch(channels, positions, x, a.data(), b.data(), c.output + j * rows());
        }
    }

    template <class T>
    SI_INLINE void back(const BackwardCall<T>& c) const {
        Channels<T> mean, inverse, first, second, a, b, shift;
        const T* const scales = c.parameters + weight;
        if (c.d_parameters != nullptr && c.keep_parameters == T(0)) {
            std::fill_n(c.d_parameters + weight, channels, T(0));
            std::fill_n(c.d_parameters + bias, channels, T(0));
        }
        for (Index j = 0; j < c.columns; ++j) {
            const T *const x = c.inputs[0] + j * rows(), *const dy = c.d_output + j * rows();
            for (Index k = 0; k < channels; ++k) {
                mean[k] = c.saved[j * 2 * groups + k / each()];
                inverse[k] = c.saved[j * 2 * groups + groups + k / each()];
            }
            // Sums over positions of dy and of dy y, with y before its scale and shift.
            std::fill_n(first.data(), channels, T(0));
            std::fill_n(second.data(), channels, T(0));
            for (Index p = 0; p < positions; ++p) {
                for (Index k = 0; k < channels; ++k) {
                    const T slope = dy[p * channels + k];
                    first[k] += slope;
                    second[k] += slope * (x[p * channels + k] - mean[k]);
                }
            }
            for (Index k = 0; k < channels; ++k) second[k] *= inverse[k];
            if (c.d_parameters != nullptr) {
                for (Index k = 0; k < channels; ++k) {
                    c.d_parameters[weight + k] += second[k];
                    c.d_parameters[bias + k] += first[k];
                }
            }
            T* const dx = c.d_inputs[0] == nullptr ? nullptr : c.d_inputs[0] + j * rows();
            if (dx == nullptr) continue;
            for (Index k = 0; k < channels; ++k) {
                first[k] *= scales[k];
                second[k] *= scales[k];
            }
            mean_of_groups(first.data());
            mean_of_groups(second.data());
            for (Index k = 0; k < channels; ++k) {  // dx = inverse (scale dy - first - y second)
                a[k] = inverse[k] * scales[k];
                b[k] = -inverse[k] * inverse[k] * second[k];
                shift[k] = -inverse[k] * first[k] - mean[k] * b[k];
            }
            const bool keep = c.keep[0] != T(0);
            for (Index p = 0; p < positions; ++p) {
                for (Index k = 0; k < channels; ++k) {
                    const Index i = p * channels + k;
                    const T value = a[k] * dy[i] + b[k] * x[i] + shift[k];
                    dx[i] = keep ? dx[i] + value : value;
                }
            }
        }
    }
};
SI_CLONE_OP(GroupNormOp)

/// Sums of many numbers go into this many at a time.
constexpr Index kSums = 16;

template <class T, class Term>
SI_INLINE T sum_of(Index n, const Term& term) {
    T sums[kSums] = {};
    Index i = 0;
    for (; i + kSums <= n; i += kSums) {
        for (Index l = 0; l < kSums; ++l) sums[l] += term(i + l);
    }
    for (; i < n; ++i) sums[i % kSums] += term(i);
    for (Index half = kSums / 2; half > 0; half /= 2) {
        for (Index l = 0; l < half; ++l) sums[l] += sums[l + half];
    }
    return sums[0];
}

/// (x - mean) / deviation over the channels of each position (Ba, Kiros and Hinton 2016).
struct LayerNormOp : ClonedOpOf<LayerNormOp> {
    static constexpr double kEpsilon = 1e-6;
    Index channels, positions;

    explicit LayerNormOp(Var x) : channels(x.channels()), positions(x.positions) {}

    Index saved_rows() const override { return positions; }  // inverse deviations

    template <class T>
    SI_INLINE void run(const ForwardCall<T>& c) const {
        const T scale = T(1) / static_cast<T>(channels);
        for (Index p = 0; p < c.columns * positions; ++p) {
            const T* const x = c.inputs[0] + p * channels;
            T* const y = c.output + p * channels;
            const T mean = scale * sum_of<T>(channels, [x](Index k) { return x[k]; });
            const T square = scale * sum_of<T>(channels, [x, mean](Index k) {
                                 return (x[k] - mean) * (x[k] - mean);
                             });
            const T inverse = T(1) / std::sqrt(square + static_cast<T>(kEpsilon));
            for (Index k = 0; k < channels; ++k) y[k] = (x[k] - mean) * inverse;
            if (c.saved != nullptr) c.saved[p] = inverse;
        }
    }

    template <class T>
    SI_INLINE void back(const BackwardCall<T>& c) const {
        if (c.d_inputs[0] == nullptr) return;
        const T scale = T(1) / static_cast<T>(channels);
        const bool keep = c.keep[0] != T(0);
        for (Index p = 0; p < c.columns * positions; ++p) {
            const T *const y = c.output + p * channels, *const dy = c.d_output + p * channels;
            T* const dx = c.d_inputs[0] + p * channels;
            const T first = scale * sum_of<T>(channels, [dy](Index k) { return dy[k]; });
            const T second = scale * sum_of<T>(channels, [dy, y](Index k) { return dy[k] * y[k]; });
            for (Index k = 0; k < channels; ++k) {
                const T value = c.saved[p] * (dy[k] - first - y[k] * second);
                dx[k] = keep ? dx[k] + value : value;
            }
        }
    }
};
SI_CLONE_OP(LayerNormOp)

/// x (1 + scale) + shift, with numbers of each channel that are the same at all positions of a
/// column.
struct ModulateOp : ClonedOpOf<ModulateOp> {
    Index channels, positions;

    explicit ModulateOp(Var x) : channels(x.channels()), positions(x.positions) {}

    template <class T>
    SI_INLINE void run(const ForwardCall<T>& c) const {
        Channels<T> a;
        for (Index j = 0; j < c.columns; ++j) {
            const T *const shift = c.inputs[1] + j * channels, *const scale =
                                                                   c.inputs[2] + j * channels;
            for (Index k = 0; k < channels; ++k) a[k] = T(1) + scale[k];
            stretch(channels, positions, c.inputs[0] + j * channels * positions, a.data(), shift,
                    c.output + j * channels * positions);
        }
    }

    template <class T>
    SI_INLINE void back(const BackwardCall<T>& c) const {
        Channels<T> first, second, a;
        for (Index j = 0; j < c.columns; ++j) {
            const T *const x = c.inputs[0] + j * channels * positions,
                           *const dy = c.d_output + j * channels * positions,
                           *const scale = c.inputs[2] + j * channels;
            T* const dx =
                c.d_inputs[0] == nullptr ? nullptr : c.d_inputs[0] + j * channels * positions;
            std::fill_n(first.data(), channels, T(0));
            std::fill_n(second.data(), channels, T(0));
            for (Index k = 0; k < channels; ++k) a[k] = T(1) + scale[k];
            const bool keep = c.keep[0] != T(0);
            for (Index p = 0; p < positions; ++p) {
                for (Index k = 0; k < channels; ++k) {
                    const T slope = dy[p * channels + k];
                    first[k] += slope;
                    second[k] += slope * x[p * channels + k];
                }
                if (dx == nullptr) continue;
                for (Index k = 0; k < channels; ++k) {
                    const T value = a[k] * dy[p * channels + k];
                    dx[p * channels + k] = keep ? dx[p * channels + k] + value : value;
                }
            }
            pass(channels, T(1), first.data(), c.keep[1], at(c.d_inputs[1], j));
            pass(channels, T(1), second.data(), c.keep[2], at(c.d_inputs[2], j));
        }
    }

    template <class T>
    SI_INLINE T* at(T* vectors, Index j) const {
        return vectors == nullptr ? nullptr : vectors + j * channels;
    }
};
SI_CLONE_OP(ModulateOp)

/// x + gate y, with a gate for each channel that is the same at all positions of a column.
struct AddGatedOp : ClonedOpOf<AddGatedOp> {
    Index channels, positions;

    explicit AddGatedOp(Var x) : channels(x.channels()), positions(x.positions) {}

    template <class T>
    SI_INLINE void run(const ForwardCall<T>& c) const {
        for (Index j = 0; j < c.columns; ++j) {
            const T* const gate = c.inputs[1] + j * channels;
            for (Index p = j * positions; p < (j + 1) * positions; ++p) {
                const T *const x = c.inputs[0] + p * channels, *const y =
                                                                   c.inputs[2] + p * channels;
                T* const out = c.output + p * channels;
                for (Index k = 0; k < channels; ++k) out[k] = x[k] + gate[k] * y[k];
            }
        }
    }

    template <class T>
    SI_INLINE void back(const BackwardCall<T>& c) const {
        Channels<T> sum;
        pass(channels * positions * c.columns, T(1), c.d_output, c.keep[0], c.d_inputs[0]);
        const bool keep = c.keep[2] != T(0);
        for (Index j = 0; j < c.columns; ++j) {
            const T* const gate = c.inputs[1] + j * channels;
            std::fill_n(sum.data(), channels, T(0));
            for (Index p = j * positions; p < (j + 1) * positions; ++p) {
                const T *const dout = c.d_output + p * channels, *const y =
                                                                     c.inputs[2] + p * channels;
                for (Index k = 0; k < channels; ++k) sum[k] += dout[k] * y[k];
                if (c.d_inputs[2] == nullptr) continue;
                T* const dy = c.d_inputs[2] + p * channels;
                for (Index k = 0; k < channels; ++k) {
                    const T value = gate[k] * dout[k];
                    dy[k] = keep ? dy[k] + value : value;
                }
            }
            pass(channels, T(1), sum.data(), c.keep[1],
                 c.d_inputs[1] == nullptr ? nullptr : c.d_inputs[1] + j * channels);
        }
    }
};
SI_CLONE_OP(AddGatedOp)

void few_channels(Var x) {
    require(x.channels() <= kMostChannels, Failure::usage, "a network may have at most ",
            kMostChannels, " channels, not ", x.channels());
}

}  // namespace

Var group_norm(Graph& graph, Var x, Index groups, const std::string& name) {
    few_channels(x);
    const Index weight = graph.tensor(name + ".weight", {x.channels()}, {0, 1});
    const Index bias = graph.tensor(name + ".bias", {x.channels()}, {});
    return graph.apply(std::make_shared<GroupNormOp>(x, groups, weight, bias), {x}, x.rows, true,
                       x.positions);
}

Var layer_norm(Graph& graph, Var x) {
    return graph.apply(std::make_shared<LayerNormOp>(x), {x}, x.rows, false, x.positions);
}

Var modulate(Graph& graph, Var x, Var shift, Var scale) {
    few_channels(x);
    require(shift.rows == x.channels() && scale.rows == x.channels(), Failure::internal,
            "modulate: ", x.channels(), " channels, ", shift.rows, " shifts, ", scale.rows,
            " scales");
    return graph.apply(std::make_shared<ModulateOp>(x), {x, shift, scale}, x.rows, false,
                       x.positions);
}

Var add_gated(Graph& graph, Var x, Var gate, Var y) {
    few_channels(x);
    require(gate.rows == x.channels() && y.rows == x.rows, Failure::internal,
            "add_gated: ", x.channels(), " channels, ", gate.rows, " gates");
    return graph.apply(std::make_shared<AddGatedOp>(x), {x, gate, y}, x.rows, false, x.positions);
}

}  // namespace si
