#include "si/train/data.hpp"

#include <algorithm>

#include "si/coupling/plan.hpp"
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

void hold_out(TrainData& data, double fraction, std::uint64_t seed) {
    const auto split = [&](Matrix& x, Matrix& held, std::uint32_t set) {
        const Index n = x.cols();
        const auto out = held_out_rows(n, fraction, seed, set);
        const Index count = std::ssize(out);
        std::vector<Index> kept(static_cast<std::size_t>(n - count));
        Permutation({seed, Purpose::split, set}, n).range(count, n - count, kept.data());
        // One or two samples stay, and stand for those that are held out as well.
        held = set > 0 && count == 0 && fraction > 0 ? x : without(x, out);
        x = without(x, kept);
    };
    // Sets of equal size may be paired, so they are split alike.
    const Index last = data.x1().samples.cols();
    if (data.given.size() > 0) split(data.given, data.valid_given, 0);
    std::uint32_t others = 0;
    for (std::size_t k = data.ends.size(); k-- > 0;) {
        EndData& end = data.ends[k];
        const std::uint32_t set = end.samples.cols() == last ? 0 : ++others;
        if (end.sampled()) split(end.samples, end.valid, set);
        if (end.beside.size() > 0) split(end.beside, end.valid_beside, set);
        if (end.weight.size() > 0) split(end.weight, end.valid_weight, set);
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
