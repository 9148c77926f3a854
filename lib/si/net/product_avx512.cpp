#include <cstddef>
#include <utility>

#include "si/net/product_kernels.hpp"

namespace si {
namespace {

constexpr int kLanes = 16, kRows = 8, kVectors = 2;
#include "si/net/product_tiles.inl"

bool available() { return __builtin_cpu_supports("avx512f") != 0; }

}  // namespace

extern const ProductKernels kAvx512Products{"avx512", available, Precision::float32, kLanes, pack,
                                            columns,  outer};

}  // namespace si
