#include "si/train/stepper.hpp"

#include <cmath>

namespace si {
namespace {

/// Weights of fewer parameters are taken by one thread.
constexpr Index kWorthThreads = 1 << 14;

}  // namespace

TrainStepper::TrainStepper(const Graph& graph, const std::vector<const Quantity*>& learned,
                           const BatchSource& source, const TrainSpec& spec, std::uint64_t seed,
                           Threads& threads)
    : graph_(graph), source_(source), spec_(spec), threads_(threads) {
    auto fields = learned_fields(learned, spec, source.setup);
    const Index count = std::ssize(fields);
    state_.parameters.resize(graph.parameters() * count);
    const Precision precision = spec.precision == "bf16" ? Precision::bf16 : Precision::float32;
    for (Index k = 0; k < count; ++k) {
        state_.parameters.segment(k * graph.parameters(), graph.parameters()) =
            graph.initial(seed + static_cast<std::uint64_t>(k));
        weights_.emplace_back(graph, precision);
        averaged_.emplace_back(graph);
    }
    state_.average = state_.parameters;
    state_.first = Eigen::VectorXf::Zero(state_.parameters.size());
    state_.second = state_.first;
    rule_ = spec.optimizer->make();
    peak_rate_ = spec.optimizer->row().rate(spec.optimizer->settings());
    if (spec.learn_path > 0) {
        require(count == 1 && learned.front()->flag == kB, Failure::usage,
                "--learn-path goes with --learn b alone");
        path_.emplace(source.setup.interpolant.spec(), spec.learn_path);
    }
    chunks_.emplace(graph, std::move(fields), *spec.batch, threads.count(),
                    path_ ? &*path_ : nullptr);
    cut_ = chunks_->cut(*spec.batch);
    parts_.assign(cut_.size(), Losses(count));
    reduction_.emplace(state_.parameters.size(), std::ssize(cut_), threads);
    if (path_) path_gradients_.resize(path_->size(), std::ssize(cut_));
}

void TrainStepper::begin_with(const Eigen::VectorXf& parameters) {
    state_.parameters = state_.average = parameters;
}

StepperState TrainStepper::state() const {
    StepperState state = state_;
    if (path_) state.path = path_->state();
    return state;
}

void TrainStepper::restore(StepperState state, Index done) {
    state_ = std::move(state);
    if (!path_) return;
    path_->restore(state_.path, done);
    source_.setup.interpolant = Interpolant(path_->spec());
}

const Losses& TrainStepper::step(Index step, double fraction) {
    return this->step(step, source_.draw(step, *spec_.batch), fraction);
}

const Losses& TrainStepper::step(Index step, const Pairs& pairs, double fraction) {
    take_weights(state_.parameters, weights_);
    reduction_->for_each_chunk([&](Index k, int worker, float* gradient, bool keep) {
        const auto chunk = static_cast<std::size_t>(k);
        chunks_->run(worker, source_, pairs,
                     {.step = step,
                      .columns = cut_[chunk],
                      .batch = *spec_.batch,
                      .antithetic = chunks_->antithetic()},
                     weights_, {gradient, keep, path_ ? path_gradients_.col(k).data() : nullptr},
                     parts_[chunk]);
    });
    if (ranks_.several()) {
        share_losses(ranks_, parts_, reduction_->owners());
        if (path_) ranks_.share_columns(path_gradients_, reduction_->owners());
        reduction_->share_lanes();
    }
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
    const auto cut = chunks_->cut(n);
    std::vector<Losses> parts(cut.size(), Losses(std::ssize(weights_)));
    take_weights(state_.average, averaged_);
    std::vector<int> owners;
    for (Index k = 0; k < std::ssize(cut); ++k) owners.push_back(ranks_.owner(k));
    threads_.for_each(std::ssize(cut), [&](Index k, int worker) {
        const auto chunk = static_cast<std::size_t>(k);
        if (!ranks_.owns(k)) return;
        chunks_->run(worker, source, pairs,
                     {.columns = cut[chunk],
                      .batch = n,
                      .antithetic = chunks_->antithetic(),
                      .validation = true},
                     averaged_, {}, parts[chunk]);
    });
    if (ranks_.several()) share_losses(ranks_, parts, owners);
    return sum_of(parts);
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
    if (values.size() < kWorthThreads) {
        for (Index piece = 0; piece < pieces; ++piece) take(piece, 0);
    } else {
        threads_.for_each(pieces, take);
    }
}

void TrainStepper::update(Index step, double fraction) {
    const double norm = reduction_->sum();
    require(std::isfinite(norm), Failure::check, "the gradient is not finite at step ", step + 1,
            "; a lower learning rate may help (--optimizer adam,lr=...)");
    reduction_->update(rule_, update_rates(spec_, step, peak_rate_ * fraction, norm), state_);
}

}  // namespace si
