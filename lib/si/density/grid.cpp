#include "si/density/grid.hpp"

#include <algorithm>
#include <cmath>

#include "si/base/error.hpp"

namespace si {
namespace {

/// Steps and numbers are rounded: 2 / 255 to six digits, pixels to float32.
constexpr double kTolerance = 1e-3;

bool is_whole(double value) { return std::abs(value - std::round(value)) <= kTolerance; }

}  // namespace

Vector Grid::widths(Index dim) const {
    Vector all = Vector::Constant(dim, step);
    if (origins.size() <= 1) return all;
    for (Index i = 0; i < dim; ++i) {
        if (!origins[static_cast<std::size_t>(i)]) all[i] = 0;
    }
    return all;
}

void Grid::snap(Matrix& x) const {
    if (step == 0 || origins.empty()) return;
    for (Index i = 0; i < x.rows(); ++i) {
        const auto& origin = origins[origins.size() == 1 ? 0 : static_cast<std::size_t>(i)];
        if (!origin) continue;
        const auto steps = ((x.row(i).array() - *origin) / step + kTolerance).floor();
        x.row(i) = (steps * step + *origin).matrix().eval();
    }
}

void GridSearch::look(Seen& seen, double value, bool first) const {
    if (first) seen.first = seen.least = value;
    seen.least = std::min(seen.least, value);
    seen.steps = seen.steps || value != seen.first;
    ++seen.count;
    if (is_whole((value - seen.first) / step_)) return;
    if (++seen.off_count > 1) return;
    seen.off = value;
    seen.off_row = row_;
}

void GridSearch::add(ConstMatrix x) {
    for (Index j = 0; j < x.cols(); ++j) {
        ++row_;
        if (!x.col(j).allFinite()) continue;
        const bool first = seen_.empty();
        if (first) seen_.resize(static_cast<std::size_t>(common_ ? 1 : x.rows()));
        for (Index i = 0; i < x.rows(); ++i) {
            look(seen_[common_ ? 0 : static_cast<std::size_t>(i)], x(i, j),
                 first && (i == 0 || !common_));
        }
    }
}

std::optional<double> GridSearch::origin(const Seen& seen) const {
    // One number alone says nothing of steps, unless it is whole itself.
    const bool on = !seen.off && (seen.steps || is_whole(seen.first / step_));
    return on ? std::optional<double>(seen.least) : std::nullopt;
}

std::vector<std::string> GridSearch::near_misses() const {
    constexpr Index kFewOf = 20;
    std::vector<std::string> all;
    for (std::size_t i = 0; i < seen_.size() && !common_; ++i) {
        const Seen& seen = seen_[i];
        if (seen.off_count == 0 || kFewOf * seen.off_count > seen.count) continue;
        all.push_back(text("column ", i + 1, " is whole steps of ", step_, " apart but for ",
                           seen.off_count, seen.off_count == 1 ? " number, " : " numbers, as ",
                           *seen.off, " in row ", seen.off_row));
    }
    return all;
}

Grid GridSearch::found() const {
    Grid grid{.step = step_};
    for (const Seen& seen : seen_) grid.origins.push_back(origin(seen));
    const bool some = std::any_of(grid.origins.begin(), grid.origins.end(),
                                  [](const auto& one) { return one.has_value(); });
    if (some) return grid;
    const Seen seen = seen_.empty() ? Seen() : seen_.front();
    throw Error(Failure::data,
                text("--dequantize ", step_, ": ", common_ ? "the numbers" : "no column",
                     common_ ? " are not" : " is", " whole steps of it apart; ",
                     common_ ? "" : "column 1 has ", seen.first,
                     seen.off ? text(", and row ", seen.off_row, " has ", *seen.off) : " alone"));
}

}  // namespace si
