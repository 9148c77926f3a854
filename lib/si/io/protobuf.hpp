#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

// The wire format of Protocol Buffers, as far as writing an ONNX file needs it.

namespace si {

/// A message in the wire format of Protocol Buffers, built up field by field; fields are numbers
/// of a schema that the caller knows.
class Message {
  public:
    Message& integer(int field, std::uint64_t value) {
        varint(static_cast<std::uint64_t>(field) << 3);
        varint(value);
        return *this;
    }
    Message& number(int field, float value) {
        varint(static_cast<std::uint64_t>(field) << 3 | 5);
        const auto bits = std::bit_cast<std::uint32_t>(value);
        for (int k = 0; k < 4; ++k) bytes_ += static_cast<char>(bits >> (8 * k) & 0xff);
        return *this;
    }
    Message& text(int field, std::string_view value) {
        varint(static_cast<std::uint64_t>(field) << 3 | 2);
        varint(value.size());
        bytes_ += value;
        return *this;
    }
    Message& message(int field, const Message& value) { return text(field, value.bytes_); }

    const std::string& bytes() const { return bytes_; }

  private:
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
        bytes_ += static_cast<char>(value);
    }

    std::string bytes_;
};

}  // namespace si
