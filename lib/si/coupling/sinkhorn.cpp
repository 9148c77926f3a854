#include "si/coupling/sinkhorn.hpp"

#include <algorithm>
#include <cmath>

#include "si/base/error.hpp"
#include "si/coupling/cost.hpp"
#include "si/coupling/log_sum.hpp"

namespace si {
namespace {

constexpr Index kColumns = 64;  // that one thread takes at a time

void in_parts(Index n, Threads& threads, const std::function<void(const Columns&)>& body) {
    const auto cut = chunks(n, kColumns);
    threads.for_each(std::ssize(cut),
                     [&](Index k, int) { body(cut[static_cast<std::size_t>(k)]); });
}

void over_columns(Index n, Threads& threads, const std::function<void(Index)>& body) {
    in_parts(n, threads, [&](const Columns& part) {
        for (Index i = part.first; i < part.first + part.count; ++i) body(i);
    });
}

/// Where to start from when some costs are far larger than others: at what it takes every point to
/// reach another. From the largest cost, potentials would become as large, and be rounded as much,
/// though no plan needs it.
double coarsest(const Matrix& cost) {
    constexpr double kAbove = 64;
    const double farthest =
        std::max(cost.colwise().minCoeff().maxCoeff(), cost.rowwise().minCoeff().maxCoeff());
    return std::min(kAbove * farthest, cost.maxCoeff());
}

}  // namespace

SinkhornPlan::SinkhornPlan(ConstMatrix x, ConstMatrix y, const SinkhornSpec& spec, Threads& threads,
                           const SinkhornPlan* near)
    : spec_(spec), x_(x) {
    require(spec.epsilon > 0 && std::isfinite(spec.epsilon), Failure::usage,
            "epsilon must be positive, is ", spec.epsilon);
    require(x.cols() > 0 && y.cols() > 0, Failure::data, "there are no points to couple");
    require(x.rows() == y.rows(), Failure::data, "points have ", x.rows(), " and ", y.rows(),
            " coordinates");
    const CentredCost cost(x, y);
    row_shift_ = cost.row();
    column_shift_ = cost.column();
    cost_columns_.resize(y.cols(), x.cols());
    cost_rows_.resize(x.cols(), y.cols());
    in_parts(x.cols(), threads, [&](const Columns& part) {
        auto columns = cost_columns_.middleCols(part.first, part.count);
        cost.columns(part.first, columns);
        for (const Columns& tile : chunks(y.cols(), kColumns)) {
            cost_rows_.block(part.first, tile.first, part.count, tile.count) =
                columns.middleRows(tile.first, tile.count).transpose();
        }
    });
    require_finite_costs(x, y);
    inner_f_.setZero(x.cols());
    inner_g_.setZero(y.cols());
    if (near != nullptr) {
        inner_g_ = near->g_at(y, threads) - column_shift_;
    } else {
        anneal(cost.uneven() ? coarsest(cost_columns_) : cost_columns_.maxCoeff(), threads);
    }
    iterate(threads);
    f_ = inner_f_ + row_shift_;
    g_ = inner_g_ + column_shift_;
    const double mean = g_.mean();
    g_.array() -= mean;
    f_.array() += mean;
    balance(threads);
}

/// What overflows would make every number of the plan nan, without an end.
void SinkhornPlan::require_finite_costs(ConstMatrix x, ConstMatrix y) const {
    if (cost_columns_.allFinite() && row_shift_.allFinite() && column_shift_.allFinite()) return;
    const double most_x = x.cwiseAbs().maxCoeff(), most_y = y.cwiseAbs().maxCoeff();
    require(false, Failure::data, "a point of ", most_x < most_y ? "x1" : "x0",
            " has a coordinate of ", std::max(most_x, most_y),
            ", whose square is no finite number; take another unit");
}

void SinkhornPlan::update_f(double epsilon, Threads& threads) {
    const Index n1 = cost_columns_.rows();
    const double log_n1 = std::log(static_cast<double>(n1));
    over_columns(cost_columns_.cols(), threads, [&](Index i) {
        const double* c = cost_columns_.col(i).data();
        inner_f_[i] = -epsilon * (log_sum_of(inner_g_.data(), c, n1, epsilon) - log_n1);
    });
}

void SinkhornPlan::look_at_g(double epsilon, Threads& threads) {
    const Index n0 = cost_columns_.cols();
    const double log_n0 = std::log(static_cast<double>(n0));
    sums_.resize(cost_columns_.rows());
    over_columns(cost_columns_.rows(), threads, [&](Index j) {
        const double* c = cost_rows_.col(j).data();
        sums_[j] = log_sum_of(inner_f_.data(), c, n0, epsilon) - log_n0;
    });
}

/// Halving epsilon from a large one: each level starts where the one before ended.
void SinkhornPlan::anneal(double coarsest, Threads& threads) {
    constexpr int kWarm = 5;
    for (double epsilon = coarsest; epsilon > 2 * spec_.epsilon; epsilon /= 2) {
        for (int k = 0; k < kWarm && iterations_ + 1 < spec_.iterations; ++k, ++iterations_) {
            update_f(epsilon, threads);
            look_at_g(epsilon, threads);
            inner_g_ = -epsilon * sums_;
        }
    }
}

void SinkhornPlan::iterate(Threads& threads) {
    do {
        update_f(spec_.epsilon, threads);
        look_at_g(spec_.epsilon, threads);
        error_ = ((inner_g_ / spec_.epsilon + sums_).array().exp() - 1).abs().mean();
        ++iterations_;
        require(std::isfinite(error_), Failure::data, "epsilon = ", spec_.epsilon,
                " is too small for costs of up to ", cost_columns_.maxCoeff(),
                ": Sinkhorn's iteration has no finite numbers; take a larger one");
        if (error_ <= spec_.tolerance || iterations_ >= spec_.iterations) return;
        inner_g_ = -spec_.epsilon * sums_;
    } while (true);
}

Vector SinkhornPlan::g_at(ConstMatrix y, Threads& threads) const {
    const CentredCost cost(y, x_);
    const Index n0 = x_.cols();
    const Vector shifted = f_ - cost.column();
    const double log_n0 = std::log(static_cast<double>(n0));
    Vector g(y.cols());
    in_parts(y.cols(), threads, [&](const Columns& part) {
        Matrix columns(n0, part.count);
        cost.columns(part.first, columns);
        for (Index k = 0; k < part.count; ++k) {
            const Index j = part.first + k;
            const double* c = columns.col(k).data();
            g[j] = cost.row()[j] -
                   spec_.epsilon * (log_sum_of(shifted.data(), c, n0, spec_.epsilon) - log_n0);
        }
    });
    return g;
}

void SinkhornPlan::balance(Threads& threads) {
    const Index n0 = cost_columns_.cols(), n1 = cost_columns_.rows();
    const double epsilon = spec_.epsilon, all = static_cast<double>(n0) * static_cast<double>(n1);
    Vector held(n1);  // what each column holds, in units of 1 / n1
    over_columns(n1, threads, [&](Index j) {
        const double* c = cost_rows_.col(j).data();
        const double log_held = inner_g_[j] / epsilon + log_sum_of(inner_f_.data(), c, n0, epsilon);
        held[j] = std::exp(log_held) / static_cast<double>(n0);
    });
    keep_ = held.cwiseMax(1).cwiseInverse();
    lack_ = (1 - held.cwiseProduct(keep_).array()).max(0);
    lacking_ = lack_.sum();
    Vector costs(n0), entropies(n0), gaps(n0);
    over_columns(n0, threads, [&](Index i) {
        const Vector p = row(i);
        Vector q(n1);  // what the potentials say
        exponentials(inner_g_.data(), cost_columns_.col(i).data(), n1, inner_f_[i], epsilon,
                     q.data());
        double cost = 0, entropy = 0;
        double gap = q.sum() / all - p.sum();  // p log(p / q) - p + q, which is never below zero
        for (Index j = 0; j < n1; ++j) {
            cost += p[j] * (cost_columns_(j, i) + row_shift_[i] + column_shift_[j]);
            if (p[j] == 0) continue;
            const double log_p = std::log(p[j] * all);
            entropy += p[j] * log_p;
            gap += p[j] * (log_p - (inner_f_[i] + inner_g_[j] - cost_columns_(j, i)) / epsilon);
        }
        gaps[i] = std::max(gap, 0.0);
        costs[i] = cost;
        entropies[i] = entropy;
    });
    cost_ = costs.sum();
    kl_ = entropies.sum();
    gap_ = epsilon * gaps.sum();
}

Vector SinkhornPlan::row(Index i) const {
    const Index n0 = cost_columns_.cols(), n1 = cost_columns_.rows();
    Vector p(n1);
    exponentials(inner_g_.data(), cost_columns_.col(i).data(), n1, inner_f_[i], spec_.epsilon,
                 p.data());
    p = p.cwiseProduct(keep_) / (static_cast<double>(n0) * static_cast<double>(n1));
    if (lacking_ > 0) {
        const double missing = 1.0 / static_cast<double>(n0) - p.sum();
        if (missing > 0) p += missing / lacking_ * lack_;
    }
    return p;
}

double SinkhornPlan::spread() const {
    const auto n0 = static_cast<double>(cost_columns_.cols());
    const auto n1 = static_cast<double>(cost_columns_.rows());
    if (std::min(n0, n1) <= 1) return 0;
    const double entropy = std::log(n0) + std::log(n1) - kl_;
    return (entropy - std::log(std::max(n0, n1))) / std::log(std::min(n0, n1));
}

std::vector<Index> SinkhornPlan::partners(const std::vector<Index>& rows, const Address& address,
                                          Index first, Threads& threads) const {
    std::vector<Index> partner(rows.size());
    Matrix u(1, std::ssize(rows));
    fill_uniform(address, first, u);
    over_columns(std::ssize(rows), threads, [&](Index k) {
        const Vector p = row(rows[static_cast<std::size_t>(k)]);
        double left = u(0, k) * p.sum();
        Index j = 0;
        while (j + 1 < p.size() && (left -= p[j]) > 0) ++j;
        partner[static_cast<std::size_t>(k)] = j;
    });
    return partner;
}

}  // namespace si
