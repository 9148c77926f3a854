#pragma once

#include <optional>
#include <vector>

#include "si/net/tape.hpp"
#include "si/train/batch.hpp"
#include "si/train/objective.hpp"
#include "si/train/path_learner.hpp"
#include "si/train/spec.hpp"
#include "si/train/weighting.hpp"

// The first half of a step of training: a part of a batch goes through the networks, and leaves its
// losses and what it adds to the gradient.

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

/// A field that is learned, and how.
struct LearnedField {
    const Objective* objective;
    bool antithetic;      ///< with z and -z
    double weight;        ///< of its loss among those of all fields
    Weighting weighting;  ///< of the times; an empty function is 1
};

/// The learned fields as `spec` says. Throws Failure::usage when they do not go together.
std::vector<LearnedField> learned_fields(const std::vector<const Quantity*>& learned,
                                         const TrainSpec& spec, const Setup& setup);

/// Where the gradient of a chunk goes: that of the mean loss over the batch and the dimensions.
struct ChunkGradient {
    float* parameters = nullptr;  ///< of all networks; null: it is not wanted
    bool keep = false;            ///< it is added to what stands there
    double* path = nullptr;       ///< of a path that is learned; set, not added
};

/// Runs chunks of batches through networks of one graph, on one tape a worker. Refers to its
/// arguments, which must outlive it.
class ChunkLosses {
  public:
    /// `path` is null unless it is learned.
    ChunkLosses(const Graph& graph, std::vector<LearnedField> fields, Index batch, int workers,
                const PathLearner* path);

    /// The losses of a part of a batch, with the weights of each network. Steps after the first
    /// allocate no memory.
    void run(int worker, const BatchSource& source, const Pairs& pairs, const BatchPart& part,
             const std::vector<Weights<float>>& weights, const ChunkGradient& gradient,
             Losses& losses);

    /// A batch of n samples as chunks: a function of n and the networks alone.
    std::vector<Columns> cut(Index n) const;

    /// Samples of a chunk of a training batch.
    Index samples() const { return samples_; }
    /// Columns that a sample is for all networks together: two for one that is antithetic.
    Index passes() const;
    /// Whether any of the fields is learned with z and -z.
    bool antithetic() const { return any_antithetic_; }

  private:
    struct Worker {
        std::optional<Tape<float>> tape;
        Batch whole, rest;  ///< chunks of full size, and others: a batch keeps its memory
        Batch* batch = nullptr;
        Matrix output, pulled;  ///< of the network, and of its residual through its Jacobian
        MatrixF given;          ///< what the columns of a network are conditioned on
    };
    /// A pass of one network.
    struct Pass {
        std::size_t which;
        Index batch;
        const Chance* chance;  ///< null for validation
        ChunkGradient gradient;
    };

    Index samples_of(Index batch) const;
    void run_network(Worker& worker, const BatchSource& source, const Weights<float>& weights,
                     const Pass& pass, Losses& losses) const;
    Index fill(Worker& worker, const BatchSource& source, Index signs) const;
    void add_losses(Worker& worker, const Setup& setup, const float* output, const Pass& pass,
                    Losses& losses) const;
    void add_path_gradient(Worker& worker, const Setup& setup, Index signs, double* gradient) const;

    const Graph& graph_;
    std::vector<LearnedField> fields_;
    const PathLearner* path_;
    bool any_antithetic_ = false;
    Index samples_ = 0, together_ = 0;  ///< samples of a chunk, and columns of a pass at most
    std::vector<Worker> workers_;
};

}  // namespace si
