#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "si/base/ranks.hpp"
#include "si/base/threads.hpp"
#include "si/train/checkpoint.hpp"
#include "si/train/chunk_losses.hpp"
#include "si/train/path_learner.hpp"
#include "si/train/reduction.hpp"

// One step of training: chunks of a batch through the networks, gradients in a fixed order over
// threads and ranks, and the update.

namespace si {

/// The networks under training and everything that a step needs. The parameters of all
/// networks are one flat vector. Refers to its arguments, which must outlive it.
class TrainStepper {
  public:
    TrainStepper(const Graph& graph, const std::vector<const Quantity*>& learned,
                 const BatchSource& source, const TrainSpec& spec, std::uint64_t seed,
                 Threads& threads);
    TrainStepper(const TrainStepper&) = delete;
    TrainStepper& operator=(const TrainStepper&) = delete;

    /// One step (counted from 0) at `fraction` of the peak learning rate. Steps after the first
    /// allocate no memory but for the pairs that the coupling draws. The losses are valid until
    /// the next step. Throws Failure::check when the gradient is not finite.
    const Losses& step(Index step, double fraction);

    /// With pairs that were drawn for it. All ranks: each works on some of the lanes.
    const Losses& step(Index step, const Pairs& pairs, double fraction);

    /// The losses of the averaged weights on `n` samples of `held_out`, at the present path. All
    /// ranks.
    Losses evaluate(const BatchSource& held_out, const Pairs& pairs, Index n);

    /// The weights of all networks, and their average over the steps.
    const Eigen::VectorXf& parameters() const { return state_.parameters; }
    const Eigen::VectorXf& average() const { return state_.average; }

    /// Takes these weights, and as their average too.
    void begin_with(const Eigen::VectorXf& parameters);

    /// What the steps so far have left, and the same put in place of it: `done` is their number.
    StepperState state() const;
    void restore(StepperState state, Index done);

    /// The interpolant, which a path that is learned changes.
    const Setup& setup() const { return source_.setup; }

    /// Samples that are worked on together.
    Index chunk_samples() const { return chunks_->samples(); }
    /// Columns that a sample is for all networks together: two for one that is antithetic.
    Index passes() const { return chunks_->passes(); }

    /// The gradient of the last step, by all parameters: the derivative of the mean loss per
    /// coordinate, before clipping.
    auto gradient() const { return reduction_->gradient(); }

  private:
    void take_weights(const Eigen::VectorXf& values, std::vector<Weights<float>>& weights);
    void update(Index step, double fraction);

    const Graph& graph_;
    BatchSource source_;
    const TrainSpec& spec_;
    Threads& threads_;
    const Ranks& ranks_ = ranks();
    StepperState state_;
    std::optional<PathLearner> path_;
    std::optional<ChunkLosses> chunks_;
    std::optional<Reduction> reduction_;
    std::vector<Columns> cut_;  // of a batch
    std::vector<Losses> parts_;
    Matrix path_gradients_;  // (coefficients, chunks)
    Update rule_;
    double peak_rate_ = 0;
    std::vector<Weights<float>> weights_;   // of each network
    std::vector<Weights<float>> averaged_;  // the average, for evaluate(): always in float32
};

}  // namespace si
