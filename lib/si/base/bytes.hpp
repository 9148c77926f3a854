#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "si/base/spec.hpp"

// Sizes of memory and files as people write them, with letters for powers of 1024.

namespace si {

/// Bytes from "4096", "64K", "1.5G", "2T": K, M, G and T are powers of 1024.
std::optional<std::int64_t> parse_bytes(std::string_view word);

/// The same back, with the largest letter that leaves a whole number.
std::string bytes_text(std::int64_t bytes);

/// A number of bytes, one at least. Spelled "4096", "64M", "2G".
struct Bytes {
    std::int64_t value = 1;
    friend bool operator==(Bytes, Bytes) = default;
};
template <>
struct Setting<Bytes> {
    static std::string value() { return "SIZE"; }
    static Bytes from_text(std::string_view word) {
        const auto bytes = parse_bytes(word);
        require(bytes && *bytes >= 1, Failure::usage, "expected a size such as 512M or 4G, is '",
                word, "'");
        return {*bytes};
    }
    static Bytes from_json(const Json& node) {
        return from_text(Setting<std::string>::from_json(node));
    }
    static Json to_json(Bytes v) { return bytes_text(v.value); }
};

}  // namespace si
