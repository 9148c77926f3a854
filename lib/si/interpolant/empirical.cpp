#include "si/interpolant/empirical.hpp"

#include <cmath>
#include <numbers>

#include "si/density/mixture.hpp"

namespace si {

/// As everywhere, columns are copied before sums run over them, and each point is visited by
/// itself: the order of operations does not depend on where a column stands.
class EmpiricalEvaluator final : public Evaluator {
  public:
    explicit EmpiricalEvaluator(const EmpiricalField& field) : field_(field) {}

    void operator()(const Times& t, ConstMatrix x, unsigned want, FieldValues& out) override {
        check_request(field_, t, x, want);
        make_room(out, want, x.rows(), x.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            const Coefficients c = field_.interpolant_.at(t[j]);
            const double variance = c.alpha() * c.alpha() + c.gamma * c.gamma;
            require(variance > 0, Failure::usage, "x_t has no density at t = ", t[j],
                    ": it is one of the points; stop earlier");
            x_ = x.col(j);
            const double log_rho = weigh(c.beta(), variance);
            s_ = (c.beta() * mean_ - x_) / variance;
            if ((want & kS) != 0) out.s.col(j) = s_;
            if ((want & kX0) != 0) {
                out.x0.col(j) = field_.interpolant_.mirror() ? mean_ : Vector(-c.alpha() * s_);
            }
            if ((want & kX1) != 0) out.x1.col(j) = mean_;
            if ((want & kEta) != 0) {
                const bool latent = field_.interpolant_.has_latent();
                out.eta.col(j) = -(latent ? c.gamma : c.alpha()) * s_;
            }
            if ((want & kV) != 0) out.v.col(j) = c.beta_dot() * mean_ - c.alpha_alpha_dot() * s_;
            const double push = c.alpha_alpha_dot() + c.gamma_gamma_dot;
            if ((want & kB) != 0) out.b.col(j) = c.beta_dot() * mean_ - push * s_;
            if ((want & kU) != 0) {
                const double e = field_.interpolant_.at(0).gamma_gamma_dot;
                out.u.col(j) = c.beta_dot() * mean_ - (push - e) * s_;
            }
            if ((want & kLogRho) != 0) out.log_rho[j] = log_rho;
            if ((want & (kDivB | kDivS)) == 0) continue;
            // The mean moves with x by beta / variance times the covariance of the points.
            const double div_mean = c.beta() / variance * spread();
            const double div_s = (c.beta() * div_mean - static_cast<double>(x.rows())) / variance;
            if ((want & kDivB) != 0) out.div_b[j] = c.beta_dot() * div_mean - push * div_s;
            if ((want & kDivS) != 0) out.div_s[j] = div_s;
        }
    }

  private:
    /// Posterior weights and mean of the points; returns log rho.
    double weigh(double beta, double variance) {
        const Matrix& points = field_.points_;
        logs_.resize(points.cols());
        for (Index k = 0; k < points.cols(); ++k) {
            y_ = x_ - beta * points.col(k);
            logs_[k] = -y_.squaredNorm() / (2 * variance);
        }
        const double log_sum = log_sum_exp(logs_);
        mean_.setZero(points.rows());
        for (Index k = 0; k < points.cols(); ++k) {
            logs_[k] = std::exp(logs_[k] - log_sum);
            mean_ += logs_[k] * points.col(k);
        }
        const auto dim = static_cast<double>(points.rows());
        return log_sum - std::log(static_cast<double>(points.cols())) -
               dim / 2 * std::log(2 * std::numbers::pi * variance);
    }

    /// Trace of the posterior covariance of the points.
    double spread() {
        double sum = 0;
        for (Index k = 0; k < logs_.size(); ++k) {
            y_ = field_.points_.col(k) - mean_;
            sum += logs_[k] * y_.squaredNorm();
        }
        return sum;
    }

    const EmpiricalField& field_;
    Vector x_, y_, s_, mean_, logs_;
};

EmpiricalField::EmpiricalField(Interpolant interpolant, Matrix points)
    : interpolant_(std::move(interpolant)), points_(std::move(points)) {
    require(points_.cols() > 0, Failure::data, "/points: empty");
    require(points_.allFinite(), Failure::data, "/points: must be finite");
}

unsigned EmpiricalField::available() const {
    return kB | kV | kS | kEta | kX0 | kX1 | kDivB | kDivS | kLogRho | kU;
}

std::array<double, 2> EmpiricalField::span(unsigned) const {
    constexpr double margin = 1e-3;
    return {interpolant_.mirror() ? margin : 0, 1 - margin};
}

std::unique_ptr<Evaluator> EmpiricalField::evaluator() const {
    return std::make_unique<EmpiricalEvaluator>(*this);
}

}  // namespace si
