#include "si/train/data.hpp"

#include <algorithm>

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
    const auto count = std::min(static_cast<Index>(fraction * static_cast<double>(n)), most);
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
        held = without(x, out);
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
    }
}

}  // namespace si
