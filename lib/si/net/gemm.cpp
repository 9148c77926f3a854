#include "si/net/gemm.hpp"

#ifdef SI_ONEDNN
#include <dnnl.h>
#include <omp.h>
#endif

#include <string>
#include <type_traits>

#include "si/base/error.hpp"

namespace si {
namespace {

template <class T>
using Rows = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
template <class T>
using Batch = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>;
template <class T>
using BatchOut = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>;

#ifdef SI_ONEDNN
/// Row-major BLAS: our (d, n) batches are its (n, d) matrices.
void sgemm(char ta, char tb, Index m, Index n, Index k, const float* a, Index lda, const float* b,
           Index ldb, float keep, float* c, Index ldc) {
    // oneDNN asks OpenMP for its threads; each of ours has a limit of its own to set.
    thread_local const bool once = (omp_set_num_threads(1), true);
    static_cast<void>(once);
    const auto status = dnnl_sgemm(ta, tb, m, n, k, 1.0F, a, lda, b, ldb, keep, c, ldc);
    require(status == dnnl_success, Failure::resource, "a matrix product failed (oneDNN status ",
            static_cast<int>(status), ")");
}
#else
/// Eigen cuts products by the cache sizes that it finds; fixed ones give the same bits on
/// every machine of one kind.
const bool kFixedCuts = (Eigen::setCpuCacheSizes(32 << 10, 256 << 10, 2 << 20), true);
#endif

template <class T>
constexpr bool kUseOneDnn =
#ifdef SI_ONEDNN
    std::is_same_v<T, float>;
#else
    false;
#endif

}  // namespace

template <class T>
void multiply(Index out, Index in, Index n, const T* w, const T* x, T keep, T* y) {
    if constexpr (kUseOneDnn<T>) {
        sgemm('N', 'T', n, out, in, x, in, w, in, keep, y, out);
    } else {
        BatchOut<T> result(y, out, n);
        if (keep == T(0)) {
            result.noalias() = Rows<T>(w, out, in) * Batch<T>(x, in, n);
        } else {
            result.noalias() += Rows<T>(w, out, in) * Batch<T>(x, in, n);
        }
    }
}

template <class T>
void multiply_transposed(Index out, Index in, Index n, const T* w, const T* dy, T keep, T* dx) {
    if constexpr (kUseOneDnn<T>) {
        sgemm('N', 'N', n, in, out, dy, out, w, in, keep, dx, in);
    } else {
        BatchOut<T> result(dx, in, n);
        if (keep == T(0)) {
            result.noalias() = Rows<T>(w, out, in).transpose() * Batch<T>(dy, out, n);
        } else {
            result.noalias() += Rows<T>(w, out, in).transpose() * Batch<T>(dy, out, n);
        }
    }
}

template <class T>
void add_outer(Index out, Index in, Index n, const T* dy, const T* x, T* dw) {
    if constexpr (kUseOneDnn<T>) {
        sgemm('T', 'N', out, in, n, dy, out, x, in, T(1), dw, in);
    } else {
        // (in, out) column-major is (out, in) row-major
        BatchOut<T>(dw, in, out).noalias() += Batch<T>(x, in, n) * Batch<T>(dy, out, n).transpose();
    }
}

template void multiply<float>(Index, Index, Index, const float*, const float*, float, float*);
template void multiply<double>(Index, Index, Index, const double*, const double*, double, double*);
template void multiply_transposed<float>(Index, Index, Index, const float*, const float*, float,
                                         float*);
template void multiply_transposed<double>(Index, Index, Index, const double*, const double*, double,
                                          double*);
template void add_outer<float>(Index, Index, Index, const float*, const float*, float*);
template void add_outer<double>(Index, Index, Index, const double*, const double*, double*);

const char* product_library() {
    static const std::string name = [] {
#ifdef SI_ONEDNN
        const auto* version = dnnl_version();
        return text("oneDNN ", version->major, ".", version->minor, ".", version->patch);
#else
        return text("Eigen ", EIGEN_WORLD_VERSION, ".", EIGEN_MAJOR_VERSION, ".",
                    EIGEN_MINOR_VERSION);
#endif
    }();
    return name.c_str();
}

}  // namespace si
