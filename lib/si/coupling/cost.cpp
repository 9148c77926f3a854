#include "si/coupling/cost.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace si {

CentredCost centred_cost(ConstMatrix x, ConstMatrix y) {
    const Vector mean_x = x.rowwise().mean(), mean_y = y.rowwise().mean();
    const Matrix from = x.colwise() - mean_x, to = y.colwise() - mean_y;
    CentredCost cost;
    cost.values.noalias() = -(to.transpose() * from);
    cost.values.colwise() += Vector(to.colwise().squaredNorm().transpose() / 2);
    cost.values.rowwise() += Eigen::RowVectorXd(from.colwise().squaredNorm() / 2);
    // |x - y|^2 / 2 = |x' - y'|^2 / 2 + D x' - D y' + |D|^2 / 2 with D = mean_x - mean_y.
    const Vector apart = mean_x - mean_y;
    cost.row = (from.transpose() * apart).array() + apart.squaredNorm() / 2;
    cost.column = -(to.transpose() * apart);
    return cost;
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
        y.bottomRows(side.conditions.rows()) = std::sqrt(cost.conditions) * side.conditions;
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
