#include "si/net/gemm.hpp"

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "si/base/error.hpp"

namespace si {
namespace {

template <class T>
using Rows = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
template <class T>
using Batch = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>;
template <class T>
using BatchOut = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>;

/// Eigen cuts products by the cache sizes that it finds; fixed ones give the same bits on
/// every machine of one kind.
const bool kFixedCuts = (Eigen::setCpuCacheSizes(32 << 10, 256 << 10, 2 << 20), true);

template <class T>
constexpr bool kOwn = std::is_same_v<T, float>;

/// Memory for `size` numbers on a cache line, the same one each time on one thread.
float* scratch(Index size) {
    thread_local std::vector<float> memory;
    constexpr Index line = 16;
    if (std::ssize(memory) < size + line) memory.resize(static_cast<std::size_t>(size + line));
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
    return memory.data() + (64 - address % 64) % 64 / sizeof(float);
}

}  // namespace

Index packed_size(Index out, Index in) {
    Index most = 0;
    for (const ProductKernels* row : product_kernels()) {
        most = std::max<Index>(most, row->packed_size(in, out) + row->packed_size(out, in));
    }
    return most;
}

void pack_matrix(const ProductKernels& own, Index out, Index in, const float* w, float* packed) {
    float* room = scratch(std::max(pack_scratch(in, out), pack_scratch(out, in)));
    own.pack(in, out, w, 1, in, packed, room);
    own.pack(out, in, w, in, 1, packed + own.packed_size(in, out), room);
}

template <class T>
void multiply(const ProductKernels& own, const Multiplier<T>& w, Index n, const T* x, T keep,
              T* y) {
    const Index out = w.out, in = w.in;
    if constexpr (kOwn<T>) {
        own.columns({.n = n,
                     .wide = out,
                     .depth = in,
                     .x = x,
                     .packed = w.packed,
                     .keep = keep != T(0),
                     .y = y,
                     .scratch = scratch(column_scratch(in, n))});
    } else {
        BatchOut<T> result(y, out, n);
        if (keep == T(0)) {
            result.noalias() = Rows<T>(w.w, out, in) * Batch<T>(x, in, n);
        } else {
            result.noalias() += Rows<T>(w.w, out, in) * Batch<T>(x, in, n);
        }
    }
}

template <class T>
void multiply_transposed(const ProductKernels& own, const Multiplier<T>& w, Index n, const T* dy,
                         T keep, T* dx) {
    const Index out = w.out, in = w.in;
    if constexpr (kOwn<T>) {
        own.columns({.n = n,
                     .wide = in,
                     .depth = out,
                     .x = dy,
                     .packed = w.packed + own.packed_size(in, out),
                     .keep = keep != T(0),
                     .y = dx,
                     .scratch = scratch(column_scratch(out, n))});
    } else {
        BatchOut<T> result(dx, in, n);
        if (keep == T(0)) {
            result.noalias() = Rows<T>(w.w, out, in).transpose() * Batch<T>(dy, out, n);
        } else {
            result.noalias() += Rows<T>(w.w, out, in).transpose() * Batch<T>(dy, out, n);
        }
    }
}

template <class T>
void multiply_outer(const ProductKernels& own, Index n, const T* dy, const T* x,
                    const OuterSum<T>& sum) {
    const auto [out, in, keep, dw] = sum;
    if constexpr (kOwn<T>) {
        own.outer({.out = out,
                   .in = in,
                   .n = n,
                   .dy = dy,
                   .x = x,
                   .keep = keep != T(0),
                   .dw = dw,
                   .scratch = scratch(outer_scratch(out, in))});
    } else {
        BatchOut<T> result(dw, in, out);  // (in, out) column-major is (out, in) row-major
        if (keep == T(0)) result.setZero();
        result.noalias() += Batch<T>(x, in, n) * Batch<T>(dy, out, n).transpose();
    }
}

#define SI_INSTANTIATE(T)                                                                      \
    template void multiply<T>(const ProductKernels&, const Multiplier<T>&, Index, const T*, T, \
                              T*);                                                             \
    template void multiply_transposed<T>(const ProductKernels&, const Multiplier<T>&, Index,   \
                                         const T*, T, T*);                                     \
    template void multiply_outer<T>(const ProductKernels&, Index, const T*, const T*,          \
                                    const OuterSum<T>&);
SI_INSTANTIATE(float)
SI_INSTANTIATE(double)
#undef SI_INSTANTIATE

const char* product_library() {
    static const std::string name = text("own, ", chosen_kernels().name);
    return name.c_str();
}

}  // namespace si
