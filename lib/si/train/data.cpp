#include "si/train/data.hpp"

#include <algorithm>

#include "si/coupling/plan.hpp"
#include "si/density/degenerate.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

Matrix without(const Matrix& x, const std::vector<Index>& rows) { return x(Eigen::all, rows); }

}  // namespace

bool pairs_in_blocks(const CouplingRow& coupling) {
    return coupling.every_row() && !coupling.by_distance() && coupling.made_by_model() == nullptr;
}

std::vector<Index> held_out_rows(Index n, double fraction, std::uint64_t seed, std::uint32_t set,
                                 Index most) {
    auto count = std::min(static_cast<Index>(fraction * static_cast<double>(n)), most);
    if (fraction > 0 && n > 2) count = std::max<Index>(count, 1);
    std::vector<Index> rows(static_cast<std::size_t>(count));
    Permutation({seed, Purpose::split, set}, n).range(0, count, rows.data());
    return rows;
}

std::vector<Index> held_out_together(const std::vector<Index>& firsts, double fraction,
                                     std::uint64_t seed, std::uint32_t set) {
    constexpr Index kLargestPart = 20;
    const Index n = std::ssize(firsts);
    auto out = held_out_rows(n, fraction, seed, set);
    bool repeat = false;
    for (Index i = 0; i < n; ++i) repeat = repeat || firsts[static_cast<std::size_t>(i)] != i;
    if (!repeat) return out;
    std::vector<std::vector<Index>> groups(static_cast<std::size_t>(n));
    Index largest = 0;
    for (Index i = 0; i < n; ++i) {
        auto& group = groups[static_cast<std::size_t>(firsts[static_cast<std::size_t>(i)])];
        group.push_back(i);
        largest = std::max(largest, std::ssize(group));
    }
    if (kLargestPart * largest > n) return out;
    const Index count = std::ssize(out);
    std::vector<Index> order(static_cast<std::size_t>(n));
    Permutation({seed, Purpose::split, set}, n).range(0, n, order.data());
    out.clear();
    for (const Index row : order) {
        if (std::ssize(out) >= count) break;
        auto& group = groups[static_cast<std::size_t>(firsts[static_cast<std::size_t>(row)])];
        out.insert(out.end(), group.begin(), group.end());
        group.clear();
    }
    return out;
}

void hold_out(TrainData& data, double fraction, std::uint64_t seed) {
    struct Split {
        std::vector<Index> out, kept;
    };
    const auto split_of = [&](const Matrix& x, std::uint32_t set) {
        const Index n = x.cols();
        Split split{held_out_together(first_equals(x), fraction, seed, set), {}};
        std::vector<bool> taken(static_cast<std::size_t>(n), false);
        for (const Index row : split.out) taken[static_cast<std::size_t>(row)] = true;
        std::vector<Index> order(static_cast<std::size_t>(n));
        Permutation({seed, Purpose::split, set}, n).range(0, n, order.data());
        for (const Index row : order) {
            if (!taken[static_cast<std::size_t>(row)]) split.kept.push_back(row);
        }
        return split;
    };
    const auto apply = [&](Matrix& x, Matrix& held, const Split& split, bool other) {
        // One or two samples stay, and stand for those that are held out as well.
        held = other && split.out.empty() && fraction > 0 ? x : without(x, split.out);
        x = without(x, split.kept);
    };
    // Sets of equal size may be paired, so they are split alike.
    const Split first = split_of(data.x1().samples, 0);
    const Index last = data.x1().samples.cols();
    if (data.given.size() > 0) apply(data.given, data.valid_given, first, false);
    std::uint32_t others = 0;
    for (std::size_t k = data.ends.size(); k-- > 0;) {
        EndData& end = data.ends[k];
        const bool other = end.samples.cols() != last;
        if (other) ++others;
        const Split split = other && end.sampled() ? split_of(end.samples, others) : first;
        if (end.beside.size() > 0) apply(end.beside, end.valid_beside, split, other);
        if (end.weight.size() > 0) apply(end.weight, end.valid_weight, split, other);
        if (end.sampled()) apply(end.samples, end.valid, split, other);
    }
}

void draw_by_weight(TrainData& data, bool pairs) {
    constexpr Index kTimes = 4;
    const auto draw = [](Matrix& weight, const std::vector<Matrix*>& all) {
        if (weight.size() == 0) return;
        const auto rows = in_proportion(weight.row(0).transpose(), kTimes * weight.cols());
        for (Matrix* x : all) {
            if (x->size() > 0) *x = without(*x, rows);
        }
        weight.resize(0, 0);
    };
    for (EndData& end : data.ends) {
        const bool last = &end == &data.x1();
        require(!pairs || last || end.weight.size() == 0, Failure::usage,
                "--coupling paired: the weights of pairs are those of X1, and x0 has its own");
        std::vector<Matrix*> all{&end.samples, &end.beside}, held{&end.valid, &end.valid_beside};
        if (last) all.push_back(&data.given), held.push_back(&data.valid_given);
        if (last && pairs) {
            all.push_back(&data.x0().samples), held.push_back(&data.x0().valid);
        }
        draw(end.weight, all);
        draw(end.valid_weight, held);
    }
}

}  // namespace si
