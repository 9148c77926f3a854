#include <cstddef>
#include <utility>

#include "si/net/product_kernels.hpp"

namespace si {
namespace {

constexpr int kLanes = 4, kRows = 6, kVectors = 2;
#include "si/net/product_tiles.inl"

bool available() { return true; }

}  // namespace

extern const ProductKernels kBaselineProducts{
    "baseline", available, Precision::float32, kLanes, pack, columns, outer};

}  // namespace si
