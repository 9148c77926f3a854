#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "si/base/remarks.hpp"
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

Matrix from_fortran(ConstMatrix values, const std::vector<Index>& shape) {
    Matrix out = allocate(values.size() / shape[0], shape[0]);
    std::vector<Index> at(shape.size(), 0);
    for (Index i = 0; i < values.size(); ++i) {
        Index offset = 0;
        for (std::size_t k = 0; k < shape.size(); ++k) offset = offset * shape[k] + at[k];
        out.data()[offset] = values.data()[i];
        for (std::size_t k = 0; k < shape.size() && ++at[k] == shape[k]; ++k) at[k] = 0;
    }
    return out;
}

void doubt_large_integers(const std::string& source, ElementType type, ConstMatrix values,
                          Index first) {
    constexpr double kLastOfAll = 9007199254740992;  // 2^53
    if (type != ElementType::i64 && type != ElementType::u64) return;
    Index row = 0, column = 0;
    const double largest = values.array().abs().maxCoeff(&column, &row);
    if (!(largest >= kLastOfAll)) return;
    doubt(text(source, ": row ", first + row + 1, ", column ", column + 1, ": ",
               values(column, row),
               " is beyond 2^53, where a double does not hold every whole number; such numbers are "
               "rounded"));
}

bool has_channels_last(const std::vector<Index>& shape) {
    const auto few = [](Index size) { return size == 3 || size == 4; };
    return shape.size() == 3 && few(shape[2]) && shape[0] > 4 && shape[1] > 4;
}

void doubt_order(const std::string& source, Index n, const std::vector<Index>& shape) {
    constexpr Index kFewSamples = 32;
    if (has_channels_last(shape)) {
        doubt(text(source, ": samples of ", shape_text(shape),
                   " look like images with their channels last; si-data import --channels last "
                   "puts them first"));
    }
    if (shape.size() == 1 && n > 1 && n < kFewSamples && n < shape[0]) {
        doubt(
            text(source, ": ", n, " samples of ", shape[0],
                 " numbers; if samples are its columns, as R and Julia write them, si-data import "
                 "--transpose makes them rows"));
    }
}

}  // namespace si
