#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/json.hpp"
#include "si/base/types.hpp"

// JSON documents, read more strictly than the standard asks and printed for people.

namespace si {

inline constexpr std::size_t kLargestJson = std::size_t{4} << 30;
inline constexpr std::size_t kDeepestJson = 64;

/// The document in a JSON file, or in "-". Stricter than JSON: keys given twice, integers
/// beyond 64 bits, nesting deeper than kDeepestJson and files of more than `limit` bytes are
/// refused. Throws Failure::data with the place, as a position or a JSON pointer:
/// "model.json: line 3, column 7: ...", "model.json: /net/width: given twice", and for HDF5, which
/// is no JSON at all; Failure::input when the file cannot be read.
Json read_json(const std::string& file, std::size_t limit = kLargestJson);

/// The same for text in memory; the error starts with the place.
Json parse_json(std::string_view bytes);

/// The document as people read it: two spaces of indentation, ASCII, and on one line what is a
/// list of plain values or fits into 100 columns without nested objects. Floating-point numbers
/// have the fewest digits that read back as the same double, and stay floating-point. Throws
/// Failure::check for NaN and infinity, naming the JSON pointer, and Failure::data for text
/// that is not UTF-8 and for nesting that read_json would refuse.
std::string json_text(const Json& document);

/// Writes json_text() atomically, to a file or "-". Throws as json_text and AtomicFile.
void write_json(const std::string& file, const Json& document);

/// "/a~1b" for the key "a/b": one step of a JSON pointer (RFC 6901).
std::string json_pointer_step(std::string_view key);

}  // namespace si
