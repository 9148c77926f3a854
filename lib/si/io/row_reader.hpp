#pragma once

#include <optional>

#include "si/io/arrival.hpp"

// Rows of an HDF5 dataset straight from the bytes of its file, with the checksum kept along.

namespace si {

/// Rows of a dataset from the bytes of its file. Takes the checksum of what is read from its first
/// row on without a gap, and compares it after the last one.
class RowReader {
  public:
    /// The arguments must outlive the reader.
    RowReader(const InputFile& input, const hdf5::OpenDataset& dataset, const Plan& plan)
        : input_(input), dataset_(dataset), plan_(plan) {}

    /// Reads from what arrives instead.
    void follow(Arrival& arrival) { arrival_ = &arrival; }

    /// Rows first .. first + count - 1 in row-major order, as the conventions of the dataset have
    /// its numbers, and in the order of its axes in the file. Throws Failure::data.
    void read(Index first, Index count, double* values);

    /// How many numbers of all that was read count as missing.
    Index missing() const { return missing_; }

  private:
    void read_stored(Index first, Index count, double* values);
    void read_bytes(Index number, char* to, std::size_t size);
    void take(Index number, std::string_view bytes);

    const InputFile& input_;
    const hdf5::OpenDataset& dataset_;
    const Plan& plan_;
    Arrival* arrival_ = nullptr;
    Index checked_ = 0;  ///< numbers whose checksum is in checksum_
    std::uint32_t checksum_ = 0;
    Index missing_ = 0;
};

}  // namespace si
