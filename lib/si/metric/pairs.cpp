#include "si/metric/pairs.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "si/metric/jackknife.hpp"

namespace si {
namespace {

constexpr Index kGroups = 32;
constexpr Index kTile = 256;  ///< a tile of squares stays in a core's cache

/// Squares of distances become what is averaged, in place.
struct Distance {
    void operator()(Matrix& squares) const { squares = squares.array().sqrt(); }
};
struct GaussianKernel {
    double rate;  ///< 1 / (2 bandwidth^2)
    void operator()(Matrix& squares) const { squares = (squares.array() * -rate).exp(); }
};

/// The sum over all pairs of a column of x and one of y, but those of a column with itself.
template <class Kernel>
double sum_over(ConstMatrix x, ConstMatrix y, bool same, const Kernel& kernel) {
    double sum = 0;
    for (const Columns& i : chunks(x.cols(), kTile)) {
        for (const Columns& j : chunks(y.cols(), kTile)) {
            Matrix tile =
                squared_distances(x.middleCols(i.first, i.count), y.middleCols(j.first, j.count));
            kernel(tile);
            if (same && i.first == j.first) tile.diagonal().setZero();
            sum += tile.sum();
        }
    }
    return sum;
}

/// Sums over pairs of groups.
template <class Kernel>
Matrix group_sums(ConstMatrix x, ConstMatrix y, bool same, const Kernel& kernel, Threads& threads) {
    const auto of_x = groups_of(x.cols(), kGroups), of_y = groups_of(y.cols(), kGroups);
    Matrix sums(std::ssize(of_x), std::ssize(of_y));
    threads.for_each(sums.size(), [&](Index item, int) {
        const Index g = item % sums.rows(), h = item / sums.rows();
        if (same && g < h) return;
        const Columns &i = of_x[static_cast<std::size_t>(g)],
                      &j = of_y[static_cast<std::size_t>(h)];
        sums(g, h) = sum_over(x.middleCols(i.first, i.count), y.middleCols(j.first, j.count),
                              same && g == h, kernel);
    });
    if (same) sums.triangularView<Eigen::StrictlyUpper>() = sums.transpose();
    return sums;
}

/// Means over pairs, of all samples and without one group of one side.
class PairMeans {
  public:
    template <class Kernel>
    PairMeans(ConstMatrix x, ConstMatrix y, const Kernel& kernel, Threads& threads)
        : size_{static_cast<double>(x.cols()), static_cast<double>(y.cols())},
          groups_{groups_of(x.cols(), kGroups), groups_of(y.cols(), kGroups)},
          within_{group_sums(x, x, true, kernel, threads), group_sums(y, y, true, kernel, threads)},
          between_(group_sums(x, y, false, kernel, threads)),
          within_sum_{within_[0].sum(), within_[1].sum()},
          between_sum_(between_.sum()) {}

    /// 2 E k(X,Y) - E k(X,X') - E k(Y,Y').
    Estimate contrast() const {
        const std::array<Index, 2> count{std::ssize(groups_[0]), std::ssize(groups_[1])};
        const double error = jackknife_error(count, [&](int side, Index g) {
            const auto s = static_cast<std::size_t>(side), other = 1 - s;
            const double left =
                size_[s] - static_cast<double>(groups_[s][static_cast<std::size_t>(g)].count);
            // Each pair of the group with another one stands in the sum twice.
            const double within =
                (within_sum_[s] - 2 * within_[s].row(g).sum() + within_[s](g, g)) /
                (left * (left - 1));
            const double across = side == 0 ? between_.row(g).sum() : between_.col(g).sum();
            return 2 * (between_sum_ - across) / (left * size_[other]) - within -
                   mean_within(other);
        });
        return {2 * between_sum_ / (size_[0] * size_[1]) - mean_within(0) - mean_within(1), error};
    }

  private:
    double mean_within(std::size_t side) const {
        return within_sum_[side] / (size_[side] * (size_[side] - 1));
    }

    std::array<double, 2> size_;
    std::array<std::vector<Columns>, 2> groups_;
    std::array<Matrix, 2> within_;
    Matrix between_;
    std::array<double, 2> within_sum_;
    double between_sum_;
};

template <class Kernel>
Estimate contrast(ConstMatrix x, ConstMatrix y, const Kernel& kernel, Threads& threads) {
    const Vector centre = y.rowwise().mean();
    return PairMeans(x.colwise() - centre, y.colwise() - centre, kernel, threads).contrast();
}

}  // namespace

Matrix squared_distances(ConstMatrix x, ConstMatrix y) {
    Matrix squares = -2 * x.transpose() * y;
    squares.colwise() += Vector(x.colwise().squaredNorm().transpose());
    squares.rowwise() += Eigen::RowVectorXd(y.colwise().squaredNorm());
    squares = squares.cwiseMax(0);
    return squares;
}

Estimate energy_distance(ConstMatrix x, ConstMatrix y, Threads& threads) {
    return contrast(x, y, Distance{}, threads);
}

Estimate kernel_discrepancy(ConstMatrix x, ConstMatrix y, double bandwidth, Threads& threads) {
    const auto result = contrast(x, y, GaussianKernel{1 / (2 * bandwidth * bandwidth)}, threads);
    return {-result.value, result.error};
}

double median_distance(ConstMatrix x) {
    const Matrix squares = squared_distances(x.colwise() - Vector(x.rowwise().mean()),
                                             x.colwise() - Vector(x.rowwise().mean()));
    std::vector<double> pairs;
    for (Index j = 0; j < x.cols(); ++j) {
        for (Index i = 0; i < j; ++i) pairs.push_back(squares(i, j));
    }
    if (pairs.empty()) return 1;
    const auto middle = pairs.begin() + std::ssize(pairs) / 2;
    std::nth_element(pairs.begin(), middle, pairs.end());
    return *middle > 0 ? std::sqrt(*middle) : 1;
}

}  // namespace si
