#include <cstddef>
#include <utility>

#include "si/net/product_kernels.hpp"

namespace si {
namespace {

constexpr int kLanes = 8, kRows = 6, kVectors = 2;
#include "si/net/product_tiles.inl"

bool available() {
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

}  // namespace

extern const ProductKernels kAvx2Products{"avx2",  available, Precision::float32, kLanes, pack,
                                          columns, outer};

}  // namespace si
