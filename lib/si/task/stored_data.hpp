#pragma once

#include <memory>
#include <string>
#include <vector>

#include "si/task/training_data.hpp"

// Training sets that are larger than memory and stay in their files.

namespace si {

/// Training data that stay in their files (blocks.hpp): x1, and x0 where a file of its own or that
/// of x1 has it.
class StoredEnds {
  public:
    /// `x0` may be null.
    StoredEnds(std::shared_ptr<const DataFile> x1, std::shared_ptr<const DataFile> x0);

    /// What they would take in memory at 8 bytes a number; 0 when one is not HDF5, and must be read
    /// whole.
    Index bytes() const;

    /// After one pass over everything, with a fraction of the rows held out when spec.valid is one.
    /// Two sets of as many samples may be pairs, and are treated so.
    TrainData read(const TrainSpec& spec, std::uint64_t seed, Bytes memory,
                   Progress& progress) const;

  private:
    struct End {
        std::shared_ptr<const DataFile> file;
        std::string dataset;  ///< empty for the usual one

        std::vector<Index> shape() const { return file->shape(dataset).value(); }
    };
    struct Passed;

    static std::vector<Index> hold_out(const End& end, const TrainSpec& spec, std::uint64_t seed,
                                       std::uint32_t set);
    /// `step` is that of --dequantize, or 0.
    static Passed pass_over(const End& end, std::vector<Index> held, double step);

    End x1_, x0_;
};

}  // namespace si
