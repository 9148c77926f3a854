#include "si/bridge/end_moments.hpp"

#include <limits>

#include "si/base/error.hpp"
#include "si/base/linear.hpp"

namespace si {

double gaussian_kl(const GaussianLaw& p, const GaussianLaw& q) {
    const Cholesky of_p(p.covariance), of_q(q.covariance);
    require(of_q.succeeded(), Failure::data, "a covariance is singular");
    // A law that is squeezed flat is infinitely far off.
    if (!of_p.succeeded()) return std::numeric_limits<double>::infinity();
    const Vector apart = p.mean - q.mean;
    return (of_q.solve(p.covariance).trace() + apart.dot(of_q.solve(apart)) -
            static_cast<double>(apart.size()) + of_q.log_det() - of_p.log_det()) /
           2;
}

double diagonal_kl(const GaussianLaw& p, const GaussianLaw& q) {
    const Eigen::ArrayXd variance = q.covariance.diagonal();
    const Eigen::ArrayXd ratio = p.covariance.diagonal().array() / variance;
    return (ratio - 1 - ratio.log() + (p.mean - q.mean).array().square() / variance).sum() / 2;
}

GaussianLaw EndMoments::at(double t) const {
    const double s = 1 - t;
    const Matrix unit = Matrix::Identity(cross.rows(), cross.cols());
    return {s * start.mean + t * end.mean,
            s * s * start.covariance + t * t * end.covariance +
                s * t * (cross + cross.transpose() + epsilon * unit)};
}

EndMoments EndMoments::of(ConstMatrix x0, ConstMatrix x1, double epsilon) {
    auto start = GaussianLaw::of(x0), end = GaussianLaw::of(x1);
    Matrix cross = (x0.colwise() - start.mean) * (x1.colwise() - end.mean).transpose() /
                   static_cast<double>(x0.cols());
    return {std::move(start), std::move(end), std::move(cross), epsilon};
}

EndMoments EndMoments::of(const GaussianLaw& start, const Potential& potential) {
    require(potential.size() == 1, Failure::data, "the ends of a potential with ", potential.size(),
            " components are no linear function of their starts");
    const Matrix s = potential.shape(0), cross = start.covariance * s;
    const double e = potential.epsilon();
    return {start, {potential.centers().col(0) + s * start.mean, s * cross + e * s}, cross, e};
}

EndMoments EndMoments::independent() const {
    return {start, end, Matrix::Zero(cross.rows(), cross.cols()), epsilon};
}

}  // namespace si
