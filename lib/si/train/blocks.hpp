#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "si/base/moments.hpp"
#include "si/random/draw.hpp"

// Training on more samples than memory holds.
//
// The rows of a set are cut into blocks, which are read whole. An epoch takes all blocks in a
// shuffled order, and some of them at a time into memory: a pool, whose rows are shuffled among
// each other. So every row is seen once before any is seen again, and those of a batch come from as
// many places as a pool has blocks. While one pool is drawn from, the next one is read at the same
// pace.

namespace si {

/// Samples that stay where they are until they are asked for, in the data's coordinates.
class StoredSamples {
  public:
    virtual ~StoredSamples() = default;
    /// Samples first .. first + count - 1, one column a sample. Called by one thread at a time.
    virtual Matrix rows(Index first, Index count) = 0;
};

struct BlockSizes {
    Index rows = 1;    ///< of a block; the last one may have fewer
    Index blocks = 1;  ///< of a pool, at most
    friend bool operator==(const BlockSizes&, const BlockSizes&) = default;
};

/// A stored set, with what training has to know of all of it.
struct StoredSet {
    std::shared_ptr<StoredSamples> samples;
    Index dim = 0;
    Index n = 0;  ///< rows, with those that are left out
    BlockSizes blocks;
    std::vector<Index> left_out;  ///< rows that training does not see, increasing
    Moments moments;              ///< of the others
    std::string fingerprint;      ///< tells it from other sets

    /// Rows that training sees.
    Index kept() const { return n - std::ssize(left_out); }
};

/// The rows of a stored set for one step after another, and the samples that they are.
class BlockDrawer {
  public:
    /// A function of the set's n, blocks and left_out, of the seed and the purpose.
    BlockDrawer(StoredSet set, std::uint64_t seed, Purpose purpose);

    /// Those of `step` (from 0) when every one takes `batch` of them. Steps may come in any order;
    /// the next one is what has been read for. Throws what reading them throws.
    void draw(Index step, Index batch, std::vector<Index>& rows, Matrix& samples);

  private:
    struct Epoch {
        Index number = -1;
        std::vector<Index> blocks;  // those of a pool next to each other, and increasing
        std::vector<Index> starts;  // of each pool, in rows; and the end of the last
    };
    struct Pool {
        Index number = -1;          // pools are counted through all epochs
        std::vector<Index> blocks;  // in the order of the file
        Index read = 0;             // blocks so far
        std::vector<Index> rows;    // of the file, so far
        Matrix samples;             // one column for each of rows, and room for more
    };

    Index blocks() const { return (set_.n + set_.blocks.rows - 1) / set_.blocks.rows; }
    Index first_block(Index pool) const { return pool * blocks() / pools_; }
    Epoch epoch(Index number) const;
    void begin(Pool& pool, Index number);
    void read(Pool& pool, Index blocks);
    const Pool& take(Index number);
    void read_ahead(double part);

    StoredSet set_;
    std::uint64_t seed_;
    Purpose purpose_;
    Index pools_ = 1, most_ = 0;  // of an epoch; rows of a pool at most
    std::vector<Index> kept_;     // rows of each block that are not left out
    Epoch epoch_;
    Pool now_, next_;
};

}  // namespace si
