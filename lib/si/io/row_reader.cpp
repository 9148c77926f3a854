#include "si/io/row_reader.hpp"

#include <algorithm>
#include <vector>

#include "si/io/crc32c.hpp"

namespace si {
namespace {

constexpr Index kNumbersAtOnce = 1 << 15;

}  // namespace

void RowReader::read_bytes(Index number, char* to, std::size_t size) {
    const Index element = size_of(dataset_.type.type);
    const auto place = *dataset_.place + static_cast<std::uint64_t>(number * element);
    if (arrival_ == nullptr) {
        input_.read_at(place, to, size);
        return take(number, {to, size});
    }
    const auto got = arrival_->read(place, to, size);
    if (got == size) return;
    const Index row = element * (count_of(dataset_.shape) / dataset_.shape[0]);
    const Index rows = (number * element + static_cast<Index>(got)) / row;
    throw Error(Failure::data,
                text("truncated: it ends after ", rows, " of ", dataset_.shape[0], " samples"));
}

void RowReader::take(Index number, std::string_view bytes) {
    if (!plan_.sealed || number != checked_) return;
    checksum_ = crc32c(bytes, checksum_);
    checked_ += std::ssize(bytes) / size_of(dataset_.type.type);
    const Piece* piece = plan_.find(*dataset_.place);
    if (piece != nullptr && checked_ == count_of(dataset_.shape)) {
        require_checksum(checksum_, piece->checksum);
    }
}

void RowReader::read(Index first, Index count, double* values) {
    read_stored(first, count, values);
    const auto& rules = dataset_.conventions;
    if (rules.plain()) return;
    missing_ += rules.apply(values, count * (count_of(dataset_.shape) / dataset_.shape[0]));
}

void RowReader::read_stored(Index first, Index count, double* values) {
    if (!dataset_.place) return hdf5::read_rows(dataset_, first, count, values);
    const Index row = count_of(dataset_.shape) / dataset_.shape[0];
    const Index element = size_of(dataset_.type.type);
    const bool as_it_is = dataset_.type.type == ElementType::f64 && !dataset_.type.big_endian;
    const Index step = as_it_is ? 4 * kNumbersAtOnce : kNumbersAtOnce;
    std::vector<char> buffer(static_cast<std::size_t>(as_it_is ? 0 : step * element));
    for (Index at = first * row; at < (first + count) * row;) {
        const Index some = std::min(step, (first + count) * row - at);
        const auto size = static_cast<std::size_t>(some * element);
        double* const to = values + (at - first * row);
        char* const raw = as_it_is ? reinterpret_cast<char*>(to) : buffer.data();
        read_bytes(at, raw, size);
        if (!as_it_is) {
            convert_numbers(dataset_.type.type, raw, some, dataset_.type.big_endian, to);
        }
        at += some;
    }
}

}  // namespace si
