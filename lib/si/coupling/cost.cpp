#include "si/coupling/cost.hpp"

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

double mean_cost(ConstMatrix x, ConstMatrix y) {
    double sum = 0;
    for (Index i = 0; i < x.cols(); ++i) sum += (x.col(i) - y.col(i)).squaredNorm() / 2;
    return sum / static_cast<double>(x.cols());
}

}  // namespace si
