#include "si/train/blocks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "si/base/error.hpp"

namespace si {
namespace {

/// The order inside of pools is apart from that of the blocks of epochs.
constexpr std::uint32_t kOfPool = std::uint32_t{1} << 31;

}  // namespace

BlockDrawer::BlockDrawer(StoredSet set, std::uint64_t seed, Purpose purpose)
    : set_(std::move(set)), seed_(seed), purpose_(purpose) {
    require(set_.kept() > 0, Failure::data, "no samples are left to train on");
    pools_ = (blocks() + set_.blocks.blocks - 1) / set_.blocks.blocks;
    kept_.assign(static_cast<std::size_t>(blocks()), set_.blocks.rows);
    kept_.back() = set_.n - (blocks() - 1) * set_.blocks.rows;
    for (const Index row : set_.left_out) --kept_[static_cast<std::size_t>(row / set_.blocks.rows)];
    most_ = std::min((blocks() + pools_ - 1) / pools_ * set_.blocks.rows, set_.n);
}

BlockDrawer::Epoch BlockDrawer::epoch(Index number) const {
    Epoch made{number, std::vector<Index>(kept_.size()), {0}};
    Permutation({seed_, purpose_, static_cast<std::uint32_t>(number)}, blocks())
        .range(0, blocks(), made.blocks.data());
    for (Index pool = 0; pool < pools_; ++pool) {
        const auto from = made.blocks.begin() + first_block(pool),
                   to = made.blocks.begin() + first_block(pool + 1);
        std::sort(from, to);
        made.starts.push_back(std::accumulate(
            from, to, made.starts.back(),
            [&](Index sum, Index block) { return sum + kept_[static_cast<std::size_t>(block)]; }));
    }
    return made;
}

/// What a pool will hold.
void BlockDrawer::begin(Pool& pool, Index number) {
    if (pool.number == number) return;
    const bool everything = pools_ == 1 && pool.number >= 0;
    pool.number = number;
    if (everything) return;
    const Index which = number % pools_;
    const auto take = [&](const Epoch& from) {
        pool.blocks.assign(from.blocks.begin() + first_block(which),
                           from.blocks.begin() + first_block(which + 1));
    };
    epoch_.number == number / pools_ ? take(epoch_) : take(epoch(number / pools_));
    pool.read = 0;
    pool.rows.clear();
    if (pool.samples.size() > 0) return;
    pool.rows.reserve(static_cast<std::size_t>(most_));
    pool.samples.resize(set_.dim, most_);
}

void BlockDrawer::read(Pool& pool, Index blocks) {
    for (; pool.read < blocks; ++pool.read) {
        const Index first = pool.blocks[static_cast<std::size_t>(pool.read)] * set_.blocks.rows;
        const Index count = std::min(set_.blocks.rows, set_.n - first);
        const Matrix some = set_.samples->rows(first, count);
        auto skip = std::lower_bound(set_.left_out.begin(), set_.left_out.end(), first);
        for (Index j = 0; j < count; ++j) {
            if (skip != set_.left_out.end() && *skip == first + j) {
                ++skip;
                continue;
            }
            pool.samples.col(std::ssize(pool.rows)) = some.col(j);
            pool.rows.push_back(first + j);
        }
    }
}

const BlockDrawer::Pool& BlockDrawer::take(Index number) {
    if (next_.number == number) std::swap(now_, next_);
    begin(now_, number);
    read(now_, std::ssize(now_.blocks));
    return now_;
}

void BlockDrawer::read_ahead(double part) {
    if (pools_ == 1) return;
    begin(next_, now_.number + 1);
    read(next_, static_cast<Index>(std::ceil(part * static_cast<double>(next_.blocks.size()))));
}

void BlockDrawer::draw(Index step, Index batch, std::vector<Index>& rows, Matrix& samples) {
    const Index n = set_.kept();
    rows.resize(static_cast<std::size_t>(batch));
    samples.resize(set_.dim, batch);
    Index number = step * batch / n, place = step * batch % n, done = 0;
    std::vector<Index> slots;
    for (; done < batch; ++number, place = 0) {
        if (epoch_.number != number) epoch_ = epoch(number);
        while (place < n && done < batch) {
            const auto after = std::upper_bound(epoch_.starts.begin(), epoch_.starts.end(), place);
            const Index pool = number * pools_ + (after - epoch_.starts.begin()) - 1;
            const Index inside = place - *(after - 1), size = *after - *(after - 1);
            const Index count = std::min(size - inside, batch - done);
            const Pool& from = take(pool);
            slots.resize(static_cast<std::size_t>(count));
            Permutation({seed_, purpose_, kOfPool | static_cast<std::uint32_t>(pool)}, size)
                .range(inside, count, slots.data());
            for (const Index slot : slots) {
                rows[static_cast<std::size_t>(done)] = from.rows[static_cast<std::size_t>(slot)];
                samples.col(done++) = from.samples.col(slot);
            }
            place += count;
            read_ahead(static_cast<double>(inside + count) / static_cast<double>(size));
        }
    }
}

}  // namespace si
