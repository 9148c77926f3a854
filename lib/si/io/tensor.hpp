#pragma once

#include <string>
#include <vector>

#include "si/base/json.hpp"
#include "si/base/types.hpp"

// Arrays of numbers inside JSON documents.

namespace si {

/// Numbers in row-major order as {"dtype": "F32", "shape": [2, 3], "encoding": "base64",
/// "crc32c": "1a2b3c4d", "data": "AAAA..."}: little-endian bytes, and their CRC-32C. T is float
/// ("F32") or double ("F64"); `values` points at the product of `shape` numbers. Throws
/// Failure::check when a number is not finite.
template <class T>
Json tensor_to_json(const T* values, const std::vector<Index>& shape);

/// The numbers of a tensor of exactly this shape, in row-major order. Three spellings mean the
/// same: what tensor_to_json writes; "encoding": "decimal" with "data" a nested or a flat list
/// (no checksum is needed); and the nested or flat list alone, as a person would write it.
/// Decimal numbers are rounded to T; binary ones may be widened from F32 to double, never
/// narrowed. Throws Failure::data, starting with a JSON pointer: "/shape: expected 64 x 16,
/// got 16 x 64", "/crc32c: does not match the data".
template <class T>
std::vector<T> read_tensor(const Json& node, const std::vector<Index>& shape);

/// The shape that a tensor says it has; of a bare list, the sizes of the lists inside lists.
std::vector<Index> tensor_shape(const Json& node);

}  // namespace si
