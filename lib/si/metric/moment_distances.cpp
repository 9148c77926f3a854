#include "si/metric/moment_distances.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "si/base/linear.hpp"
#include "si/metric/jackknife.hpp"

namespace si {
namespace {

/// Mean and covariance of samples, divided by n - 1.
struct Fit {
    Vector mean;
    Matrix covariance;
};

/// Sums over a group of samples, which give the moments of the others by subtraction.
struct Sums {
    double n = 0;
    Vector first;
    Matrix second;

    Fit fit() const {
        const Vector mean = first / n;
        return {mean, (second - n * mean * mean.transpose()) / (n - 1)};
    }
    Sums without(const Sums& group) const {
        return {n - group.n, first - group.first, second - group.second};
    }
};

/// Both sides, about a common origin: what is near zero loses no digits.
class Groups {
  public:
    Groups(ConstMatrix x, ConstMatrix y, Threads& threads, bool with_error)
        : with_error_(with_error), origin_(y.rowwise().mean()) {
        of_[0] = sums(x, threads);
        of_[1] = sums(y, threads);
        for (std::size_t s = 0; s < 2; ++s) {
            all_[s] = of_[s].front();
            for (std::size_t g = 1; g < of_[s].size(); ++g) {
                all_[s].n += of_[s][g].n;
                all_[s].first += of_[s][g].first;
                all_[s].second += of_[s][g].second;
            }
        }
    }

    /// A function of both fits with its error.
    template <class Distance>
    Estimate operator()(const Distance& distance) const {
        const std::array<Fit, 2> all{all_[0].fit(), all_[1].fit()};
        if (!with_error_) return {distance(all[0], all[1]), 0};
        const std::array<Index, 2> count{std::ssize(of_[0]), std::ssize(of_[1])};
        const double error = jackknife_error(count, [&](int side, Index g) {
            const auto s = static_cast<std::size_t>(side);
            const Fit one = all_[s].without(of_[s][static_cast<std::size_t>(g)]).fit();
            return side == 0 ? distance(one, all[1]) : distance(all[0], one);
        });
        return {distance(all[0], all[1]), error};
    }

  private:
    std::vector<Sums> sums(ConstMatrix x, Threads& threads) const {
        constexpr Index kMemory = Index{1} << 25;  // numbers in all groups of a side
        constexpr Index kTogether = 1024;
        const Index d = x.rows();
        const auto cut = groups_of(x.cols(), std::clamp<Index>(kMemory / (d * d), 4, 20));
        std::vector<Sums> groups(cut.size());
        threads.for_each(std::ssize(cut), [&](Index g, int) {
            const Columns& columns = cut[static_cast<std::size_t>(g)];
            Sums& sum = groups[static_cast<std::size_t>(g)];
            sum = {static_cast<double>(columns.count), Vector::Zero(d), Matrix::Zero(d, d)};
            for (const Columns& part : chunks(columns.count, kTogether)) {
                const Matrix centred =
                    x.middleCols(columns.first + part.first, part.count).colwise() - origin_;
                sum.first += centred.rowwise().sum();
                sum.second.noalias() += centred * centred.transpose();
            }
        });
        return groups;
    }

    bool with_error_;
    Vector origin_;
    std::array<std::vector<Sums>, 2> of_;
    std::array<Sums, 2> all_;
};

double log_determinant(const Cholesky& factor) {
    return 2 * factor.packed().diagonal().array().log().sum();
}

Cholesky factor(const Matrix& covariance) {
    Cholesky result(covariance);
    // What rounding leaves of a zero may be positive.
    const bool regular =
        result.succeeded() &&
        (result.packed().diagonal().array().square() > 1e-12 * covariance.diagonal().array()).all();
    require(regular, Failure::data,
            "a covariance is singular: the samples lie in a plane of fewer dimensions");
    return result;
}

double divergence_of(const Fit& p, const Fit& q) {
    const auto of_p = factor(p.covariance), of_q = factor(q.covariance);
    Matrix ratio = of_p.lower();
    solve_lower(of_q.packed(), ratio);
    Vector apart = p.mean - q.mean;
    solve_lower(of_q.packed(), apart);
    return (ratio.squaredNorm() - static_cast<double>(p.mean.size()) + apart.squaredNorm() +
            log_determinant(of_q) - log_determinant(of_p)) /
           2;
}

double frechet_of(const Fit& p, const Fit& q) {
    const auto [values, axes] = spectrum(p.covariance);
    const Matrix half = axes * values.cwiseMax(0).cwiseSqrt().asDiagonal() * axes.transpose();
    const Vector cross = eigenvalues(half * q.covariance * half);
    return (p.mean - q.mean).squaredNorm() + p.covariance.trace() + q.covariance.trace() -
           2 * cross.cwiseMax(0).cwiseSqrt().sum();
}

Json list(const Vector& v) { return std::vector<double>(v.begin(), v.end()); }

Json lists(const Matrix& m) {
    Json rows = Json::array();
    for (Index i = 0; i < m.rows(); ++i) rows.push_back(list(m.row(i).transpose()));
    return rows;
}

/// Moments with the variances of them.
struct Measured {
    Vector mean, of_mean;
    Matrix covariance, of_covariance;

    explicit Measured(ConstMatrix x) : mean(x.rowwise().mean()) {
        const auto n = static_cast<double>(x.cols());
        const Matrix centred = x.colwise() - mean;
        const Matrix squares = centred.cwiseAbs2();
        covariance = centred * centred.transpose() / (n - 1);
        of_mean = covariance.diagonal() / n;
        of_covariance = (squares * squares.transpose() / n - covariance.cwiseAbs2()) / n;
    }
};

}  // namespace

MomentDistances moment_distances(ConstMatrix x, ConstMatrix y, const Vector& scale,
                                 Threads& threads, bool with_error) {
    const Groups groups(x, y, threads, with_error);
    const Vector unit = scale.cwiseInverse();
    return {groups([&](const Fit& p, const Fit& q) {
                return (p.mean - q.mean).cwiseProduct(unit).squaredNorm() /
                       static_cast<double>(unit.size());
            }),
            groups([&](const Fit& p, const Fit& q) {
                return (unit.asDiagonal() * (p.covariance - q.covariance) * unit.asDiagonal())
                           .squaredNorm() /
                       static_cast<double>(unit.size() * unit.size());
            })};
}

Estimate gaussian_kl(ConstMatrix x, ConstMatrix y, Threads& threads, bool with_error) {
    return Groups(x, y, threads,
                  with_error)([](const Fit& p, const Fit& q) { return divergence_of(q, p); });
}

Estimate frechet_distance(ConstMatrix x, ConstMatrix y, Threads& threads, bool with_error) {
    return Groups(x, y, threads, with_error)(frechet_of);
}

Json moment_differences(ConstMatrix x, ConstMatrix y) {
    const Measured a(x), b(y);
    return {{"mean",
             {{"difference", list(a.mean - b.mean)},
              {"stderr", list((a.of_mean + b.of_mean).cwiseSqrt())}}},
            {"covariance",
             {{"difference", lists(a.covariance - b.covariance)},
              {"stderr", lists((a.of_covariance + b.of_covariance).cwiseMax(0).cwiseSqrt())}}}};
}

}  // namespace si
