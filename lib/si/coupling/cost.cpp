#include "si/coupling/cost.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "si/base/simd.hpp"
#include "si/base/threads.hpp"

namespace si {

namespace {

constexpr Index kLanes = 16;         // points of y side by side
constexpr Index kHalf = kLanes / 2;  // those in one variable

/// A variable, not an array: of loops over arrays the compiler makes scalars here.
typedef double Half __attribute__((vector_size(kHalf * sizeof(double))));
/// The same at any double. Named at each use: `auto` would forget where it may stand.
typedef double LooseHalf
    __attribute__((vector_size(kHalf * sizeof(double)), aligned(sizeof(double)), may_alias));

/// Scalar products of kLanes points, coordinate by coordinate, with one of d coordinates.
SI_CLONES void products(const double* panel, const double* x, Index d, double* out) {
    Half first{}, second{};
    for (Index k = 0; k < d; ++k, panel += kLanes) {
        first += *reinterpret_cast<const LooseHalf*>(panel) * x[k];
        second += *reinterpret_cast<const LooseHalf*>(panel + kHalf) * x[k];
    }
    *reinterpret_cast<LooseHalf*>(out) = first;
    *reinterpret_cast<LooseHalf*>(out + kHalf) = second;
}

/// Half the square of the distance of two points of one set that are near each other: the lower
/// eighth over some pairs, which many far points do not change. Pairs at one place are left out,
/// and it is 0 where there are no others.
double near_half_square(ConstMatrix x) {
    constexpr Index kPairs = 255;
    const Index n = x.cols();
    std::vector<double> halves;
    for (Index k = 0; n > 1 && k < kPairs; ++k) {
        const Index i = k % n, j = (i + 1 + (k / n + k * (n / 2)) % (n - 1)) % n;
        const double half = (x.col(i) - x.col(j)).squaredNorm() / 2;
        if (half > 0) halves.push_back(half);
    }
    if (halves.empty()) return 0;
    const auto eighth = halves.begin() + std::ssize(halves) / 8;
    std::nth_element(halves.begin(), eighth, halves.end());
    return *eighth;
}

Vector median_of_columns(ConstMatrix x) {
    Vector median(x.rows());
    for (Index k = 0; k < x.rows(); ++k) {
        Vector row = x.row(k).transpose();
        const auto middle = row.begin() + row.size() / 2;
        std::nth_element(row.begin(), middle, row.end());
        median[k] = *middle;
    }
    return median;
}

}  // namespace

void CentredCost::form_from_differences(ConstMatrix x, ConstMatrix y) {
    const Vector middle_x = median_of_columns(x), middle_y = median_of_columns(y);
    Vector apart = middle_x - middle_y;
    // Sets about one place need no shift, and then nothing is rounded but the differences.
    constexpr double kApart = 16;
    if (apart.squaredNorm() <= kApart * (near_half_square(x) + near_half_square(y))) {
        apart.setZero();
    }
    row_ = ((x.colwise() - middle_x).transpose() * apart).array() + apart.squaredNorm() / 2;
    column_ = -((y.colwise() - middle_y).transpose() * apart);
    from_ = x;
    to_ = y.colwise() + apart;
}

double power_for_squares(ConstMatrix x, ConstMatrix y) {
    constexpr int kUsual = 300, kMost = 490;
    const double most = std::max(x.cwiseAbs().maxCoeff(), y.cwiseAbs().maxCoeff());
    if (most == 0 || !std::isfinite(most)) return 1;
    const int exponent = std::ilogb(most);
    // What is near keeps its squares beside what is far: not smaller than need be.
    if (exponent > kUsual) return std::ldexp(1, std::min(0, kMost - exponent));
    return exponent < -kUsual ? std::ldexp(1, -exponent) : 1;
}

CentredCost::CentredCost(ConstMatrix x, ConstMatrix y) {
    const Vector mean_x = x.rowwise().mean(), mean_y = y.rowwise().mean();
    from_ = x.colwise() - mean_x;
    const Matrix to = y.colwise() - mean_y;
    half_from_ = from_.colwise().squaredNorm() / 2;
    half_to_ = to.colwise().squaredNorm() / 2;
    // Beyond this, rounding of the largest norms is more than 2^-27 of the value of near points.
    constexpr double kUneven = 1 << 26;
    const double near = std::max(near_half_square(x), near_half_square(y));
    if (near > 0 && half_from_.maxCoeff() + half_to_.maxCoeff() > kUneven * near) {
        form_from_differences(x, y);
        return;
    }
    // |x - y|^2 / 2 = |x' - y'|^2 / 2 + D x' - D y' + |D|^2 / 2 with D = mean_x - mean_y.
    const Vector apart = mean_x - mean_y;
    row_ = (from_.transpose() * apart).array() + apart.squaredNorm() / 2;
    column_ = -(to.transpose() * apart);
    const Index d = to.rows(), n = to.cols();
    panels_.resize(static_cast<std::size_t>((n + kLanes - 1) / kLanes * kLanes * d));
    for (Index j = 0; j < n; ++j) {
        double* panel = panels_.data() + j / kLanes * kLanes * d + j % kLanes;
        for (Index k = 0; k < d; ++k) panel[k * kLanes] = to(k, j);
    }
}

void CentredCost::columns(Index first, MatrixRef out) const {
    const Index d = from_.rows(), n = half_to_.size();
    if (uneven()) {
        for (Index i = 0; i < out.cols(); ++i) {
            out.col(i) = (to_.colwise() - from_.col(first + i)).colwise().squaredNorm() / 2;
        }
        return;
    }
    std::array<double, kLanes> dots;
    for (Index j = 0; j < n; j += kLanes) {
        const Index count = std::min(kLanes, n - j);
        for (Index i = 0; i < out.cols(); ++i) {
            products(panels_.data() + j * d, from_.col(first + i).data(), d, dots.data());
            double* column = out.col(i).data() + j;
            for (Index l = 0; l < count; ++l) {
                column[l] = half_to_[j + l] + half_from_[first + i] - dots[l];
            }
        }
    }
}

Matrix CentredCost::values() const {
    constexpr Index kTogether = 64;  // columns of x that meet a panel of y while it is near
    Matrix all(half_to_.size(), from_.cols());
    for (const Columns& part : chunks(all.cols(), kTogether)) {
        columns(part.first, all.middleCols(part.first, part.count));
    }
    return all;
}

std::array<Matrix, 2> coordinates_beside(const Beside& x0, const Beside& x1,
                                         const BesideCost& cost) {
    require(x0.conditions.rows() == x1.conditions.rows(), Failure::data, "conditions of x0 have ",
            x0.conditions.rows(), " numbers a sample, those of x1 ", x1.conditions.rows());
    std::vector<double> kinds;
    for (const Matrix& labels : {std::cref(x0.labels), std::cref(x1.labels)}) {
        kinds.insert(kinds.end(), labels.data(), labels.data() + labels.size());
    }
    std::sort(kinds.begin(), kinds.end());
    kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
    const auto coordinates = [&](const Beside& side) {
        const Index n = std::max(side.labels.cols(), side.conditions.cols());
        const Index rows = std::ssize(kinds);
        Matrix y = Matrix::Zero(rows + side.conditions.rows(), n);
        for (Index j = 0; j < side.labels.cols(); ++j) {
            const auto kind = std::lower_bound(kinds.begin(), kinds.end(), side.labels(0, j));
            y(kind - kinds.begin(), j) = std::sqrt(cost.labels);
        }
        if (side.conditions.size() > 0) {
            y.bottomRows(side.conditions.rows()) = std::sqrt(cost.conditions) * side.conditions;
        }
        return y;
    };
    return {coordinates(x0), coordinates(x1)};
}

double mean_cost(ConstMatrix x, ConstMatrix y) {
    double sum = 0;
    for (Index i = 0; i < x.cols(); ++i) sum += (x.col(i) - y.col(i)).squaredNorm() / 2;
    return sum / static_cast<double>(x.cols());
}

}  // namespace si
