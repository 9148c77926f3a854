#include "si/train/chunk_losses.hpp"

#include <algorithm>

#include "si/base/set_size.hpp"
#include "si/model/network_field.hpp"
#include "si/net/gemm.hpp"

namespace si {
namespace {

/// Parameters of a network whose gradient does not fit into a core's cache.
constexpr Index kLarge = 1 << 19;

/// What a sum over the coordinates and the columns of a pass is multiplied with to be the mean over
/// the batch.
double share_of_column(Index batch, bool antithetic) {
    return 1.0 / static_cast<double>(batch * (antithetic ? 2 : 1));
}

}  // namespace

std::vector<double> loss_weights(const TrainSpec& spec, Index count) {
    if (spec.weights.empty()) return std::vector<double>(static_cast<std::size_t>(count), 1.0);
    require(std::ssize(spec.weights) == count, Failure::usage, "--weights has ",
            spec.weights.size(), " numbers for ", count, " learned fields");
    return spec.weights;
}

bool takes_both_signs(const TrainSpec& spec, const Setup& setup, const Quantity& learned) {
    return spec.antithetic == "on" ||
           (spec.antithetic == "auto" && wants_antithetic(setup, learned));
}

std::vector<LearnedField> learned_fields(const std::vector<const Quantity*>& learned,
                                         const TrainSpec& spec, const Setup& setup) {
    std::vector<LearnedField> fields;
    for (const Quantity* row : learned) {
        fields.push_back({.objective = &objective_of(*row),
                          .antithetic = takes_both_signs(spec, setup, *row),
                          .weight = 1,
                          .weighting = spec.weighting.make(setup, *row)});
    }
    const auto weights = loss_weights(spec, std::ssize(learned));
    for (std::size_t k = 0; k < fields.size(); ++k) fields[k].weight = weights[k];
    return fields;
}

ChunkLosses::ChunkLosses(const Graph& graph, std::vector<LearnedField> fields, Index batch,
                         int workers, const PathLearner* path)
    : graph_(graph),
      fields_(std::move(fields)),
      path_(path),
      workers_(static_cast<std::size_t>(workers)) {
    for (const LearnedField& field : fields_) any_antithetic_ |= field.antithetic;
    together_ = std::max<Index>(graph.columns_together(kChunk), any_antithetic_ ? 2 : 1);
    samples_ = samples_of(batch);
}

/// Samples that go through the networks together. Small batches are cut finer, so that they still
/// make work for several threads, but not so fine that writing the gradient of a large network
/// takes longer than what leads to it.
Index ChunkLosses::samples_of(Index batch) const {
    const Index least = graph_.parameters() > kLarge ? 128 : 64;
    const Index columns = std::min(std::clamp<Index>(padded((batch + 7) / 8), least, kChunk),
                                   graph_.columns_together(kChunk));
    return any_antithetic_ ? std::max<Index>(1, columns / 2) : columns;
}

std::vector<Columns> ChunkLosses::cut(Index n) const { return chunks(n, samples_of(n)); }

Index ChunkLosses::passes() const {
    Index sum = 0;
    for (const LearnedField& field : fields_) sum += field.antithetic ? 2 : 1;
    return sum;
}

void ChunkLosses::run(int worker_index, const BatchSource& source, const Pairs& pairs,
                      const BatchPart& part, const std::vector<Weights<float>>& weights,
                      const ChunkGradient& gradient, Losses& losses) {
    Worker& worker = workers_[static_cast<std::size_t>(worker_index)];
    if (!worker.tape) worker.tape.emplace(graph_, together_, Tape<float>::Mode::differentiable);
    worker.batch = part.columns.count == samples_ ? &worker.whole : &worker.rest;
    build_batch(source, pairs, part, *worker.batch);
    if (gradient.path != nullptr) std::fill_n(gradient.path, path_->size(), 0.0);
    losses.clear();
    for (std::size_t k = 0; k < fields_.size(); ++k) {
        const auto which = static_cast<Index>(k);
        const Chance chance{source.seed, static_cast<std::uint32_t>(part.step), part.columns.first,
                            part.columns.count, which};
        Pass pass{k, part.batch, part.validation ? nullptr : &chance, gradient};
        if (gradient.parameters != nullptr) {
            pass.gradient.parameters += which * graph_.parameters();
        }
        run_network(worker, source, weights[k], pass, losses);
    }
}

/// Forward, loss and backward of one network.
void ChunkLosses::run_network(Worker& worker, const BatchSource& source,
                              const Weights<float>& weights, const Pass& pass,
                              Losses& losses) const {
    const LearnedField& field = fields_[pass.which];
    Tape<float>& tape = *worker.tape;
    const Index d = worker.batch->xt.rows(), signs = field.antithetic ? 2 : 1,
                n = signs * worker.batch->xt.cols(), wide = fill(worker, source, signs);
    const float* output = tape.forward(weights, wide, pass.chance);
    add_losses(worker, source.setup, output, pass, losses);
    if (pass.gradient.parameters == nullptr) return;
    Eigen::Map<MatrixF>(tape.seed(), d, wide).rightCols(wide - n).setZero();
    const bool of_path = pass.gradient.path != nullptr;
    if (of_path) {
        const auto scale = static_cast<float>(
            field.weight * share_of_column(pass.batch, field.antithetic) / static_cast<double>(d));
        worker.output =
            static_cast<double>(scale) * Eigen::Map<const MatrixF>(output, d, n).cast<double>();
    }
    tape.backward(weights, wide, tape.seed(), pass.gradient.parameters, of_path,
                  pass.gradient.keep ? 1 : 0);
    if (!of_path) return;
    worker.pulled = Eigen::Map<const MatrixF>(tape.d_input(0), d, n).cast<double>();
    add_path_gradient(worker, source.setup, signs, pass.gradient.path);
}

/// Puts the batch, and with two signs its mirror image, into the tape. Its width there.
Index ChunkLosses::fill(Worker& worker, const BatchSource& source, Index signs) const {
    const Batch& b = *worker.batch;
    const Index n = b.xt.cols();
    const Index wide =
        fill_inputs(*worker.tape, b.t, b.xt, b.mirrored.leftCols(signs == 2 ? n : 0));
    if (b.given.rows() == 0) return wide;
    const Matrix seen = source.conditions.seen(b.given);
    set_size(worker.given, b.given.rows(), signs * n);
    for (Index sign = 0; sign < signs; ++sign) {
        worker.given.middleCols(sign * n, n) = seen.cast<float>();
    }
    put_conditions(*worker.tape, source.conditions, worker.given, 0, signs * n, wide);
    return wide;
}

/// Adds the losses of what a network made of the batch, and leaves their derivatives in the tape.
void ChunkLosses::add_losses(Worker& worker, const Setup& setup, const float* output,
                             const Pass& pass, Losses& losses) const {
    const LearnedField& field = fields_[pass.which];
    const Batch& b = *worker.batch;
    const Index d = b.xt.rows(), n = b.xt.cols();
    const double weight = share_of_column(pass.batch, field.antithetic);
    const auto scale = static_cast<float>(field.weight * weight / static_cast<double>(d));
    double &form = losses.form[static_cast<Index>(pass.which)],
           &square = losses.square[static_cast<Index>(pass.which)];
    float* derivative = worker.tape->seed();
    for (Index sign = 0; sign < (field.antithetic ? 2 : 1); ++sign) {
        for (Index j = 0; j < n; ++j) {
            const auto w = target_weights(setup, *field.objective, b.t[j], sign == 0 ? 1 : -1);
            const bool latent = w.of_latent != 0 && b.z.cols() > 0;
            const EndColumns ends(b, j);
            const double own = field.weighting ? field.weighting(b.t[j]) : 1;
            const auto sums = column_losses({.rows = d,
                                             .w = w,
                                             .ends = ends,
                                             .z = latent ? b.z.col(j).data() : nullptr,
                                             .f = output,
                                             .scale = scale * static_cast<float>(own)},
                                            derivative);
            form += own * weight * sums.form;
            square += own * weight * sums.square;
            output += d;
            derivative += d;
        }
    }
}

void ChunkLosses::add_path_gradient(Worker& worker, const Setup& setup, Index signs,
                                    double* gradient) const {
    const Index n = worker.batch->xt.cols();
    Eigen::Map<Vector> sum(gradient, path_->size());
    for (Index sign = 0; sign < signs; ++sign) {
        // The mirror image of a one-sided batch has x0, which is its z, with the other sign.
        const double of_x0 = sign == 1 && setup.one_sided() ? -1 : 1;
        path_->add(*worker.batch, of_x0, worker.output.middleCols(sign * n, n),
                   worker.pulled.middleCols(sign * n, n), sum);
    }
}

}  // namespace si
