#include <algorithm>
#include <cmath>
#include <type_traits>

#include "si/base/error.hpp"
#include "si/net/gemm.hpp"
#include "si/net/op_of.hpp"
#include "si/net/ops.hpp"
#include "si/net/pack.hpp"

// softmax(q^T k / sqrt(size)) v of every head (Vaswani et al. 2017). Some queries at a time meet
// all keys, and of the weights only the logarithm of each sum is kept: backward forms them again,
// so memory grows with the number of tokens and not with its square (Dao et al. 2022).

namespace si {
namespace {

constexpr Index kQueries = 64;  ///< that meet the keys together

/// exp(x - shift), and the sum of that.
template <class T>
SI_INLINE T exponentials(Index n, T shift, T* x) {
    T sum = 0;
    for (Index i = 0; i < n; ++i) {
        exponential(x[i] - shift, x[i]);
        sum += x[i];
    }
    return sum;
}

template <>
SI_INLINE float exponentials<float>(Index n, float shift, float* x) {
    Pack sums{}, one, result;
    for (Index i = 0; i < n; i += kPack) {
        const Index some = std::min(kPack, n - i);
        one = Pack{} - 1e30F;
        if (some == kPack) {
            one = *reinterpret_cast<const LoosePack*>(x + i) - shift;
            exponential(one, result);
            *reinterpret_cast<LoosePack*>(x + i) = result;
            sums += result;
        } else {
            for (Index l = 0; l < some; ++l) one[l] = x[i + l] - shift;
            exponential(one, result);
            for (Index l = 0; l < some; ++l) {
                x[i + l] = result[l];
                sums[l] += result[l];
            }
        }
    }
    float sum = 0;
    for (Index l = 0; l < kPack; ++l) sum += sums[l];
    return sum;
}

template <class T>
SI_INLINE T largest(Index n, const T* x) {
    T most = x[0];
    Index i = 1;
    if constexpr (std::is_same_v<T, float>) {
        // Sixteen at a time: one after another, each would wait for the one before.
        if (n > kPack) {
            Pack lanes = *reinterpret_cast<const LoosePack*>(x);
            for (i = kPack; i + kPack <= n; i += kPack) {
                const Pack next = *reinterpret_cast<const LoosePack*>(x + i);
                lanes = next > lanes ? next : lanes;
            }
            for (Index l = 0; l < kPack; ++l) most = lanes[l] > most ? lanes[l] : most;
        }
    }
    for (; i < n; ++i) most = x[i] > most ? x[i] : most;
    return most;
}

/// Every column of logits (keys, n) becomes its softmax; logs takes the logarithms of the sums,
/// unless it is null.
template <class T>
SI_INLINE void normalise(Index keys, Index n, T* logits, T* logs, Index stride) {
    for (Index j = 0; j < n; ++j, logits += keys) {
        const T most = largest(keys, logits);
        const T sum = exponentials(keys, most, logits);
        const T scale = T(1) / sum;
        for (Index i = 0; i < keys; ++i) logits[i] *= scale;
        if (logs != nullptr) logs[j * stride] = most + std::log(sum);
    }
}
SI_CLONES void softmax(Index keys, Index n, float* logits, float* logs, Index stride) {
    normalise(keys, n, logits, logs, stride);
}
void softmax(Index keys, Index n, double* logits, double* logs, Index stride) {
    normalise(keys, n, logits, logs, stride);
}

/// The same from logarithms that were kept.
template <class T>
SI_INLINE void weigh(Index keys, Index n, T* logits, const T* logs, Index stride) {
    for (Index j = 0; j < n; ++j, logits += keys) exponentials(keys, logs[j * stride], logits);
}
SI_CLONES void weights_again(Index keys, Index n, float* s, const float* logs, Index stride) {
    weigh(keys, n, s, logs, stride);
}
void weights_again(Index keys, Index n, double* s, const double* logs, Index stride) {
    weigh(keys, n, s, logs, stride);
}

/// slopes (keys, n) of the logits, in the place of those of the weights p: p (slope - sum p slope).
template <class T>
SI_INLINE void pull_softmax(Index keys, Index n, const T* p, T* slopes) {
    for (Index j = 0; j < n; ++j, p += keys, slopes += keys) {
        T sums[kPack] = {};
        Index i = 0;
        for (; i + kPack <= keys; i += kPack) {
            for (Index l = 0; l < kPack; ++l) sums[l] += p[i + l] * slopes[i + l];
        }
        for (; i < keys; ++i) sums[i % kPack] += p[i] * slopes[i];
        T sum = 0;
        for (Index l = 0; l < kPack; ++l) sum += sums[l];
        for (i = 0; i < keys; ++i) slopes[i] = p[i] * (slopes[i] - sum);
    }
}
SI_CLONES void softmax_slopes(Index keys, Index n, const float* p, float* slopes) {
    pull_softmax(keys, n, p, slopes);
}
void softmax_slopes(Index keys, Index n, const double* p, double* slopes) {
    pull_softmax(keys, n, p, slopes);
}

/// A matrix (wide, depth): element (i, k) is from[i * wide_step + k * depth_step]; one of the steps
/// is 1.
template <class T>
struct StridedMatrix {
    Index wide, depth;
    const T* from;
    Index wide_step, depth_step;

    StridedMatrix transposed() const { return {depth, wide, from, depth_step, wide_step}; }
};

/// A copy of a matrix (wide, depth) that multiplies columns. It stands in `memory`; `room` is what
/// its products work with.
template <class T>
class Factor {
  public:
    Factor(const ProductKernels& own, const StridedMatrix<T>& original, std::vector<T>& memory,
           std::vector<T>& room)
        : own_(own), wide_(original.wide), depth_(original.depth), matrix_(memory), room_(room) {
        const auto [wide, depth, from, wide_step, depth_step] = original;
        if constexpr (std::is_same_v<T, float>) {
            grow(matrix_, own.packed_size(depth, wide));
            grow(room_, std::max(pack_scratch(depth, wide), column_scratch(depth, kQueries)));
            own.pack(depth, wide, from, depth_step, wide_step, matrix_.data(), room_.data());
        } else {
            grow(matrix_, wide * depth);
            for (Index i = 0; i < wide; ++i) {
                for (Index k = 0; k < depth; ++k) {
                    matrix_[static_cast<std::size_t>(i * depth + k)] =
                        from[i * wide_step + k * depth_step];
                }
            }
        }
    }

    /// y (wide, n) = this x, x (depth, n), n <= kQueries.
    void times(Index n, const T* x, T* y) const {
        if constexpr (std::is_same_v<T, float>) {
            own_.columns({.n = n,
                          .wide = wide_,
                          .depth = depth_,
                          .x = x,
                          .packed = matrix_.data(),
                          .keep = false,
                          .y = y,
                          .scratch = room_.data()});
        } else {
            multiply<T>(own_, {wide_, depth_, matrix_.data(), nullptr}, n, x, T(0), y);
        }
    }

    static void grow(std::vector<T>& memory, Index size) {
        if (std::ssize(memory) < size) memory.resize(static_cast<std::size_t>(size));
    }

  private:
    const ProductKernels& own_;
    Index wide_, depth_;
    std::vector<T>&matrix_, &room_;
};

/// Tokens hold q, k and v of all heads: (3 heads size) numbers each.
struct AttentionOp : OpOf<AttentionOp> {
    Index tokens, heads, size;

    AttentionOp(Index tokens, Index heads, Index size) : tokens(tokens), heads(heads), size(size) {}

    Index width() const { return heads * size; }
    Index saved_rows() const override { return heads * tokens; }  // logarithms of sums
    Index products() const override { return 2 * tokens * tokens * width(); }

    /// Memory of one thread.
    template <class T>
    struct Work {
        std::vector<T> keys, keys_turned, values, room;
        std::vector<T> query, weights, slopes, result, d_result, d_query, d_key, d_value;
        void prepare(Index tokens, Index size) {
            for (auto* some : {&query, &result, &d_result, &d_query}) {
                Factor<T>::grow(*some, size * kQueries);
            }
            for (auto* some : {&weights, &slopes}) Factor<T>::grow(*some, tokens * kQueries);
            for (auto* some : {&d_key, &d_value}) Factor<T>::grow(*some, tokens * size);
        }
    };
    template <class T>
    static Work<T>& work() {
        thread_local Work<T> memory;
        return memory;
    }

    /// The keys or the values of one head, which begin at `from`: (tokens, size).
    template <class T>
    StridedMatrix<T> rows(const T* from) const {
        return {
            .wide = tokens, .depth = size, .from = from, .wide_step = 3 * width(), .depth_step = 1};
    }

    /// Columns (size, n) out of tokens `stride` apart, times a factor.
    template <class T>
    void gather(const T* from, Index stride, Index n, T factor, T* to) const {
        for (Index j = 0; j < n; ++j, from += stride) {
            for (Index i = 0; i < size; ++i) *to++ = factor * from[i];
        }
    }

    template <class T>
    void run(const ForwardCall<T>& c) const {
        auto& w = work<T>();
        w.prepare(tokens, size);
        const Index stride = 3 * width();
        const T scale = T(1) / std::sqrt(static_cast<T>(size));
        for (Index job = 0; job < c.columns * heads; ++job) {
            const Index j = job / heads, head = job % heads;
            const T* const q = c.inputs[0] + j * tokens * stride + head * size;
            T* const out = c.output + j * tokens * width() + head * size;
            T* const logs = c.saved == nullptr ? nullptr : c.saved + job * tokens;
            const Factor<T> keys(*c.products, rows(q + width()), w.keys, w.room);
            const Factor<T> values(*c.products, rows(q + 2 * width()).transposed(), w.values,
                                   w.room);
            for (Index at = 0; at < tokens; at += kQueries) {
                const Index n = std::min(kQueries, tokens - at);
                gather(q + at * stride, stride, n, scale, w.query.data());
                keys.times(n, w.query.data(), w.weights.data());
                softmax(tokens, n, w.weights.data(), logs == nullptr ? nullptr : logs + at, 1);
                values.times(n, w.weights.data(), w.result.data());
                for (Index i = 0; i < n; ++i) {
                    std::copy_n(w.result.data() + i * size, size, out + (at + i) * width());
                }
            }
        }
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        if (c.d_inputs[0] == nullptr) return;
        auto& w = work<T>();
        w.prepare(tokens, size);
        const Index stride = 3 * width();
        const T scale = T(1) / std::sqrt(static_cast<T>(size));
        for (Index job = 0; job < c.columns * heads; ++job) {
            const Index j = job / heads, head = job % heads;
            const Index first = j * tokens * stride + head * size;
            const T* const q = c.inputs[0] + first;
            T* const dq = c.d_inputs[0] + first;
            const T* const dout = c.d_output + j * tokens * width() + head * size;
            const T* const logs = c.saved + job * tokens;
            const Factor<T> keys(*c.products, rows(q + width()), w.keys, w.room);
            const Factor<T> keys_turned(*c.products, rows(q + width()).transposed(), w.keys_turned,
                                        w.room);
            const Factor<T> values(*c.products, rows(q + 2 * width()), w.values, w.room);
            for (Index at = 0; at < tokens; at += kQueries) {
                const Index n = std::min(kQueries, tokens - at);
                const T later = at == 0 ? T(0) : T(1);
                gather(q + at * stride, stride, n, scale, w.query.data());
                gather(dout + at * width(), width(), n, T(1), w.d_result.data());
                keys.times(n, w.query.data(), w.weights.data());
                weights_again(tokens, n, w.weights.data(), logs + at, 1);
                values.times(n, w.d_result.data(), w.slopes.data());
                multiply_outer(*c.products, n, w.weights.data(), w.d_result.data(),
                               {tokens, size, later, w.d_value.data()});
                softmax_slopes(tokens, n, w.weights.data(), w.slopes.data());
                multiply_outer(*c.products, n, w.slopes.data(), w.query.data(),
                               {tokens, size, later, w.d_key.data()});
                keys_turned.times(n, w.slopes.data(), w.d_query.data());
                scatter(w.d_query.data(), n, scale, c.keep[0], dq + at * stride, stride);
            }
            scatter(w.d_key.data(), tokens, T(1), c.keep[0], dq + width(), stride);
            scatter(w.d_value.data(), tokens, T(1), c.keep[0], dq + 2 * width(), stride);
        }
    }

    template <class T>
    void scatter(const T* from, Index n, T factor, T keep, T* to, Index stride) const {
        for (Index j = 0; j < n; ++j, from += size, to += stride)
            pass(size, factor, from, keep, to);
    }
};

}  // namespace

Var attention(Graph& graph, Var qkv, Index heads) {
    const Index width = qkv.channels() / 3;
    require(qkv.channels() == 3 * width && width % heads == 0, Failure::usage, "attention: ", width,
            " channels do not go into ", heads, " heads");
    return graph.apply(std::make_shared<AttentionOp>(qkv.positions, heads, width / heads), {qkv},
                       width * qkv.positions, false, qkv.positions);
}

}  // namespace si
