#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "si/io/samples.hpp"

// Pictures and IDX files as samples of shape (channels, height, width).

namespace si {

/// True for the bytes that IDX (also gzipped), PNG, PGM and PPM files begin with.
bool is_image_file(std::string_view start);

/// The images of some files, one after another, as (channels, height, width): the array of an IDX
/// file, gzipped or not, whose first axis is samples, and PNG, PGM and PPM pictures of 8 bits a
/// channel, grey or in colour (transparency is left out). Pixels are 0 .. 255. Labels in IDX files
/// are samples of dimension 1. Throws Failure::input and Failure::data naming the file: also when
/// one is none of these, is damaged, or has another shape than the first.
Samples read_images(const std::vector<std::string>& files);

}  // namespace si
