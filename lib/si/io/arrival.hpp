#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "si/io/hdf5.hpp"
#include "si/io/input_file.hpp"

// The places of datasets in an HDF5 file with their checksums, and such a file on its way through
// a pipe.

namespace si {

/// The numbers of one dataset, in one piece.
struct Piece {
    std::string dataset;
    std::uint64_t place = 0, size = 0;
    std::uint32_t checksum = 0;  ///< as the file's trailer says
};

/// Where everything of a file is, when all of its datasets are in one piece each.
struct Plan {
    std::vector<Piece> pieces;  ///< without the trailer, in the order of their places
    bool sealed = false;        ///< the file has a trailer
    Piece trailer;
    std::uint64_t end = 0;       ///< of the file
    std::uint32_t checksum = 0;  ///< of the head, which ends where the first piece begins

    const Piece* find(std::uint64_t place) const;
    /// Where the head ends.
    std::uint64_t head() const;
    /// Takes the checksums from the bytes of the trailer. Throws Failure::data when it is not
    /// whole.
    void take_trailer(const std::string& bytes);
};

/// The plan of a file of `size` bytes; one without pieces when a dataset is not in one piece.
/// Throws Failure::data when there is a trailer that cannot be that of the file.
Plan plan_of(hdf5::Id file, std::uint64_t size);

/// Throws Failure::data unless the checksum of what was read is that of the trailer.
void require_checksum(std::uint32_t found, std::uint32_t stored);

/// The bytes of a file that arrive once and in order, and their checksums as they pass by.
class Arrival {
  public:
    /// `input` must stay where it is.
    Arrival(InputFile& input, Plan plan) : input_(&input), plan_(std::move(plan)) {}

    /// Bytes from `place` on, which comes after all that was read: how many of `size` there are.
    std::size_t read(std::uint64_t place, char* to, std::size_t size);

    /// Reads what is left. Throws Failure::data when the end is missing, or when what passed by is
    /// not what was sent.
    void finish();

  private:
    std::size_t pass(char* to, std::size_t size);
    void close_piece();

    InputFile* input_;
    Plan plan_;
    std::uint64_t at_ = 0;
    std::vector<std::uint32_t> sums_ = {0};  ///< of the head and of the pieces so far
};

}  // namespace si
