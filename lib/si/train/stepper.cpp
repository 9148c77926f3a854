#include "si/train/stepper.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "si/base/set_size.hpp"
#include "si/base/simd.hpp"
#include "si/model/network_field.hpp"
#include "si/net/gemm.hpp"

namespace si {
namespace {

/// Partial sums of a gradient: part k of a batch always goes into sum k mod kLanes.
constexpr Index kLanes = kMostParts;
/// Parameters of a network whose gradient does not fit into a core's cache.
constexpr Index kLarge = 1 << 19;
/// Parameters that one thread sums and updates at a time.
constexpr Index kBlock = 1 << 14;

/// Samples that go through the networks together: a function of the batch and the network alone.
/// Small batches are cut finer, so that they still make work for several threads, but not so fine
/// that writing the gradient of a large network takes longer than what leads to it.
Index samples_of_chunk(Index batch, bool antithetic, const Graph& graph) {
    const Index least = graph.parameters() > kLarge ? 128 : 64;
    const Index columns = std::min(std::clamp<Index>(padded((batch + 7) / 8), least, kChunk),
                                   graph.columns_together(kChunk));
    return antithetic ? std::max<Index>(1, columns / 2) : columns;
}

SI_CLONES void to_float(Index n, const double* from, float* to) {
    for (Index i = 0; i < n; ++i) to[i] = static_cast<float>(from[i]);
}

/// One column: the output y of a network and what its target x0 w[0] + x1 w[1] + z w[2] is made of.
struct Column {
    Index rows;
    TargetWeights w;
    const double *x0, *x1, *z;  ///< z is null where there is none
    const float* y;
    float scale;
};

template <bool Latent, class Sums>
SI_INLINE void residual_part(const Column& c, Index i, float* seed, Sums& form, Sums& square) {
    double goal = c.w[1] * c.x1[i] + c.w[0] * c.x0[i];
    if constexpr (Latent) goal += c.w[2] * c.z[i];
    const auto f = static_cast<double>(c.y[i]);
    form += f * (0.5 * f - goal);
    square += (f - goal) * (f - goal);
    seed[i] = static_cast<float>(f - goal) * c.scale;
}

template <bool Latent>
SI_INLINE std::array<double, 2> residual_of(const Column& c, float* seed) {
    constexpr Index kSums = 8;  // independent sums let the loop vectorise
    alignas(64) std::array<double, kSums> form{}, square{};
    Index i = 0;
    for (; i + kSums <= c.rows; i += kSums) {
        for (Index k = 0; k < kSums; ++k) {
            const auto at = static_cast<std::size_t>(k);
            residual_part<Latent>(c, i + k, seed, form[at], square[at]);
        }
    }
    for (; i < c.rows; ++i) residual_part<Latent>(c, i, seed, form[0], square[0]);
    for (std::size_t k = 1; k < kSums; ++k) form[0] += form[k], square[0] += square[k];
    return {form[0], square[0]};
}

/// What the column adds to the sums of the losses; `seed` gets the derivative of the mean square.
SI_CLONES std::array<double, 2> residual(const Column& c, float* __restrict seed) {
    return c.z == nullptr ? residual_of<false>(c, seed) : residual_of<true>(c, seed);
}

/// The first becomes the sum of all.
const Losses& sum_of(std::vector<Losses>& parts) {
    for (std::size_t k = 1; k < parts.size(); ++k) parts.front() += parts[k];
    return parts.front();
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

UpdateRates update_rates(const TrainSpec& spec, Index step, double rate, double norm) {
    const double shrink = spec.clip > 0 && norm > spec.clip ? spec.clip / norm : 1;
    const double decay =
        std::min(spec.ema, static_cast<double>(step + 1) / static_cast<double>(step + 10));
    return {step + 1, static_cast<float>(rate), static_cast<float>(shrink),
            static_cast<float>(spec.ema > 0 ? decay : 0)};
}

TrainStepper::TrainStepper(const Graph& graph, std::vector<const Quantity*> learned,
                           const BatchSource& source, const TrainSpec& spec, std::uint64_t seed,
                           Threads& threads)
    : graph_(graph), learned_(std::move(learned)), source_(source), spec_(spec), threads_(threads) {
    const Index count = std::ssize(learned_);
    for (const Quantity* row : learned_) {
        weightings_.push_back(spec.weighting.make(source.setup, *row));
        antithetic_.push_back(takes_both_signs(spec, source.setup, *row));
        any_antithetic_ |= antithetic_.back();
    }
    loss_weights_ = loss_weights(spec, count);
    parameters.resize(graph.parameters() * count);
    for (Index k = 0; k < count; ++k) {
        parameters.segment(k * graph.parameters(), graph.parameters()) =
            graph.initial(seed + static_cast<std::uint64_t>(k));
    }
    average = parameters;
    precision_ = spec.precision == "bf16" ? Precision::bf16 : Precision::float32;
    for (Index k = 0; k < count; ++k) {
        weights_.emplace_back(graph, precision_);
        averaged_.emplace_back(graph);
    }
    first_ = Eigen::VectorXf::Zero(parameters.size());
    second_ = first_;
    together_ = std::max<Index>(graph.columns_together(kChunk), any_antithetic_ ? 2 : 1);
    chunk_samples_ = samples_of_chunk(*spec.batch, any_antithetic_, graph);
    cut_ = chunks(*spec.batch, chunk_samples_);
    lanes_ = std::min<Index>(kLanes, std::ssize(cut_));
    gradients_.setZero(parameters.size(), lanes_);  // what no output depends on stays 0
    parts_.assign(cut_.size(), Losses(count));
    for (Index lane = 0; lane < lanes_; ++lane) {
        if (ranks_.owns(lane)) own_lanes_.push_back(lane);
    }
    for (Index k = 0; k < std::ssize(cut_); ++k) owners_.push_back(ranks_.owner(k % lanes_));
    blocks_ = chunks(parameters.size(), kBlock);
    blocks_of_ranks_ = ranks_.cuts(std::ssize(blocks_));
    for (const Index block : blocks_of_ranks_) {
        parameters_of_ranks_.push_back(std::min(block * kBlock, parameters.size()));
    }
    squares_.resize(blocks_.size());
    update_ = spec.optimizer->make();
    peak_rate_ = spec.optimizer->row().rate(spec.optimizer->settings());
    workers_.resize(static_cast<std::size_t>(threads.count()));
    if (spec.learn_path > 0) {
        require(spec.learn == "b", Failure::usage, "--learn-path goes with --learn b alone");
        path_.emplace(source.setup.interpolant.spec(), spec.learn_path);
        path_gradients_.resize(path_->size(), std::ssize(cut_));
    }
}

StepperState TrainStepper::state() const {
    return {parameters, average, first_, second_, path_ ? path_->state() : Vector{}};
}

void TrainStepper::restore(StepperState state, Index done) {
    parameters = std::move(state.parameters);
    average = std::move(state.average);
    first_ = std::move(state.first);
    second_ = std::move(state.second);
    if (!path_) return;
    path_->restore(state.path, done);
    source_.setup.interpolant = Interpolant(path_->spec());
}

Index TrainStepper::passes() const {
    Index sum = 0;
    for (const bool antithetic : antithetic_) sum += antithetic ? 2 : 1;
    return sum;
}

const Losses& TrainStepper::step(Index step, double fraction) {
    return this->step(step, source_.draw(step, *spec_.batch), fraction);
}

const Losses& TrainStepper::step(Index step, const Pairs& pairs, double fraction) {
    take_weights(parameters, weights_);
    threads_.for_each(std::ssize(own_lanes_), [&](Index own, int worker) {
        const Index lane = own_lanes_[static_cast<std::size_t>(own)];
        for (Index k = lane; k < std::ssize(cut_); k += lanes_) {
            const auto part = static_cast<std::size_t>(k);
            run_chunk(worker, source_, pairs, step, cut_[part], *spec_.batch, weights_, false,
                      gradients_.col(lane).data(), k != lane, parts_[part]);
            if (path_) {
                path_gradients_.col(k) = workers_[static_cast<std::size_t>(worker)].path_gradient;
            }
        }
    });
    if (ranks_.several()) share_parts_of_step();
    update(step, fraction);
    if (path_) {  // summed chunk by chunk, in their order
        path_->update(path_gradients_.rowwise().sum(), fraction);
        source_.setup.interpolant = Interpolant(path_->spec());
    }
    return sum_of(parts_);
}

Losses TrainStepper::evaluate(const BatchSource& held_out, const Pairs& pairs, Index n) {
    BatchSource source = held_out;
    source.setup = source_.setup;
    const auto cut = chunks(n, samples_of_chunk(n, any_antithetic_, graph_));
    std::vector<Losses> parts(cut.size(), Losses(std::ssize(learned_)));
    take_weights(average, averaged_);
    std::vector<int> owners;
    for (Index k = 0; k < std::ssize(cut); ++k) owners.push_back(ranks_.owner(k));
    threads_.for_each(std::ssize(cut), [&](Index k, int worker) {
        const auto part = static_cast<std::size_t>(k);
        if (!ranks_.owns(k)) return;
        run_chunk(worker, source, pairs, 0, cut[part], n, averaged_, true, nullptr, true,
                  parts[part]);
    });
    if (ranks_.several()) share_losses(parts, owners);
    return sum_of(parts);
}

void TrainStepper::share_losses(std::vector<Losses>& parts, const std::vector<int>& owners) const {
    const Index count = std::ssize(learned_);
    Matrix all(2 * count, std::ssize(parts));
    for (std::size_t k = 0; k < parts.size(); ++k) {
        all.col(static_cast<Index>(k)) << parts[k].form, parts[k].square;
    }
    ranks_.share_columns(all, owners);
    for (std::size_t k = 0; k < parts.size(); ++k) {
        parts[k].form = all.col(static_cast<Index>(k)).head(count);
        parts[k].square = all.col(static_cast<Index>(k)).tail(count);
    }
}

/// Hands each rank what it sums of every lane, and all the losses.
void TrainStepper::share_parts_of_step() {
    share_losses(parts_, owners_);
    if (path_) ranks_.share_columns(path_gradients_, owners_);
    for (Index lane = 0; lane < lanes_; ++lane) {
        ranks_.scatter(gradients_.col(lane).data(), parameters_of_ranks_, ranks_.owner(lane));
    }
}

/// Networks that run with `weights` take these values.
void TrainStepper::take_weights(const Eigen::VectorXf& values,
                                std::vector<Weights<float>>& weights) {
    for (std::size_t k = 0; k < weights.size(); ++k) {
        weights[k].refer(values.data() + static_cast<Index>(k) * graph_.parameters());
    }
    const Index each = weights.front().pieces();
    const auto take = [&](Index piece, int) {
        weights[static_cast<std::size_t>(piece / each)].take(piece % each);
    };
    const Index pieces = each * std::ssize(weights);
    if (values.size() < kBlock) {  // not worth waking anyone
        for (Index piece = 0; piece < pieces; ++piece) take(piece, 0);
    } else {
        threads_.for_each(pieces, take);
    }
}

void TrainStepper::run_chunk(int worker_index, const BatchSource& source, const Pairs& pairs,
                             Index step, Columns columns, Index batch,
                             const std::vector<Weights<float>>& weights, bool validation,
                             float* gradient, bool keep, Losses& losses) {
    Worker& worker = workers_[static_cast<std::size_t>(worker_index)];
    if (!worker.tape) worker.tape.emplace(graph_, together_, Tape<float>::Mode::differentiable);
    worker.batch = columns.count == chunk_samples_ ? &worker.whole : &worker.rest;
    build_batch(source, pairs, step, columns, batch, any_antithetic_, validation, *worker.batch);
    if (path_) worker.path_gradient.setZero(path_->size());
    losses.clear();
    for (std::size_t k = 0; k < learned_.size(); ++k) {
        const Index offset = static_cast<Index>(k) * graph_.parameters();
        float* dw = gradient == nullptr ? nullptr : gradient + offset;
        const Chance chance{source.seed, static_cast<std::uint32_t>(step), columns.first,
                            columns.count, static_cast<Index>(k)};
        run_network(worker, source, k, batch, weights[k], validation ? nullptr : &chance, dw, keep,
                    losses.form[static_cast<Index>(k)], losses.square[static_cast<Index>(k)]);
    }
}

/// Forward, loss and backward of one network; the gradient is that of the mean over the
/// batch and the dimensions.
void TrainStepper::run_network(Worker& worker, const BatchSource& source, std::size_t which,
                               Index batch, const Weights<float>& weights, const Chance* chance,
                               float* dw, bool keep, double& form, double& square) {
    const Quantity& row = *learned_[which];
    const bool antithetic = antithetic_[which];
    Tape<float>& tape = *worker.tape;
    const Batch& b = *worker.batch;
    const Index d = b.xt.rows(), n = b.xt.cols(), signs = antithetic ? 2 : 1,
                wide = std::min(padded(signs * n), together_);
    Eigen::Map<MatrixF> x(tape.input(0), d, wide), seed(tape.seed(), d, wide);
    Eigen::Map<Eigen::RowVectorXf> t(tape.input(1), wide);
    to_float(b.xt.size(), b.xt.data(), x.data());
    t.head(n) = b.t.transpose().cast<float>();
    if (antithetic) {
        to_float(b.mirrored.size(), b.mirrored.data(), x.data() + b.xt.size());
        t.segment(n, n) = t.head(n);
    }
    x.rightCols(wide - signs * n).setZero();
    t.tail(wide - signs * n).setZero();
    if (b.given.rows() > 0) {
        set_size(worker.given, b.given.rows(), signs * n);
        for (Index sign = 0; sign < signs; ++sign) {
            worker.given.middleCols(sign * n, n) = b.given.cast<float>();
        }
        put_conditions(tape, source.conditions, worker.given, 0, signs * n, wide);
    }
    const Eigen::Map<const MatrixF> y(tape.forward(weights, wide, chance), d, wide);

    const double weight = 1.0 / static_cast<double>(batch * signs);
    const auto scale = static_cast<float>(loss_weights_[which] * weight / static_cast<double>(d));
    for (Index sign = 0; sign < signs; ++sign) {
        for (Index j = 0; j < n; ++j) {
            const auto w = target_weights(source.setup, row, b.t[j], sign == 0 ? 1 : -1);
            const bool latent = w[2] != 0 && b.z.cols() > 0;
            const double own = weightings_[which] ? weightings_[which](b.t[j]) : 1;
            const auto sums = residual(
                {d, w, b.x0.col(j).data(), b.x1.col(j).data(), latent ? b.z.col(j).data() : nullptr,
                 y.col(sign * n + j).data(), scale * static_cast<float>(own)},
                seed.col(sign * n + j).data());
            form += own * weight * sums[0];
            square += own * weight * sums[1];
        }
    }
    if (dw == nullptr) return;
    if (path_) worker.output = static_cast<double>(scale) * y.leftCols(signs * n).cast<double>();
    seed.rightCols(wide - signs * n).setZero();
    tape.backward(weights, wide, tape.seed(), dw, path_.has_value(), keep ? 1 : 0);
    if (path_) {
        worker.pulled = Eigen::Map<const MatrixF>(tape.d_input(0), d, signs * n).cast<double>();
        add_path_gradient(worker, signs);
    }
}

void TrainStepper::add_path_gradient(Worker& worker, Index signs) const {
    const Index n = worker.batch->xt.cols();
    for (Index sign = 0; sign < signs; ++sign) {
        // The mirror image of a one-sided batch has x0, which is its z, with the other sign.
        const double of_x0 = sign == 1 && source_.setup.one_sided ? -1 : 1;
        path_->add(*worker.batch, of_x0, worker.output.middleCols(sign * n, n),
                   worker.pulled.middleCols(sign * n, n), worker.path_gradient);
    }
}

void TrainStepper::sum_gradients() {
    const auto rank = static_cast<std::size_t>(ranks_.rank());
    const Index first = blocks_of_ranks_[rank], count = blocks_of_ranks_[rank + 1] - first;
    threads_.for_each(count, [&](Index own, int) {
        const Index k = first + own;
        const Columns& block = blocks_[static_cast<std::size_t>(k)];
        std::array<float*, kLanes> parts{};
        for (Index lane = 0; lane < lanes_; ++lane) {
            parts[static_cast<std::size_t>(lane)] = gradients_.col(lane).data() + block.first;
        }
        sum_in_tree(parts.data(), lanes_, block.count);
        squares_[static_cast<std::size_t>(k)] = squared_norm(parts[0], block.count);
    });
    ranks_.share(gradients_.col(0).data(), parameters_of_ranks_);
    ranks_.share(squares_.data(), blocks_of_ranks_);
}

void TrainStepper::update(Index step, double fraction) {
    sum_gradients();
    double square = 0;
    for (const double part : squares_) square += part;
    const double norm = std::sqrt(square);
    require(std::isfinite(norm), Failure::check, "the gradient is not finite at step ", step + 1,
            "; a lower learning rate may help (--optimizer adam,lr=...)");
    const UpdateRates rates = update_rates(spec_, step, peak_rate_ * fraction, norm);
    threads_.for_each(std::ssize(blocks_), [&](Index k, int) {
        const Columns& block = blocks_[static_cast<std::size_t>(k)];
        const Index at = block.first;
        update_({block.count, parameters.data() + at, gradients_.data() + at, average.data() + at,
                 first_.data() + at, second_.data() + at},
                rates);
    });
}

}  // namespace si
