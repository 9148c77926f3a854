#include <algorithm>
#include <array>
#include <cstring>

#include <hdf5.h>
#include <zlib.h>

#include "si/io/hdf5.hpp"

// Chunks are fetched as they lie in the file and decoded here: H5Dread of libhdf5 1.10 takes
// for granted that a chunk decodes to its full size, and reads past its end when a damaged one
// does not.

namespace si::hdf5 {
namespace {

using Bytes = std::vector<unsigned char>;

void inflate(Bytes& bytes, std::size_t most) {
    Bytes out(most);
    uLongf size = most;
    const int result = ::uncompress(out.data(), &size, bytes.data(), bytes.size());
    require(result == Z_OK, Failure::data, "damaged: a compressed chunk does not unpack");
    out.resize(size);
    bytes = std::move(out);
}

/// Shuffling puts the first bytes of all numbers first, then all second bytes, and so on.
void unshuffle(Bytes& bytes, std::size_t element) {
    const std::size_t count = bytes.size() / element;
    Bytes out = bytes;
    for (std::size_t byte = 0; byte < element; ++byte) {
        for (std::size_t i = 0; i < count; ++i) {
            out[i * element + byte] = bytes[byte * count + i];
        }
    }
    bytes = std::move(out);
}

/// Fletcher's sum of big-endian 16-bit words, modulo 65535, as HDF5 takes it.
std::uint32_t fletcher32(const unsigned char* bytes, std::size_t size) {
    std::uint64_t first = 0, second = 0;
    for (std::size_t i = 0; i < size; i += 2) {
        const unsigned low = i + 1 < size ? bytes[i + 1] : 0;
        first = (first + (static_cast<unsigned>(bytes[i]) << 8 | low)) % 65535;
        second = (second + first) % 65535;
    }
    return static_cast<std::uint32_t>(second << 16 | first);
}

void strip_checksum(Bytes& bytes) {
    require(bytes.size() > 4, Failure::data, "damaged: a chunk has no checksum");
    std::uint32_t stored = 0;
    std::memcpy(&stored, bytes.data() + bytes.size() - 4, 4);
    bytes.resize(bytes.size() - 4);
    const auto sum = fletcher32(bytes.data(), bytes.size());
    // HDF5 leaves 65535 where the remainder is 0: both halves are compared modulo 65535.
    const bool same =
        (stored >> 16) % 65535 == sum >> 16 && (stored & 0xffff) % 65535 == (sum & 0xffff);
    require(same, Failure::data, "damaged: a checksum does not match");
}

/// The filters of a dataset, in the order of writing.
std::vector<H5Z_filter_t> filters_of(Id creation) {
    std::vector<H5Z_filter_t> filters;
    const int count = H5Pget_nfilters(creation);
    for (unsigned i = 0; i < static_cast<unsigned>(std::max(count, 0)); ++i) {
        unsigned flags = 0;
        std::size_t values = 0;
        filters.push_back(
            H5Pget_filter2(creation, i, &flags, &values, nullptr, 0, nullptr, nullptr));
    }
    return filters;
}

/// Undoes the filters, last one first. A bit of `skipped` stands for a filter that the writer
/// left out for this chunk, as deflate is where nothing would be saved.
void decode(Bytes& bytes, const std::vector<H5Z_filter_t>& filters, std::uint32_t skipped,
            std::size_t size, std::size_t element) {
    const std::size_t with_checksums = size + 4 * filters.size();
    for (std::size_t i = filters.size(); i-- > 0;) {
        if (i < 32 && (skipped >> i & 1) != 0) continue;
        if (filters[i] == H5Z_FILTER_DEFLATE) inflate(bytes, with_checksums);
        if (filters[i] == H5Z_FILTER_SHUFFLE) unshuffle(bytes, element);
        if (filters[i] == H5Z_FILTER_FLETCHER32) strip_checksum(bytes);
    }
    require(bytes.size() == size, Failure::data, "damaged: a chunk of ", size, " bytes has ",
            bytes.size());
}

/// Steps through a grid, last index fastest. False at the end, with all indices at their begin.
bool advance(std::vector<Index>& at, const std::vector<Index>& begin,
             const std::vector<Index>& step, const std::vector<Index>& end) {
    for (std::size_t k = at.size(); k-- > 0;) {
        if ((at[k] += step[k]) < end[k]) return true;
        at[k] = begin[k];
    }
    return false;
}

/// Copies the part of a chunk at `corner` that lies inside the dataset and among its rows first ..
/// first + count - 1, run by run.
void place(const std::vector<double>& numbers, const OpenDataset& dataset,
           const std::vector<Index>& corner, Index first, Index count, double* values) {
    const auto &chunk = dataset.chunk, &shape = dataset.shape;
    const std::size_t rank = shape.size();
    std::vector<Index> begin(rank, 0), step(rank, 1), end(rank);
    for (std::size_t k = 0; k < rank; ++k) end[k] = std::min(chunk[k], shape[k] - corner[k]);
    begin[0] = std::max<Index>(first - corner[0], 0);
    end[0] = std::min(end[0], first + count - corner[0]);
    const Index length = end[rank - 1] - begin[rank - 1];
    step[rank - 1] = length;
    std::vector<Index> inside = begin;
    do {
        Index from = 0, to = 0;
        for (std::size_t k = 0; k < rank; ++k) {
            from = from * chunk[k] + inside[k];
            to = to * shape[k] + corner[k] + inside[k] - (k == 0 ? first : 0);
        }
        std::copy_n(numbers.data() + from, length, values + to);
    } while (advance(inside, begin, step, end));
}

}  // namespace

void read_chunks(const OpenDataset& dataset, Index first, Index count, double* values) {
    const Index size = count_of(dataset.chunk);
    const auto element = static_cast<std::size_t>(size_of(dataset.type.type));
    const auto filters = filters_of(dataset.creation);
    Bytes bytes;
    std::vector<double> numbers(static_cast<std::size_t>(size));
    std::vector<Index> begin(dataset.shape.size(), 0), end = dataset.shape;
    begin[0] = first / dataset.chunk[0] * dataset.chunk[0];
    end[0] = first + count;
    std::vector<Index> corner = begin;
    do {
        const std::vector<hsize_t> offset(corner.begin(), corner.end());
        hsize_t stored = 0;
        check(H5Dget_chunk_storage_size(dataset.object, offset.data(), &stored), Failure::data,
              "read a chunk");
        require(stored > 0 && stored <= dataset.file_size, Failure::data,
                "damaged: a chunk is larger than the file");
        bytes.resize(stored);
        std::uint32_t skipped = 0;
        check(H5Dread_chunk(dataset.object, H5P_DEFAULT, offset.data(), &skipped, bytes.data()),
              Failure::data, "read a chunk");
        decode(bytes, filters, skipped, numbers.size() * element, element);
        convert_numbers(dataset.type.type, reinterpret_cast<const char*>(bytes.data()), size,
                        dataset.type.big_endian, numbers.data());
        place(numbers, dataset, corner, first, count, values);
    } while (advance(corner, begin, dataset.chunk, end));
}

}  // namespace si::hdf5
