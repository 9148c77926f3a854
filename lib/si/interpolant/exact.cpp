#include "si/interpolant/exact.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "si/base/linear.hpp"

namespace si {

namespace {

GaussianMixture moment_matched(const GaussianMixture& mixture, bool centred) {
    if (mixture.is_point()) return mixture;
    const Vector mean = centred ? Vector(Vector::Zero(mixture.dim())) : mixture.mean();
    return {{1.0}, {mean}, {mixture.covariance()}};
}

/// A mean that is zero on paper, such as 0.2 * 3 - 0.6 * 1, is off by rounding; anything that
/// a person would call a mean is far above.
bool is_centred(const GaussianMixture& mixture) {
    double scale = 0;
    for (const Vector& mean : mixture.means()) scale = std::max(scale, mean.cwiseAbs().maxCoeff());
    return mixture.mean().cwiseAbs().maxCoeff() <= 1e-14 * scale;
}

}  // namespace

/// Columns are copied into vectors of the evaluator before anything is summed over them: their
/// alignment, hence the order of vectorised sums, is then the same wherever a column stands.
class MixtureEvaluator final : public Evaluator {
  public:
    explicit MixtureEvaluator(const MixtureField& field) : field_(field) {}

    void operator()(const Times& t, ConstMatrix x, unsigned want, FieldValues& out) override {
        check_request(field_, t, x, want);
        make_room(out, want, x.rows(), x.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            if (t[j] == 0 && field_.base_.is_point()) {
                require(want == kU && field_.start_push_ > 0, Failure::usage,
                        "from a point, only u is known at t = 0, and that with a latent that "
                        "starts like a root of t, as brownian does");
                out.u.col(j) = field_.start_of_u();
                continue;
            }
            if (t[j] != time_) prepare(t[j]);
            require((want & (kB | kV | kU | kDivB)) == 0 || drift_finite_, Failure::usage,
                    "the velocity is infinite at t = ", t[j],
                    ": alpha' is, and the base has a mean; use a path with finite alpha', or "
                    "centre the base");
            x_ = x.col(j);
            weigh();
            if ((want & kLogRho) != 0) out.log_rho[j] = log_rho_;
            if ((want & ~kLogRho) == 0) continue;
            average();
            if ((want & kB) != 0) out.b.col(j) = b_;
            if ((want & kV) != 0) out.v.col(j) = v_;
            if ((want & kS) != 0) out.s.col(j) = s_;
            if ((want & kU) != 0) {
                out.u.col(j) = v_ - (c_.gamma_gamma_dot - field_.start_push_) * s_;
            }
            if ((want & kX0) != 0) out.x0.col(j) = x0_;
            if ((want & kX1) != 0) out.x1.col(j) = x1_;
            if ((want & kEta) != 0) {
                if (field_.one_sided()) {
                    out.eta.col(j) = x0_;
                } else {
                    out.eta.col(j) = -c_.gamma * s_;
                }
            }
            if ((want & (kDivB | kDivS)) == 0) continue;
            differentiate();
            if ((want & kDivB) != 0) out.div_b[j] = div_b_;
            if ((want & kDivS) != 0) out.div_s[j] = div_s_;
        }
    }

    void pull_back(const Times& t, ConstMatrix x, Want of, ConstMatrix r, FieldValues& out,
                   MatrixRef product) override {
        const Answer& answer = answer_of(of);
        make_room(out, of, x.rows(), x.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            (*this)(t.segment(j, 1), x.middleCols(j, 1), of, one_);
            require(!(t[j] == 0 && field_.base_.is_point()), Failure::usage,
                    "from a point, u has no derivative at t = 0");
            const Vector f = (one_.*answer.field).col(0);
            (out.*answer.field).col(j) = f;
            product.col(j) = pulled_back(part_of(of), f, r.col(j));
        }
    }

  private:
    /// A field of one pair (i, j), linear in its g = g_ij, which has the Jacobian -C_ij^-1:
    /// f_ij = m0 m_i + m1 m_j - (c0 C_i + c1 C_j) g + s g.
    struct PartOf {
        double m0 = 0, m1 = 0, c0 = 0, c1 = 0, s = 0;
    };

    PartOf part_of(Want of) const {
        const PartOf path{c_.alpha_dot(), c_.beta_dot(), c_.alpha_alpha_dot(),
                          c_.beta() * c_.beta_dot(), 0};
        const bool mirror = field_.interpolant_.mirror();
        PartOf part = path;
        switch (of) {
            case kB:
                part.s = -c_.gamma_gamma_dot;
                return part;
            case kU:
                part.s = field_.start_push_ - c_.gamma_gamma_dot;
                return part;
            case kV:
                return part;
            case kX1:
                return {.m1 = 1, .c1 = c_.beta()};
            case kX0:
                return mirror ? part_of(kX1) : PartOf{.m0 = 1, .c0 = c_.alpha()};
            case kEta:
                return field_.one_sided() ? part_of(kX0) : PartOf{.s = -c_.gamma};
            default:
                return {.s = 1};
        }
    }

    /// With f = sum w_ij f_ij and grad w_ij = w_ij (g_ij - s), the Jacobian of f is
    /// sum w_ij ((f_ij - f) (g_ij - s)^T + df_ij/dx): its transpose times r.
    Vector pulled_back(const PartOf& part, const Vector& f, const Vector& r) {
        Vector sum = Vector::Zero(r.size());
        for (std::size_t k = 0; k < pairs_.size(); ++k) {
            const auto at = static_cast<Index>(k);
            const Pair& pair = pairs_[k];
            const double w = weights_[at];
            if (w == 0) continue;
            const Matrix &c0 = base_->covariances()[pair.i],
                         &c1 = field_.target_.covariances()[pair.j];
            y_ = g_.col(at);
            f_ = part.m0 * base_->means()[pair.i] + part.m1 * field_.target_.means()[pair.j] +
                 part.s * y_ - f;
            f_.noalias() -= part.c0 * (c0 * y_);
            f_.noalias() -= part.c1 * (c1 * y_);
            sum += (w * f_.dot(r)) * (y_ - s_);
            y_ = part.s * r;
            y_.noalias() -= part.c0 * (c0 * r);
            y_.noalias() -= part.c1 * (c1 * r);
            sum -= w * pair.factor.solve(y_);
        }
        return sum;
    }

    /// What base component i and target component j make of each other at one time.
    struct Pair {
        Index i, j;
        Vector mean;
        Cholesky factor;
        double log_norm;
        double trace_c, trace_b;  // of C_ij^-1 and of C'_ij C_ij^-1 / 2
    };

    void prepare(double t) {
        time_ = std::numeric_limits<double>::quiet_NaN();  // nothing is prepared if this throws
        traces_known_ = false;
        c_ = field_.interpolant_.at(t);
        base_ = &field_.base_;
        drift_finite_ = true;
        if (field_.interpolant_.mirror()) {
            base_ = &field_.base_as_gaussian_;  // of no consequence with alpha = 0: one will do
        } else if (!std::isfinite(c_.alpha_dot())) {
            // Here alpha = 0. To first order in alpha, x_t feels only the mean and covariance of
            // x0, so a Gaussian with these has the same limits; and alpha' times a mean of zero
            // is zero.
            base_ = &field_.base_as_gaussian_;
            drift_finite_ = field_.base_centred_;
            c_.slopes[0] = 0;
        }
        const GaussianMixture& target = field_.target_;
        const Index dim = field_.dim(), count = base_->size() * target.size();
        pairs_.resize(static_cast<std::size_t>(count));
        logs_.resize(count);
        g_.resize(dim, count);
        for (Index k = 0; k < count; ++k) {
            Pair& pair = pairs_[static_cast<std::size_t>(k)];
            pair.i = k / target.size();
            pair.j = k % target.size();
            pair.mean = c_.alpha() * base_->means()[pair.i] + c_.beta() * target.means()[pair.j];
            covariance_ = c_.alpha() * c_.alpha() * base_->covariances()[pair.i] +
                          c_.beta() * c_.beta() * target.covariances()[pair.j];
            covariance_.diagonal().array() += c_.gamma * c_.gamma;
            pair.factor.compute(covariance_);
            require(pair.factor.succeeded(), Failure::usage, "x_t is a single point at t = ", t,
                    "; the interpolant needs a latent there");
            pair.log_norm = std::log(base_->weights()[pair.i] * target.weights()[pair.j]) -
                            half_log_det_2pi(pair.factor.packed());
        }
        time_ = t;
    }

    /// log rho, the logarithms of the pairs' parts of it, and C_ij^-1/2 (x - m_ij) in g_.
    void weigh() {
        for (std::size_t k = 0; k < pairs_.size(); ++k) {
            const Pair& pair = pairs_[k];
            y_ = x_ - pair.mean;
            solve_lower(pair.factor.packed(), y_);
            logs_[static_cast<Index>(k)] = pair.log_norm - y_.squaredNorm() / 2;
            g_.col(static_cast<Index>(k)) = y_;
        }
        log_rho_ = log_sum_exp(logs_);
    }

    /// Posterior means of everything that is linear in (x0, x1, z). Sums over pairs that share
    /// a component come first: one product with each covariance, not one a pair.
    void average() {
        const GaussianMixture& target = field_.target_;
        const Index dim = x_.size();
        weights_ = (logs_.array() - log_rho_).exp();
        by_base_.setZero(dim, base_->size());
        by_target_.setZero(dim, target.size());
        m0_.setZero(dim);
        x1_.setZero(dim);
        s_.setZero(dim);
        for (std::size_t k = 0; k < pairs_.size(); ++k) {
            const Pair& pair = pairs_[k];
            const auto at = static_cast<Index>(k);
            y_ = -g_.col(at);
            solve_lower_transposed(pair.factor.packed(), y_);
            g_.col(at) = y_;
            const double w = weights_[at];
            by_base_.col(pair.i) += w * y_;
            by_target_.col(pair.j) += w * y_;
            s_ += w * y_;
            m0_ += w * base_->means()[pair.i];
            x1_ += w * target.means()[pair.j];
        }
        u0_.setZero(dim);
        for (Index i = 0; i < base_->size(); ++i) {
            y_ = by_base_.col(i);
            u0_.noalias() += base_->covariances()[i] * y_;
        }
        for (Index j = 0; j < target.size(); ++j) {
            y_ = c_.beta() * by_target_.col(j);
            x1_.noalias() -= target.covariances()[j] * y_;
        }
        x0_ = field_.interpolant_.mirror() ? x1_ : Vector(m0_ - c_.alpha() * u0_);
        v_ = c_.alpha_dot() * m0_ - c_.alpha_alpha_dot() * u0_ + c_.beta_dot() * x1_;
        b_ = v_ - c_.gamma_gamma_dot * s_;
    }

    /// Divergences: a trace for each pair, and the covariance over pairs of (b_ij, g_ij),
    /// centred first, because far from the data both are large and nearly the same.
    void differentiate() {
        if (!traces_known_) find_traces();
        div_b_ = div_s_ = 0;
        for (std::size_t k = 0; k < pairs_.size(); ++k) {
            const auto at = static_cast<Index>(k);
            const Pair& pair = pairs_[k];
            const double w = weights_[at];
            if (w == 0) continue;
            y_ = g_.col(at);
            f_ = c_.alpha_dot() * base_->means()[pair.i] +
                 c_.beta_dot() * field_.target_.means()[pair.j] - c_.gamma_gamma_dot * y_ - b_;
            f_.noalias() -= c_.alpha_alpha_dot() * (base_->covariances()[pair.i] * y_);
            f_.noalias() -= c_.beta() * c_.beta_dot() * (field_.target_.covariances()[pair.j] * y_);
            y_ -= s_;
            div_b_ += w * (pair.trace_b + f_.dot(y_));
            div_s_ += w * (y_.squaredNorm() - pair.trace_c);
        }
    }

    void find_traces() {
        const Matrix identity = Matrix::Identity(x_.size(), x_.size());
        for (Pair& pair : pairs_) {
            const Matrix inverse = pair.factor.solve(identity);
            const auto trace_with = [&](const Matrix& c) { return c.cwiseProduct(inverse).sum(); };
            pair.trace_c = inverse.trace();
            pair.trace_b =
                c_.alpha_alpha_dot() * trace_with(base_->covariances()[pair.i]) +
                c_.beta() * c_.beta_dot() * trace_with(field_.target_.covariances()[pair.j]) +
                c_.gamma_gamma_dot * pair.trace_c;
        }
        traces_known_ = true;
    }

    const MixtureField& field_;
    FieldValues one_;  // of one column

    double time_ = std::numeric_limits<double>::quiet_NaN();  // what the next few belong to
    Coefficients c_;
    const GaussianMixture* base_ = nullptr;
    std::vector<Pair> pairs_;
    bool drift_finite_ = true, traces_known_ = false;

    Matrix covariance_, g_, by_base_, by_target_;
    Vector x_, y_, f_, m0_, u0_, logs_, weights_;
    Vector b_, v_, s_, x0_, x1_;
    double log_rho_ = 0, div_b_ = 0, div_s_ = 0;
};

MixtureField::MixtureField(Interpolant interpolant, GaussianMixture base, GaussianMixture target)
    : interpolant_(std::move(interpolant)),
      base_(std::move(base)),
      target_(std::move(target)),
      base_as_gaussian_(moment_matched(base_, is_centred(base_))),
      base_centred_(is_centred(base_)),
      one_sided_(base_.is_standard_normal() && !interpolant_.has_latent()),
      start_push_(interpolant_.at(0).gamma_gamma_dot) {
    require(base_.dim() == target_.dim(), Failure::data, "the base has dimension ", base_.dim(),
            ", the target ", target_.dim());
    require(!target_.is_point(), Failure::data, "a point can be the base, not the target");
    require(!interpolant_.mirror() || base_ == target_, Failure::data,
            "path mirror leads from the target to itself: the base must be the same density");
}

unsigned MixtureField::available() const {
    return kB | kV | kS | kEta | kX0 | kX1 | kDivB | kDivS | kLogRho | kU;
}

std::array<double, 2> MixtureField::span(unsigned want) const {
    constexpr double margin = 1e-3;
    const bool from_start = !base_.is_point() || (want == kU && start_push_ > 0);
    return {from_start ? 0 : margin, 1};
}

Vector MixtureField::start_of_u() const {
    const Coefficients c = interpolant_.at(0);
    return c.alpha_dot() * base_.mean() + c.beta_dot() * target_.mean();
}

std::unique_ptr<Evaluator> MixtureField::evaluator() const {
    return std::make_unique<MixtureEvaluator>(*this);
}

}  // namespace si
