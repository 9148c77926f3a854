#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// The checksum of tensors, data sets and streams.

namespace si {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of the bytes. `before` is the checksum of what
/// came before them, so that a checksum can be taken in pieces.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

/// The same without the processor's own instruction.
std::uint32_t crc32c_by_tables(std::string_view bytes, std::uint32_t before = 0);

/// The checksum as it is written in files: eight lower-case hexadecimal digits.
std::string crc32c_text(std::uint32_t checksum);

}  // namespace si
