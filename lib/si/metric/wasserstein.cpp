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

/// Prices u of x and v of y with u_i + v_j <= cost, and equality on the best pairs, whose mean cost
/// is `cost`.
struct Prices {
    Vector u, v;
    double cost = 0;
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
        prices.cost += cost(here, there, p) / static_cast<double>(x.size());
    }
    return prices;
}

/// The mean cost and its error follow from the prices alone, unless the prices are so much larger
/// that nothing is left of their sum.
Estimate estimate(const Prices& prices) {
    constexpr double kCancelled = 0x1p-30;
    const Estimate first = mean_of(prices.u), second = mean_of(prices.v);
    const bool cancelled =
        kCancelled * (std::abs(first.value) + std::abs(second.value)) > prices.cost;
    return {cancelled ? prices.cost : first.value + second.value,
            std::hypot(first.error, second.error)};
}

Matrix distances_from_differences(ConstMatrix x, ConstMatrix y) {
    Matrix distances(y.cols(), x.cols());
    for (Index i = 0; i < x.cols(); ++i) {
        distances.col(i) = (y.colwise() - x.col(i)).colwise().norm();
    }
    return distances;
}

Estimate in_space(ConstMatrix x, ConstMatrix y, int p) {
    const CentredCost cost(x, y);  // of half the squares
    const auto first = cost.uneven() ? FirstPrices::small : FirstPrices::auction;
    Assignment best;
    Prices prices;
    if (p == 2) {
        best = assign(cost.values(), first);
        prices = {2 * (best.u + cost.row()), 2 * (best.v + cost.column())};
    } else {
        const Vector centre = y.rowwise().mean();
        Matrix distances = cost.uneven()
                               ? distances_from_differences(x, y)
                               : squared_distances(y.colwise() - centre, x.colwise() - centre);
        if (!cost.uneven()) distances = distances.cwiseSqrt();
        best = assign(distances, first);
        prices = {best.u, best.v};
    }
    for (Index i = 0; i < x.cols(); ++i) {
        const double square =
            (x.col(i) - y.col(best.thing[static_cast<std::size_t>(i)])).squaredNorm();
        prices.cost += (p == 2 ? square : std::sqrt(square)) / static_cast<double>(x.cols());
    }
    return estimate(prices);
}

}  // namespace

Estimate wasserstein(ConstMatrix x, ConstMatrix y, int p) {
    require(x.cols() == y.cols() && x.cols() > 0, Failure::internal, "wasserstein: ", x.cols(),
            " and ", y.cols(), " samples");
    if (x.rows() > 1) {
        const double power = power_for_squares(x, y);
        if (power == 1) return in_space(x, y, p);
        const Estimate scaled = in_space(power * x, power * y, p);
        const double back = p == 1 ? 1 / power : 1 / power / power;
        return {back * scaled.value, back * scaled.error};
    }
    const Vector a = x.transpose(), b = y.transpose();
    return estimate(prices_on_line(a, sorted(a), b, sorted(b), p));
}

Sliced sliced_wasserstein(ConstMatrix x, ConstMatrix y, ConstMatrix directions, Threads& threads) {
    constexpr Index kTogether = 8;  // directions whose prices are in memory at a time
    std::array<Prices, 2> mean;     // prices of a sum of costs are sums of prices
    for (auto& prices : mean) prices = {Vector::Zero(x.cols()), Vector::Zero(y.cols()), 0};
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
                mean[p].cost += one[p].cost / static_cast<double>(directions.cols());
            }
        }
    }
    return {estimate(mean[0]), estimate(mean[1])};
}

}  // namespace si
