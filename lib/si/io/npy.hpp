#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "si/io/samples.hpp"

// Arrays of NumPy, read and written.

namespace si {

/// How NPY files begin.
inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

/// The array of a NumPy .npy file (format 1.0 to 3.0), given as its bytes: any integer or
/// float32/float64 type, either byte order, C or Fortran order, first axis samples. A rank-1
/// array of n numbers is n samples of dimension 1. Throws Failure::data without the file's name.
Samples parse_npy(std::string_view bytes);

/// The head of a .npy file, format 1.0, of an array in C order: `type` as NumPy spells it, "<f4".
std::string npy_header(std::string_view type, const std::vector<Index>& shape);

/// Writes samples of the given shape as an (n, shape...) array, format 1.0, atomically. `type`
/// is f32 or f64. Throws as AtomicFile, and Failure::check for numbers that float32 cannot
/// hold.
void write_npy(const std::string& file, ConstMatrix values, const std::vector<Index>& sample_shape,
               ElementType type = ElementType::f64);

}  // namespace si
