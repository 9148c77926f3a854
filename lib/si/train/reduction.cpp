#include "si/train/reduction.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace si {
namespace {

/// Partial sums of a gradient: part k of a batch always goes into sum k mod kLanes.
constexpr Index kLanes = kMostParts;
/// Parameters that one thread sums and updates at a time.
constexpr Index kSummedTogether = 1 << 14;

}  // namespace

UpdateRates update_rates(const TrainSpec& spec, Index step, double rate, double norm) {
    const double shrink = spec.clip > 0 && norm > spec.clip ? spec.clip / norm : 1;
    const double decay =
        std::min(spec.ema, static_cast<double>(step + 1) / static_cast<double>(step + 10));
    return {step + 1, static_cast<float>(rate), static_cast<float>(shrink),
            static_cast<float>(spec.ema > 0 ? decay : 0)};
}

const Losses& sum_of(std::vector<Losses>& parts) {
    for (std::size_t k = 1; k < parts.size(); ++k) parts.front() += parts[k];
    return parts.front();
}

void share_losses(const Ranks& ranks, std::vector<Losses>& parts, const std::vector<int>& owners) {
    const Index count = parts.front().form.size();
    Matrix all(2 * count, std::ssize(parts));
    for (std::size_t k = 0; k < parts.size(); ++k) {
        all.col(static_cast<Index>(k)) << parts[k].form, parts[k].square;
    }
    ranks.share_columns(all, owners);
    for (std::size_t k = 0; k < parts.size(); ++k) {
        parts[k].form = all.col(static_cast<Index>(k)).head(count);
        parts[k].square = all.col(static_cast<Index>(k)).tail(count);
    }
}

Reduction::Reduction(Index parameters, Index chunk_count, Threads& threads)
    : threads_(threads), chunks_(chunk_count), lanes_(std::min(kLanes, chunk_count)) {
    gradients_.setZero(parameters, lanes_);  // what no output depends on stays 0
    for (Index lane = 0; lane < lanes_; ++lane) {
        if (ranks_.owns(lane)) own_lanes_.push_back(lane);
    }
    for (Index k = 0; k < chunks_; ++k) owners_.push_back(ranks_.owner(k % lanes_));
    blocks_ = chunks(parameters, kSummedTogether);
    blocks_of_ranks_ = ranks_.cuts(std::ssize(blocks_));
    for (const Index block : blocks_of_ranks_) {
        parameters_of_ranks_.push_back(std::min(block * kSummedTogether, parameters));
    }
    squares_.resize(blocks_.size());
}

void Reduction::share_lanes() {
    for (Index lane = 0; lane < lanes_; ++lane) {
        ranks_.scatter(gradients_.col(lane).data(), parameters_of_ranks_, ranks_.owner(lane));
    }
}

double Reduction::sum() {
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
    double square = 0;
    for (const double part : squares_) square += part;
    return std::sqrt(square);
}

void Reduction::update(const Update& rule, const UpdateRates& rates, StepperState& state) const {
    threads_.for_each(std::ssize(blocks_), [&](Index k, int) {
        const Columns& block = blocks_[static_cast<std::size_t>(k)];
        const Index at = block.first;
        rule({block.count, state.parameters.data() + at, gradients_.data() + at,
              state.average.data() + at, state.first.data() + at, state.second.data() + at},
             rates);
    });
}

}  // namespace si
