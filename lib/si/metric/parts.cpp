#include "si/metric/parts.hpp"

#include <algorithm>
#include <vector>

namespace si {

Matrix drawn(ConstMatrix from, const Permutation& order, Index first, Index count) {
    if (count == from.cols()) return from;
    std::vector<Index> rows(static_cast<std::size_t>(count));
    order.range(first, count, rows.data());
    std::sort(rows.begin(), rows.end());
    return from(Eigen::all, rows);
}

}  // namespace si
