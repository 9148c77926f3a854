#pragma once

#include <vector>

#include "si/base/ranks.hpp"
#include "si/base/threads.hpp"
#include "si/net/optimizer.hpp"
#include "si/train/checkpoint.hpp"
#include "si/train/chunk_losses.hpp"

// The second half of a step of training: the gradients of the chunks of a batch become one, and the
// parameters take their step. The sums have the same order for any number of threads and ranks.

namespace si {

/// Of a step, counted from 0, whose gradient has this norm: it is clipped as `spec` says, and the
/// average forgets its start quickly.
UpdateRates update_rates(const TrainSpec& spec, Index step, double rate, double norm);

/// The first becomes the sum of all.
const Losses& sum_of(std::vector<Losses>& parts);

/// All ranks: the losses of chunk k, which rank owners[k] knows, become known to all.
void share_losses(const Ranks& ranks, std::vector<Losses>& parts, const std::vector<int>& owners);

/// Sums of gradients over the chunks of a batch. Chunk k goes into lane k mod the number of lanes,
/// a lane is the work of one rank, and the lanes are summed in a fixed tree.
class Reduction {
  public:
    Reduction(Index parameters, Index chunk_count, Threads& threads);

    /// Calls work(chunk, worker, gradient, keep) for each chunk of this rank, on all threads: it
    /// writes the chunk's gradient to `gradient`, or adds it to what is there.
    template <class Work>
    void for_each_chunk(const Work& work) {
        threads_.for_each(std::ssize(own_lanes_), [&](Index own, int worker) {
            const Index lane = own_lanes_[static_cast<std::size_t>(own)];
            for (Index k = lane; k < chunks_; k += lanes_) {
                work(k, worker, gradients_.col(lane).data(), k != lane);
            }
        });
    }

    /// All ranks: hands each of them what it sums of every lane.
    void share_lanes();

    /// All ranks, after share_lanes(): the sum of all lanes, in gradient(). Its norm.
    double sum();

    /// The whole gradient, after sum().
    auto gradient() const { return gradients_.col(0); }

    /// One step of an optimiser along the gradient.
    void update(const Update& rule, const UpdateRates& rates, StepperState& state) const;

    /// The rank of each chunk.
    const std::vector<int>& owners() const { return owners_; }

  private:
    Threads& threads_;
    const Ranks& ranks_ = ranks();
    Index chunks_, lanes_;
    std::vector<Index> own_lanes_;  // of this rank
    std::vector<int> owners_;
    MatrixF gradients_;            // (parameters, lanes)
    std::vector<Columns> blocks_;  // of the parameters
    // What each rank sums, in blocks and in parameters.
    std::vector<Index> blocks_of_ranks_, parameters_of_ranks_;
    std::vector<double> squares_;  // of each block
};

}  // namespace si
