#pragma once

#include <string>
#include <string_view>

// Base64, with exactly one accepted spelling of any bytes.

namespace si {

/// The bytes in base64 (RFC 4648, section 4), padded, on one line.
std::string base64_encode(std::string_view bytes);

/// The bytes that `word` encodes. Exactly one spelling of each is accepted: characters outside
/// the alphabet, missing padding and leftover bits throw Failure::data, naming the character
/// (from 1).
std::string base64_decode(std::string_view word);

}  // namespace si
