#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "si/base/ranks.hpp"
#include "si/base/threads.hpp"
#include "si/net/optimizer.hpp"
#include "si/net/tape.hpp"
#include "si/train/batch.hpp"
#include "si/train/checkpoint.hpp"
#include "si/train/path_learner.hpp"
#include "si/train/spec.hpp"

// One step of training: chunks of a batch through the networks, gradients in a fixed order over
// threads and ranks, and the update.

namespace si {

/// What a batch says of the networks, one number for each learned field.
struct Losses {
    Vector form, square;  ///< means of |f|^2 / 2 - Y f, and of |f - Y|^2
    explicit Losses(Index n) : form(Vector::Zero(n)), square(Vector::Zero(n)) {}
    void clear() { form.setZero(), square.setZero(); }
    Losses& operator+=(const Losses& other) {
        form += other.form;
        square += other.square;
        return *this;
    }
};

/// The weight of each learned field's loss. Throws Failure::usage when their number differs.
std::vector<double> loss_weights(const TrainSpec& spec, Index count);

/// Whether `learned` is trained with z and -z of every sample, as `spec` says or, with auto, where
/// its target asks for it.
bool takes_both_signs(const TrainSpec& spec, const Setup& setup, const Quantity& learned);

/// Of a step, counted from 0, whose gradient has this norm: it is clipped as `spec` says, and the
/// average forgets its start quickly.
UpdateRates update_rates(const TrainSpec& spec, Index step, double rate, double norm);

/// The networks under training and everything that a step needs. The parameters of all
/// networks are one flat vector. Refers to its arguments, which must outlive it.
class TrainStepper {
  public:
    TrainStepper(const Graph& graph, std::vector<const Quantity*> learned,
                 const BatchSource& source, const TrainSpec& spec, std::uint64_t seed,
                 Threads& threads);

    /// One step (counted from 0) at `fraction` of the peak learning rate. Steps after the first
    /// allocate no memory but for the pairs that the coupling draws. The losses are valid until
    /// the next step. Throws Failure::check when the gradient is not finite.
    const Losses& step(Index step, double fraction);

    /// With pairs that were drawn for it. All ranks: each works on some of the lanes.
    const Losses& step(Index step, const Pairs& pairs, double fraction);

    /// The losses of the averaged weights on `n` samples of `held_out`, at the present path. All
    /// ranks.
    Losses evaluate(const BatchSource& held_out, const Pairs& pairs, Index n);

    /// What the steps so far have left, and the same put in place of it: `done` is their number.
    StepperState state() const;
    void restore(StepperState state, Index done);

    /// The interpolant, which a path that is learned changes.
    const Setup& setup() const { return source_.setup; }

    /// Samples that are worked on together.
    Index chunk_samples() const { return chunk_samples_; }
    /// Columns that a sample is for all networks together: two for one that is antithetic.
    Index passes() const;

    /// The gradient of the last step, by all parameters: the derivative of the mean loss per
    /// coordinate, before clipping.
    auto gradient() const { return gradients_.col(0); }

    Eigen::VectorXf parameters, average;

  private:
    struct Worker {
        std::optional<Tape<float>> tape;
        Batch whole, rest;  ///< chunks of full size, and others: a batch keeps its memory
        Batch* batch = nullptr;
        Matrix output, pulled;  ///< of the network, and of its residual through its Jacobian
        Vector path_gradient;   ///< of this chunk
        MatrixF given;          ///< what the columns of a network are conditioned on
    };

    void run_chunk(int worker_index, const BatchSource& source, const Pairs& pairs, Index step,
                   Columns columns, Index batch, const std::vector<Weights<float>>& weights,
                   bool validation, float* gradient, bool keep, Losses& losses);
    void take_weights(const Eigen::VectorXf& values, std::vector<Weights<float>>& weights);
    void run_network(Worker& worker, const BatchSource& source, std::size_t which, Index batch,
                     const Weights<float>& weights, const Chance* chance, float* dw, bool keep,
                     double& form, double& square);
    void share_losses(std::vector<Losses>& parts, const std::vector<int>& owners) const;
    void share_parts_of_step();
    void sum_gradients();
    void update(Index step, double fraction);
    void add_path_gradient(Worker& worker, Index signs) const;

    const Graph& graph_;
    std::vector<const Quantity*> learned_;
    BatchSource source_;
    const TrainSpec& spec_;
    Threads& threads_;
    const Ranks& ranks_ = ranks();
    std::vector<bool> antithetic_;
    std::vector<double> loss_weights_;
    std::vector<Weighting> weightings_;  ///< of each learned field; empty functions are 1
    bool any_antithetic_ = false;
    Eigen::VectorXf first_, second_;
    Index chunk_samples_ = 0, together_ = 0;  ///< of samples, and of columns at most
    std::vector<Columns> cut_;
    Index lanes_ = 1;
    std::vector<Index> own_lanes_;  // of this rank
    std::vector<int> owners_;       // the rank of each chunk
    MatrixF gradients_;             // (parameters, lanes)
    std::vector<Losses> parts_;
    std::vector<Columns> blocks_;  // of the parameters
    // What each rank sums, in blocks and in parameters.
    std::vector<Index> blocks_of_ranks_, parameters_of_ranks_;
    std::vector<double> squares_;
    std::optional<PathLearner> path_;
    Matrix path_gradients_;  // (coefficients, chunks)
    Update update_;
    double peak_rate_ = 0;
    Precision precision_ = Precision::float32;
    std::vector<Weights<float>> weights_;   // of each network
    std::vector<Weights<float>> averaged_;  // the average, for evaluate(): always in float32
    std::vector<Worker> workers_;
};

}  // namespace si
