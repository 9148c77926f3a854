#include "si/train/blocks.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "si/base/threads.hpp"
#include "si/train/preparation.hpp"

using namespace si;

namespace {

/// Samples that say which row they are, and count the blocks that are read.
class Numbered : public StoredSamples {
  public:
    explicit Numbered(Index dim) : dim_(dim) {}
    Matrix rows(Index first, Index count) override {
        ++reads;
        Matrix x(dim_, count);
        for (Index j = 0; j < count; ++j) x.col(j).setConstant(static_cast<double>(first + j));
        return x;
    }
    Index reads = 0;

  private:
    Index dim_;
};

StoredSet numbered(Index n, BlockSizes blocks, std::vector<Index> left_out = {}, Index dim = 2) {
    StoredSet set;
    set.samples = std::make_shared<Numbered>(dim);
    set.dim = dim;
    set.n = n;
    set.blocks = blocks;
    set.left_out = std::move(left_out);
    set.moments = {Vector::Zero(dim), Vector::Ones(dim)};
    return set;
}

std::vector<Index> rows_of(BlockDrawer& drawer, Index step, Index batch) {
    std::vector<Index> rows;
    Matrix samples;
    drawer.draw(step, batch, rows, samples);
    for (Index j = 0; j < batch; ++j) {
        REQUIRE(samples(1, j) == static_cast<double>(rows[static_cast<std::size_t>(j)]));
    }
    return rows;
}

}  // namespace

TEST_CASE("blocks show every row once an epoch, but for those that are left out") {
    const std::vector<Index> left_out{0, 5, 6, 7, 8, 9, 57, 102};
    for (const BlockSizes sizes : {BlockSizes{1, 1}, {5, 1}, {5, 4}, {7, 3}, {10, 100}, {200, 1}}) {
        for (const Index batch : {1, 19, 95, 250}) {
            CAPTURE(sizes.rows);
            CAPTURE(sizes.blocks);
            CAPTURE(batch);
            BlockDrawer drawer(numbered(103, sizes, left_out), 3, Purpose::order);
            constexpr Index kKept = 95;
            std::vector<Index> seen;
            for (Index step = 0; std::ssize(seen) < 4 * kKept; ++step) {
                const auto rows = rows_of(drawer, step, batch);
                seen.insert(seen.end(), rows.begin(), rows.end());
            }
            for (Index epoch = 0; epoch < 4; ++epoch) {
                std::vector<Index> rows(seen.begin() + epoch * kKept,
                                        seen.begin() + (epoch + 1) * kKept);
                std::sort(rows.begin(), rows.end());
                CHECK(std::adjacent_find(rows.begin(), rows.end()) == rows.end());
                CHECK(std::none_of(rows.begin(), rows.end(), [&](Index row) {
                    return row < 0 || row >= 103 ||
                           std::binary_search(left_out.begin(), left_out.end(), row);
                }));
            }
        }
    }
}

TEST_CASE("rows of a step do not depend on the steps before") {
    const auto set = numbered(1000, {10, 7}, {3, 500});
    BlockDrawer in_order(set, 3, Purpose::order);
    for (Index step = 0; step < 60; ++step) {
        const auto rows = rows_of(in_order, step, 64);
        BlockDrawer resumed(set, 3, Purpose::order);
        CHECK(rows_of(resumed, step, 64) == rows);
    }
    BlockDrawer other(set, 4, Purpose::order), first(set, 3, Purpose::order);
    CHECK(rows_of(other, 0, 64) != rows_of(first, 0, 64));
}

TEST_CASE("every block is read once an epoch, at the pace of the steps") {
    const auto set = numbered(10'000, {10, 100});  // ten pools
    const auto& file = static_cast<const Numbered&>(*set.samples);
    BlockDrawer drawer(set, 3, Purpose::order);
    rows_of(drawer, 0, 100);
    CHECK(file.reads == 110);  // the first pool, and a tenth of the second
    Index before = file.reads;
    for (Index step = 1; step < 300; ++step) {
        rows_of(drawer, step, 100);
        CHECK(file.reads - before <= 11);
        before = file.reads;
    }
    CHECK(file.reads == 3100);

    const auto small = numbered(300, {10, 100});  // which stays
    BlockDrawer again(small, 3, Purpose::order);
    for (Index step = 0; step < 30; ++step) rows_of(again, step, 100);
    CHECK(static_cast<const Numbered&>(*small.samples).reads == 30);
}

TEST_CASE("rows of a pool are shuffled among each other") {
    // Each batch is a draw without replacement from a pool of m rows out of many: the mean of
    // u = row / n over b of them has variance (1/12) / b (1 - b/m) about that of the pool, and that
    // of a pool of k blocks has 1/12 / k. Five standard errors.
    constexpr Index kRows = 10, kBlocks = 64, kBatch = 160, kN = 64'000;
    BlockDrawer drawer(numbered(kN, {kRows, kBlocks}), 3, Purpose::order);
    const double variance = 1.0 / 12 / kBatch + 1.0 / 12 / kBlocks;
    for (Index step = 0; step < 20; ++step) {
        double sum = 0;
        for (const Index row : rows_of(drawer, step, kBatch)) sum += static_cast<double>(row) / kN;
        CHECK(std::abs(sum / kBatch - 0.5) < 5 * std::sqrt(variance));
    }
}

TEST_CASE("moments of parts are those of the whole") {
    Matrix x(3, 1000);
    fill_normal({3, Purpose::data, 0}, 0, x);
    x.row(1).array() += 1e6;  // where sums of squares would lose everything
    const Moments whole = moments_of(x);
    MomentsOfParts parts;
    for (const Columns& part : chunks(1000, 77)) {
        Matrix some(3, part.count + 2);  // with two that do not count
        some << Vector::Constant(3, 7), x.middleCols(part.first, part.count),
            Vector::Constant(3, std::nan(""));
        parts.add(some, {0, part.count + 1});
    }
    CHECK(parts.n() == 1000);
    // Each coordinate loses some roundings of its own size.
    for (Index i = 0; i < 3; ++i) {
        const double size = std::abs(whole.mean[i]) + 1;
        CHECK(std::abs(parts.moments().mean[i] - whole.mean[i]) < 1e-13 * size);
        CHECK(std::abs(parts.moments().variance[i] - whole.variance[i]) < 1e-13 * size);
    }
}

namespace {

TrainData stored_pairs(bool with_x0) {
    TrainData data;
    data.x1().stored = numbered(500, {10, 8}, {7});
    data.x1().samples = Matrix(2, 0);
    data.shape = {2};
    if (!with_x0) return data;
    data.x0().stored = numbered(500, {10, 8}, {7});
    data.x0().samples = Matrix(2, 0);
    return data;
}

}  // namespace

TEST_CASE("stored samples come in the model's coordinates, and pairs together") {
    for (const char* coupling : {"independent", "paired"}) {
        CAPTURE(coupling);
        TrainSpec spec;
        spec.coupling = Choice<couplings>(coupling);
        TrainData data = stored_pairs(true);
        data.x1().stored->moments =
            data.x0().stored->moments = {Vector::Constant(2, 250), Vector::Constant(2, 16)};
        const auto all = prepare(data, {}, spec, 3);
        const Pairs pairs = all->source.draw(0, 100);
        CHECK((pairs.x0().rows == pairs.x1().rows) == (spec.coupling.row().independent() == false));
        for (Index j = 0; j < 100; ++j) {
            const auto at = static_cast<std::size_t>(j);
            CHECK(pairs.x1().samples(0, j) == (static_cast<double>(pairs.x1().rows[at]) - 250) / 4);
            CHECK(pairs.x0().samples(0, j) == (static_cast<double>(pairs.x0().rows[at]) - 250) / 4);
        }
        Batch batch;
        build_batch(all->source, pairs, {.columns = {10, 20}, .batch = 100}, batch);
        CHECK(batch.x1() == pairs.x1().samples.middleCols(10, 20));
        CHECK(batch.x0() == pairs.x0().samples.middleCols(10, 20));
    }
}

TEST_CASE("a coupling that looks at all samples has none that are stored") {
    TrainSpec spec;
    spec.coupling = Choice<couplings>("ot");
    CHECK_THROWS_WITH_AS(prepare(stored_pairs(true), {}, spec, 3),
                         "coupling 'ot' needs all samples in memory", Error);
}
