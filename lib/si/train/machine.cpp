#include "si/train/machine.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "si/flow/network_field.hpp"
#include "si/net/gemm.hpp"

namespace si {
namespace {

/// Partial sums of a gradient: part k of a batch always goes into sum k mod kLanes.
constexpr Index kLanes = 16;
/// Parameters that one thread sums and updates at a time.
constexpr Index kBlock = 1 << 14;

/// Samples that go through the networks together: a function of the batch alone. Small
/// batches are cut finer, so that they still make work for several threads.
Index samples_of_chunk(Index batch, bool antithetic) {
    const Index columns = std::clamp<Index>(padded((batch + 7) / 8), 64, kChunk);
    return antithetic ? columns / 2 : columns;
}

Losses sum_of(const std::vector<Losses>& parts) {
    Losses total = parts.front();
    for (std::size_t k = 1; k < parts.size(); ++k) total += parts[k];
    return total;
}

}  // namespace

std::vector<double> loss_weights(const TrainSpec& spec, Index count) {
    if (spec.weights.empty()) return std::vector<double>(static_cast<std::size_t>(count), 1.0);
    require(std::ssize(spec.weights) == count, Failure::usage, "--weights has ",
            spec.weights.size(), " numbers for ", count, " learned fields");
    return spec.weights;
}

Machine::Machine(const Graph& graph, std::vector<const Quantity*> learned,
                 const BatchSource& source, const TrainSpec& spec, std::uint64_t seed,
                 Threads& threads)
    : graph_(graph), learned_(std::move(learned)), source_(source), spec_(spec), threads_(threads) {
    const Index count = std::ssize(learned_);
    for (const Quantity* row : learned_) {
        const bool automatic = spec.antithetic == "auto" && wants_antithetic(source.setup, *row);
        antithetic_.push_back(automatic || spec.antithetic == "on");
        any_antithetic_ |= antithetic_.back();
    }
    weights_ = loss_weights(spec, count);
    parameters.resize(graph.parameters() * count);
    for (Index k = 0; k < count; ++k) {
        parameters.segment(k * graph.parameters(), graph.parameters()) =
            graph.initial(seed + static_cast<std::uint64_t>(k));
    }
    average = parameters;
    first_ = Eigen::VectorXf::Zero(parameters.size());
    second_ = first_;
    chunk_samples_ = samples_of_chunk(spec.batch, any_antithetic_);
    cut_ = chunks(spec.batch, chunk_samples_);
    lanes_ = std::min<Index>(kLanes, std::ssize(cut_));
    gradients_.resize(parameters.size(), lanes_);
    update_ = spec.optimizer.make();
    peak_rate_ = spec.optimizer.row().rate(spec.optimizer.settings());
    workers_.resize(static_cast<std::size_t>(threads.count()));
    if (spec.learn_path > 0) {
        require(spec.learn == "b", Failure::usage, "--learn-path goes with --learn b alone");
        path_.emplace(source.setup.interpolant.spec(), spec.learn_path);
        path_gradients_.resize(path_->size(), std::ssize(cut_));
    }
}

Index Machine::passes() const {
    Index sum = 0;
    for (const bool antithetic : antithetic_) sum += antithetic ? 2 : 1;
    return sum;
}

Losses Machine::step(Index step, double fraction) {
    const Pairs pairs = source_.draw(step, spec_.batch);
    std::vector<Losses> parts(cut_.size(), Losses(std::ssize(learned_)));
    threads_.for_each(lanes_, [&](Index lane, int worker) {
        gradients_.col(lane).setZero();
        for (Index k = lane; k < std::ssize(cut_); k += lanes_) {
            const auto part = static_cast<std::size_t>(k);
            parts[part] = run_chunk(worker, source_, pairs, step, cut_[part], spec_.batch, false,
                                    parameters.data(), gradients_.col(lane).data());
            if (path_) {
                path_gradients_.col(k) = workers_[static_cast<std::size_t>(worker)].path_gradient;
            }
        }
    });
    update(step, fraction);
    if (path_) {  // summed chunk by chunk, in their order
        path_->update(path_gradients_.rowwise().sum(), fraction);
        source_.setup.interpolant = Interpolant(path_->spec());
    }
    return sum_of(parts);
}

Losses Machine::evaluate(const BatchSource& held_out, const Pairs& pairs, Index n) {
    BatchSource source = held_out;
    source.setup = source_.setup;
    const auto cut = chunks(n, samples_of_chunk(n, any_antithetic_));
    std::vector<Losses> parts(cut.size(), Losses(std::ssize(learned_)));
    threads_.for_each(std::ssize(cut), [&](Index k, int worker) {
        const auto part = static_cast<std::size_t>(k);
        parts[part] =
            run_chunk(worker, source, pairs, 0, cut[part], n, true, average.data(), nullptr);
    });
    return sum_of(parts);
}

Losses Machine::run_chunk(int worker_index, const BatchSource& source, const Pairs& pairs,
                          Index step, Columns columns, Index batch, bool validation, const float* w,
                          float* gradient) {
    Worker& worker = workers_[static_cast<std::size_t>(worker_index)];
    if (!worker.tape) worker.tape.emplace(graph_, kChunk, Tape<float>::Mode::differentiable);
    build_batch(source, pairs, step, columns, batch, any_antithetic_, validation, worker.batch);
    if (path_) worker.path_gradient.setZero(path_->size());
    Losses losses(std::ssize(learned_));
    for (std::size_t k = 0; k < learned_.size(); ++k) {
        const Index offset = static_cast<Index>(k) * graph_.parameters();
        float* dw = gradient == nullptr ? nullptr : gradient + offset;
        run_network(worker, source, k, batch, w + offset, dw, losses.form[static_cast<Index>(k)],
                    losses.square[static_cast<Index>(k)]);
    }
    return losses;
}

/// Forward, loss and backward of one network; the gradient is that of the mean over the
/// batch and the dimensions.
void Machine::run_network(Worker& worker, const BatchSource& source, std::size_t which, Index batch,
                          const float* w, float* dw, double& form, double& square) {
    const Quantity& row = *learned_[which];
    const bool antithetic = antithetic_[which];
    Tape<float>& tape = *worker.tape;
    const Batch& b = worker.batch;
    const Index d = b.xt.rows(), n = b.xt.cols(), signs = antithetic ? 2 : 1,
                wide = padded(signs * n);
    Eigen::Map<MatrixF> x(tape.input(0), d, wide), seed(tape.seed(), d, wide);
    Eigen::Map<Eigen::RowVectorXf> t(tape.input(1), wide);
    x.leftCols(n) = b.xt.cast<float>();
    t.head(n) = b.t.transpose().cast<float>();
    if (antithetic) {
        x.middleCols(n, n) = b.mirrored.cast<float>();
        t.segment(n, n) = t.head(n);
    }
    x.rightCols(wide - signs * n).setZero();
    t.tail(wide - signs * n).setZero();
    const Eigen::Map<const MatrixF> y(tape.forward(w, wide), d, wide);

    const double weight = 1.0 / static_cast<double>(batch * signs);
    const auto scale = static_cast<float>(weights_[which] * weight / static_cast<double>(d));
    for (Index sign = 0; sign < signs; ++sign) {
        build_target(source, row, b, sign == 0 ? 1 : -1, worker.target);
        for (Index j = 0; j < n; ++j) {
            double half_square = 0, error = 0;
            for (Index i = 0; i < d; ++i) {
                const auto f = static_cast<double>(y(i, sign * n + j));
                const double goal = worker.target(i, j);
                half_square += f * (0.5 * f - goal);
                error += (f - goal) * (f - goal);
                seed(i, sign * n + j) = static_cast<float>(f - goal) * scale;
            }
            form += weight * half_square;
            square += weight * error;
        }
    }
    if (dw == nullptr) return;
    if (path_) worker.output = static_cast<double>(scale) * y.leftCols(signs * n).cast<double>();
    seed.rightCols(wide - signs * n).setZero();
    tape.backward(w, wide, tape.seed(), dw, path_.has_value());
    if (path_) {
        worker.pulled = Eigen::Map<const MatrixF>(tape.d_input(0), d, signs * n).cast<double>();
        add_path_gradient(worker, signs);
    }
}

void Machine::add_path_gradient(Worker& worker, Index signs) const {
    const Index n = worker.batch.xt.cols();
    for (Index sign = 0; sign < signs; ++sign) {
        // The mirror image of a one-sided batch has x0, which is its z, with the other sign.
        const double of_x0 = sign == 1 && source_.setup.one_sided ? -1 : 1;
        path_->add(worker.batch, of_x0, worker.output.middleCols(sign * n, n),
                   worker.pulled.middleCols(sign * n, n), worker.path_gradient);
    }
}

void Machine::update(Index step, double fraction) {
    const auto blocks = chunks(parameters.size(), kBlock);
    std::vector<double> squares(blocks.size());
    threads_.for_each(std::ssize(blocks), [&](Index k, int) {
        const Columns& block = blocks[static_cast<std::size_t>(k)];
        std::array<float*, kLanes> parts{};
        for (Index lane = 0; lane < lanes_; ++lane) {
            parts[static_cast<std::size_t>(lane)] = gradients_.col(lane).data() + block.first;
        }
        sum_in_tree(parts.data(), lanes_, block.count);
        squares[static_cast<std::size_t>(k)] = squared_norm(parts[0], block.count);
    });
    double square = 0;
    for (const double part : squares) square += part;
    const double norm = std::sqrt(square);
    require(std::isfinite(norm), Failure::check, "the gradient is not finite at step ", step + 1,
            "; a lower learning rate may help (--optimizer adam,lr=...)");
    const double shrink = spec_.clip > 0 && norm > spec_.clip ? spec_.clip / norm : 1;
    // The average forgets its start quickly.
    const double decay =
        std::min(spec_.ema, static_cast<double>(step + 1) / static_cast<double>(step + 10));
    const UpdateRates rates{step + 1, static_cast<float>(peak_rate_ * fraction),
                            static_cast<float>(shrink),
                            static_cast<float>(spec_.ema > 0 ? decay : 0)};
    threads_.for_each(std::ssize(blocks), [&](Index k, int) {
        const Columns& block = blocks[static_cast<std::size_t>(k)];
        const Index at = block.first;
        update_({block.count, parameters.data() + at, gradients_.data() + at, average.data() + at,
                 first_.data() + at, second_.data() + at},
                rates);
    });
}

}  // namespace si
