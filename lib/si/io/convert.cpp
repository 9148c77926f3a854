#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "si/io/samples.hpp"

namespace si {
namespace {

static_assert(std::endian::native == std::endian::little);

template <class T>
void convert(const char* from, Index count, bool big_endian, double* to) {
    for (Index i = 0; i < count; ++i, from += sizeof(T)) {
        std::array<char, sizeof(T)> raw;
        std::memcpy(raw.data(), from, sizeof(T));
        if (big_endian) std::reverse(raw.begin(), raw.end());
        to[i] = static_cast<double>(std::bit_cast<T>(raw));
    }
}

}  // namespace

void convert_numbers(ElementType type, const char* from, Index count, bool big_endian, double* to) {
    switch (type) {
        case ElementType::i8:
            return convert<std::int8_t>(from, count, big_endian, to);
        case ElementType::i16:
            return convert<std::int16_t>(from, count, big_endian, to);
        case ElementType::i32:
            return convert<std::int32_t>(from, count, big_endian, to);
        case ElementType::i64:
            return convert<std::int64_t>(from, count, big_endian, to);
        case ElementType::u8:
            return convert<std::uint8_t>(from, count, big_endian, to);
        case ElementType::u16:
            return convert<std::uint16_t>(from, count, big_endian, to);
        case ElementType::u32:
            return convert<std::uint32_t>(from, count, big_endian, to);
        case ElementType::u64:
            return convert<std::uint64_t>(from, count, big_endian, to);
        case ElementType::f32:
            return convert<float>(from, count, big_endian, to);
        case ElementType::f64:
            return convert<double>(from, count, big_endian, to);
    }
}

}  // namespace si
