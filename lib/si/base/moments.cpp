#include "si/base/moments.hpp"

namespace si {

Moments moments_of(const Matrix& x) {
    const Vector mean = x.rowwise().mean();
    return {mean, (x.colwise() - mean).array().square().rowwise().mean()};
}

double variance_per_coordinate(const Matrix& x) {
    const Matrix centred = x.colwise() - Vector(x.rowwise().mean());
    return centred.squaredNorm() / static_cast<double>(centred.size());
}

void MomentsOfParts::add(ConstMatrix x, const std::vector<Index>& skipped) {
    const auto n = x.cols() - std::ssize(skipped);
    if (n == 0) return;
    // Column by column, as they lie in memory.
    const auto each = [&](const auto& take) {
        auto skip = skipped.begin();
        for (Index j = 0; j < x.cols(); ++j) {
            if (skip != skipped.end() && *skip == j) {
                ++skip;
            } else {
                take(x.col(j).array());
            }
        }
    };
    const auto count = static_cast<double>(n);
    Vector mean = Vector::Zero(x.rows()), squares = mean;
    each([&](const auto& column) { mean.array() += column; });
    mean /= count;
    each([&](const auto& column) { squares.array() += (column - mean.array()).square(); });
    if (n_ == 0) {
        n_ = n, mean_ = mean, squares_ = squares;
        return;
    }
    // Chan, Golub and LeVeque 1979: the squares about the common mean.
    const auto before = static_cast<double>(n_);
    const Vector apart = mean - mean_;
    mean_ += apart * (count / (before + count));
    squares_ += squares + apart.cwiseAbs2() * (before * count / (before + count));
    n_ += n;
}

}  // namespace si
