#include "si/plot/source.hpp"

#include <algorithm>
#include <numeric>

#include "si/random/draw.hpp"

namespace si::plot {

std::string coordinate_name(const Samples& samples, Index k) {
    const auto place = static_cast<std::size_t>(k);
    if (place < samples.columns.size() && !samples.columns[place].empty()) {
        return samples.columns[place];
    }
    return text("x", k + 1);
}

std::vector<Index> shown(Index n, Index limit) {
    std::vector<Index> rows(static_cast<std::size_t>(std::min(n, limit)));
    if (n <= limit) {
        std::iota(rows.begin(), rows.end(), Index{0});
        return rows;
    }
    Permutation({0, Purpose::picture, 0}, n).range(0, std::ssize(rows), rows.data());
    std::sort(rows.begin(), rows.end());
    return rows;
}

}  // namespace si::plot
