#include <cmath>

#include "si/base/linear.hpp"
#include "si/bridge/light.hpp"

namespace si {
namespace {

using Array = Eigen::ArrayXXd;

/// One component at all points, in the axes of its shape S: there everything is a number a
/// coordinate, with Q = t S + 1 - t.
struct Component {
    Index k;         ///< its number
    double epsilon;  ///< of the bridge
    Matrix axes;     ///< empty: those of the space
    Vector s;
    Array inverse_q, pull;  ///< 1 / Q, and q = Q^-1 (x - t r)
    Matrix drift;           ///< g = Q^-1 (r + (S - I) x), in the axes of the space
    Vector logs;            ///< l, see Potential

    Component(const LightParameters& at, Index number, double e, ConstVector t, ConstMatrix x)
        : k(number), epsilon(e) {
        if (at.full) {
            const Matrix factor = at.factor(k);
            Spectrum solved = spectrum(factor * factor.transpose());
            axes = std::move(solved.axes);
            s = solved.values.cwiseMax(1e-12);
        } else {
            s = at.shape.col(k).array().exp();
        }
        const Array y = into(x);
        const Vector r = into(at.r.col(k));
        const Eigen::RowVectorXd times = t.transpose(), rest = 1 - times.array();
        const Array q = (s * times).array() + rest.replicate(s.size(), 1).array();
        inverse_q = q.inverse();
        pull = (y - (r * times).array()) * inverse_q;
        const Array turned = ((y.colwise() * (s.array() - 1)).colwise() + r.array()) * inverse_q;
        drift = out_of(turned.matrix());
        // x' (S - I) Q^-1 x + 2 r' Q^-1 x - t r' Q^-1 r = x' g + q' r.
        const Array squares = y * turned + pull.colwise() * r.array();
        logs = (at.a[k] - q.log().colwise().sum() / 2 + squares.colwise().sum() / (2 * e))
                   .matrix()
                   .transpose();
    }

    Matrix into(ConstMatrix x) const { return axes.size() > 0 ? axes.transpose() * x : Matrix(x); }
    Matrix out_of(const Matrix& y) const { return axes.size() > 0 ? axes * y : y; }
};

/// Adds the gradient of the loss by the parameters of one component. `p` are its weights over n,
/// `residual` is u - target, and `ahead` its product with g - u, by which the loss grows with l.
void add_gradient(const LightParameters& at, const Component& of, ConstVector t, const Vector& p,
                  const Matrix& residual, const Vector& ahead, LightParameters& gradient) {
    const Index k = of.k;
    const double e = of.epsilon;
    const Vector held = p.cwiseProduct(ahead);
    gradient.a[k] += 2 * held.sum();
    // dg/dr = Q^-1, dl/dr = q / e; dg = Q^-1 dS q, dl = tr dS (q q' / (2 e) - t Q^-1 / 2).
    const Matrix back = (of.into(residual).array() * of.inverse_q).matrix() * p.asDiagonal();
    const Matrix pull = of.pull.matrix();
    gradient.r.col(k) += of.out_of(2 * (back.rowwise().sum() + pull * held / e));
    const Vector of_q = of.inverse_q.matrix() * held.cwiseProduct(t);
    if (at.full) {
        const Matrix cross = back * pull.transpose();
        Matrix slope = cross + cross.transpose() + pull * held.asDiagonal() * pull.transpose() / e;
        slope.diagonal() -= of_q;
        const Matrix factor = at.factor(k);
        gradient.add_slope(k, factor, 2 * of.axes * slope * of.axes.transpose() * factor);
    } else {
        const Vector slope =
            2 * back.cwiseProduct(pull).rowwise().sum() + pull.cwiseAbs2() * held / e - of_q;
        gradient.shape.col(k) += slope.cwiseProduct(of.s);
    }
}

}  // namespace

double matching_loss(const LightParameters& at, double epsilon, ConstVector t, ConstMatrix x,
                     ConstMatrix target, LightParameters* gradient) {
    const Index count = at.a.size(), n = x.cols();
    std::vector<Component> components;
    Matrix weights(count, n);
    for (Index k = 0; k < count; ++k) {
        components.emplace_back(at, k, epsilon, t, x);
        weights.row(k) = components.back().logs.transpose();
    }
    weights.rowwise() -= Eigen::RowVectorXd(weights.colwise().maxCoeff());
    weights = weights.array().exp().matrix();
    const Vector sums = weights.colwise().sum().transpose();
    weights *= sums.cwiseInverse().asDiagonal();
    Matrix drift = Matrix::Zero(x.rows(), n);
    for (Index k = 0; k < count; ++k) {
        drift += components[static_cast<std::size_t>(k)].drift * weights.row(k).asDiagonal();
    }
    const Matrix residual = drift - target;
    const double loss = residual.squaredNorm() / static_cast<double>(n);
    for (Index k = 0; gradient != nullptr && k < count; ++k) {
        const Component& of = components[static_cast<std::size_t>(k)];
        const Vector ahead = residual.cwiseProduct(of.drift - drift).colwise().sum().transpose();
        const Vector p = weights.row(k).transpose() / static_cast<double>(n);
        add_gradient(at, of, t, p, residual, ahead, *gradient);
    }
    return loss;
}

}  // namespace si
