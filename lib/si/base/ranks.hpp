#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "si/base/types.hpp"

// Processes that work on one run together, as mpirun starts them. They cannot change a result: what
// each does is cut by the work alone, and parts are joined in order. Numbers are moved between
// them, never summed, so that nothing depends on how a library sums.

namespace si {

/// The calls of a message-passing library, as the module in lib/mpi makes them. Programs that run
/// alone are not linked with such a library, and start as quickly as if there were none.
struct RankCalls {
    int rank, count;
    void (*meet)();
    void (*broadcast)(void* data, std::size_t bytes, int root);
    /// Elements cuts[r] .. cuts[r + 1] - 1 at `data`, of `width` bytes each: scatter() hands those
    /// of `root` to each rank r, share() makes those of each rank r known to all.
    void (*scatter)(void* data, const Index* cuts, std::size_t width, int root);
    void (*share)(void* data, const Index* cuts, std::size_t width);
    void (*send)(const void* data, std::size_t bytes, int to);
    void (*receive)(void* data, std::size_t bytes, int from);
    /// Puts the exit status of each rank into `all`, unless they do not all come to this call
    /// within so many seconds: then it returns false.
    bool (*end)(int status, double seconds, int* all);
    void (*leave)();
    void (*abort)(int status);
};

/// Where a comment says "all ranks", all call it, in the same order and with the same sizes.
class Ranks {
  public:
    int rank() const { return calls_ == nullptr ? 0 : calls_->rank; }
    int count() const { return calls_ == nullptr ? 1 : calls_->count; }
    bool several() const { return count() > 1; }
    /// The rank that speaks and writes.
    bool first() const { return rank() == 0; }

    /// Of items 0, 1, ... those of rank r are r, r + count(), r + 2 count(), ...
    int owner(Index item) const { return static_cast<int>(item % count()); }
    bool owns(Index item) const { return owner(item) == rank(); }
    /// Of n items in a row those of rank r: cuts[r] .. cuts[r + 1] - 1.
    std::vector<Index> cuts(Index n) const;

    /// All ranks: waits for the others.
    void meet() const;
    /// All ranks: the value of the first.
    template <class T>
    T agree(T value) const {
        static_assert(std::is_trivially_copyable_v<T>);
        if (several()) calls_->broadcast(&value, sizeof value, 0);
        return value;
    }
    /// All ranks: see RankCalls.
    void scatter(float* data, const std::vector<Index>& cuts, int root) const;
    void share(float* data, const std::vector<Index>& cuts) const;
    void share(double* data, const std::vector<Index>& cuts) const;
    /// All ranks: column k of `all`, which rank owners[k] knows, becomes known to all.
    void share_columns(MatrixRef all, const std::vector<int>& owners) const;

    void send(ConstMatrix matrix, int to) const;
    Matrix receive(int from) const;

    /// Joins the processes that mpirun, or a launcher like it, started with this one, if one did.
    /// Throws Failure::config when their commands differ, or when this installation has no module
    /// to reach them with.
    void join(const std::string& command);
    /// All ranks: the end of the common work, with the exit status of this one. Returns whether it
    /// is to say why that is not 0: what befell all is told once.
    bool leave(int status);
    /// After that, and after what was to be said: nothing is done in common any more. Ranks that
    /// did not come to leave() are ended.
    void part(int status);

  private:
    const RankCalls* calls_ = nullptr;
    bool ended_ = false;  ///< all ranks have come to their end
};

/// Those of this process: itself alone, until it joins others.
Ranks& ranks();

}  // namespace si
