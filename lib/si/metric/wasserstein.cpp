#include "si/metric/wasserstein.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "si/base/error.hpp"
#include "si/coupling/assignment.hpp"
#include "si/coupling/cost.hpp"
#include "si/metric/pairs.hpp"

namespace si {
namespace {

double cost(double x, double y, int p) { return p == 1 ? std::abs(x - y) : (x - y) * (x - y); }

/// Prices u of x and v of y with u_i + v_j <= cost, and equality on the best pairs.
struct Prices {
    Vector u, v;
};

std::vector<Index> sorted(const Vector& x) {
    std::vector<Index> order(static_cast<std::size_t>(x.size()));
    std::iota(order.begin(), order.end(), Index{0});
    std::sort(order.begin(), order.end(), [&](Index i, Index j) { return x[i] < x[j]; });
    return order;
}

/// In one dimension neighbours belong together, and of the steps of u between them that are
/// possible the middle one is taken.
Prices prices_on_line(const Vector& x, const std::vector<Index>& of_x, const Vector& y,
                      const std::vector<Index>& of_y, int p) {
    Prices prices{Vector(x.size()), Vector(y.size())};
    double u = 0;
    for (std::size_t k = 0; k < of_x.size(); ++k) {
        const double here = x[of_x[k]], there = y[of_y[k]];
        if (k > 0) {
            const double before = x[of_x[k - 1]], last = y[of_y[k - 1]];
            u += (cost(here, last, p) - cost(before, last, p) + cost(here, there, p) -
                  cost(before, there, p)) /
                 2;
        }
        prices.u[of_x[k]] = u;
        prices.v[of_y[k]] = cost(here, there, p) - u;
    }
    return prices;
}

/// The mean cost and its error follow from the prices alone.
Estimate estimate(const Vector& u, const Vector& v) {
    const Estimate first = mean_of(u), second = mean_of(v);
    return {first.value + second.value, std::hypot(first.error, second.error)};
}

Prices prices_of_squares(ConstMatrix x, ConstMatrix y) {
    const CentredCost cost(x, y);  // of half the squares
    const auto best = assign(cost.values());
    return {2 * (best.u + cost.row()), 2 * (best.v + cost.column())};
}

Prices prices_of_distances(ConstMatrix x, ConstMatrix y) {
    const Vector centre = y.rowwise().mean();
    Matrix cost = squared_distances(y.colwise() - centre, x.colwise() - centre);
    cost = cost.cwiseSqrt();
    const auto best = assign(cost);
    return {best.u, best.v};
}

}  // namespace

Estimate wasserstein(ConstMatrix x, ConstMatrix y, int p) {
    require(x.cols() == y.cols() && x.cols() > 0, Failure::internal, "wasserstein: ", x.cols(),
            " and ", y.cols(), " samples");
    const auto on_line = [&] {
        const Vector a = x.transpose(), b = y.transpose();
        return prices_on_line(a, sorted(a), b, sorted(b), p);
    };
    const Prices prices = x.rows() == 1 ? on_line()
                          : p == 1      ? prices_of_distances(x, y)
                                        : prices_of_squares(x, y);
    return estimate(prices.u, prices.v);
}

Sliced sliced_wasserstein(ConstMatrix x, ConstMatrix y, ConstMatrix directions, Threads& threads) {
    constexpr Index kTogether = 8;  // directions whose prices are in memory at a time
    std::array<Prices, 2> mean;     // prices of a sum of costs are sums of prices
    for (auto& prices : mean) prices = {Vector::Zero(x.cols()), Vector::Zero(y.cols())};
    for (const Columns& part : chunks(directions.cols(), kTogether)) {
        std::vector<std::array<Prices, 2>> found(static_cast<std::size_t>(part.count));
        threads.for_each(part.count, [&](Index k, int) {
            const auto along = directions.col(part.first + k).transpose();
            const Vector a = (along * x).transpose(), b = (along * y).transpose();
            const auto of_a = sorted(a), of_b = sorted(b);
            for (int p : {1, 2}) {
                found[static_cast<std::size_t>(k)][static_cast<std::size_t>(p - 1)] =
                    prices_on_line(a, of_a, b, of_b, p);
            }
        });
        for (const auto& one : found) {
            for (std::size_t p = 0; p < 2; ++p) {
                mean[p].u += one[p].u / static_cast<double>(directions.cols());
                mean[p].v += one[p].v / static_cast<double>(directions.cols());
            }
        }
    }
    return {estimate(mean[0].u, mean[0].v), estimate(mean[1].u, mean[1].v)};
}

}  // namespace si
