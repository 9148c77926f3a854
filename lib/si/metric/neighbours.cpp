#include "si/metric/neighbours.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "si/base/error.hpp"
#include "si/metric/jackknife.hpp"
#include "si/metric/pairs.hpp"

namespace si {
namespace {

constexpr Index kBlock = 256;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// visit(j, i, squares) for tiles of x_i against y_j, i.first rising for each j, one thread a j.
template <class Begin, class Visit, class End>
void over_tiles(ConstMatrix x, ConstMatrix y, Threads& threads, const Begin& begin,
                const Visit& visit, const End& end) {
    const auto of_x = chunks(x.cols(), kBlock), of_y = chunks(y.cols(), kBlock);
    threads.for_each(std::ssize(of_y), [&](Index item, int) {
        const Columns& j = of_y[static_cast<std::size_t>(item)];
        auto state = begin(j);
        for (const Columns& i : of_x) {
            const Matrix squares =
                squared_distances(x.middleCols(i.first, i.count), y.middleCols(j.first, j.count));
            visit(state, j, i, squares);
        }
        end(state, j);
    });
}

/// The square of the distance of each column to the k-th nearest other one.
Vector reach(ConstMatrix x, Index k, Threads& threads) {
    Vector result(x.cols());
    over_tiles(
        x, x, threads,
        [&](const Columns& j) { return Matrix(Matrix::Constant(k, j.count, kInfinity)); },
        [&](Matrix& least, const Columns& j, const Columns& i, const Matrix& squares) {
            for (Index c = 0; c < j.count; ++c) {
                double* const heap = least.col(c).data();  // the largest of the k least on top
                for (Index r = 0; r < i.count; ++r) {
                    if (squares(r, c) >= heap[0] || i.first + r == j.first + c) continue;
                    std::pop_heap(heap, heap + k);
                    heap[k - 1] = squares(r, c);
                    std::push_heap(heap, heap + k);
                }
            }
        },
        [&](const Matrix& least, const Columns& j) {
            result.segment(j.first, j.count) = least.row(0).transpose();
        });
    return result;
}

/// Of each column of y: how many balls of x it is in, and whether its own holds an x.
struct Found {
    Vector balls, own;
};

Found find(ConstMatrix x, const Vector& reach_x, ConstMatrix y, const Vector& reach_y,
           Threads& threads) {
    Found found{Vector(y.cols()), Vector(y.cols())};
    struct State {
        Vector balls, nearest;
    };
    over_tiles(
        x, y, threads,
        [&](const Columns& j) {
            return State{Vector::Zero(j.count), Vector::Constant(j.count, kInfinity)};
        },
        [&](State& state, const Columns&, const Columns& i, const Matrix& squares) {
            const auto within = reach_x.segment(i.first, i.count).array();
            for (Index c = 0; c < squares.cols(); ++c) {
                state.balls[c] += static_cast<double>((squares.col(c).array() <= within).count());
                state.nearest[c] = std::min(state.nearest[c], squares.col(c).minCoeff());
            }
        },
        [&](const State& state, const Columns& j) {
            found.balls.segment(j.first, j.count) = state.balls;
            found.own.segment(j.first, j.count) =
                (state.nearest.array() <= reach_y.segment(j.first, j.count).array()).cast<double>();
        });
    return found;
}

Vector some(const Vector& counts) { return (counts.array() > 0).cast<double>(); }

/// The nearest centre of each column.
std::vector<Index> nearest(ConstMatrix x, ConstMatrix centres, Threads& threads) {
    std::vector<Index> mode(static_cast<std::size_t>(x.cols()));
    const Vector origin = centres.rowwise().mean();
    const Matrix from = centres.colwise() - origin;
    const auto cut = chunks(x.cols(), kBlock);
    threads.for_each(std::ssize(cut), [&](Index item, int) {
        const Columns& part = cut[static_cast<std::size_t>(item)];
        const Matrix squares =
            squared_distances(from, x.middleCols(part.first, part.count).colwise() - origin);
        for (Index j = 0; j < part.count; ++j) {
            squares.col(j).minCoeff(&mode[static_cast<std::size_t>(part.first + j)]);
        }
    });
    return mode;
}

Vector counted(const std::vector<Index>& mode, const Columns& group, Index modes) {
    Vector count = Vector::Zero(modes);
    for (Index j = 0; j < group.count; ++j) {
        count[mode[static_cast<std::size_t>(group.first + j)]] += 1;
    }
    return count;
}

}  // namespace

Neighbourhoods neighbourhoods(ConstMatrix x, ConstMatrix y, Index k, Threads& threads) {
    require(std::min(x.cols(), y.cols()) > k, Failure::data, "no sample has ", k, " others");
    const Vector centre = y.rowwise().mean();
    const Matrix a = x.colwise() - centre, b = y.colwise() - centre;
    const Vector reach_a = reach(a, k, threads), reach_b = reach(b, k, threads);
    const Found of_a = find(b, reach_b, a, reach_a, threads),
                of_b = find(a, reach_a, b, reach_b, threads);
    return {mean_of(some(of_a.balls)), mean_of(some(of_b.balls)),
            mean_of(of_a.balls / static_cast<double>(k)), mean_of(of_b.own)};
}

Vector mode_shares(ConstMatrix x, ConstMatrix centres, Threads& threads) {
    return counted(nearest(x, centres, threads), {0, x.cols()}, centres.cols()) /
           static_cast<double>(x.cols());
}

Estimate mode_distance(ConstMatrix x, ConstMatrix y, ConstMatrix centres, Threads& threads) {
    constexpr Index kGroups = 32;
    const std::array<std::vector<Index>, 2> mode{nearest(x, centres, threads),
                                                 nearest(y, centres, threads)};
    const std::array<std::vector<Columns>, 2> groups{groups_of(x.cols(), kGroups),
                                                     groups_of(y.cols(), kGroups)};
    const Index modes = centres.cols();
    const std::array<Vector, 2> all{counted(mode[0], {0, x.cols()}, modes),
                                    counted(mode[1], {0, y.cols()}, modes)};
    const auto apart = [](const Vector& p, const Vector& q) {
        return (p / p.sum() - q / q.sum()).cwiseAbs().sum() / 2;
    };
    const double error =
        jackknife_error({std::ssize(groups[0]), std::ssize(groups[1])}, [&](int side, Index g) {
            const auto s = static_cast<std::size_t>(side);
            const Vector left =
                all[s] - counted(mode[s], groups[s][static_cast<std::size_t>(g)], modes);
            return apart(left, all[1 - s]);
        });
    return {apart(all[0], all[1]), error};
}

}  // namespace si
