#include "si/model/repath.hpp"

#include <cmath>

namespace si {
namespace {

/// Next to an end where a path turns infinitely fast (vp at t = 1), the other's time does too.
constexpr double kPathMargin = 1e-5;

/// alpha and beta as radius and angle, and their rates: theta' r^2 = alpha beta' - alpha' beta,
/// and r r' = alpha alpha' + beta beta'.
struct Polar {
    double angle, radius, angle_dot, log_radius_dot;
};

Polar polar(const Coefficients& c) {
    const double square = c.alpha() * c.alpha() + c.beta() * c.beta();
    return {std::atan2(c.beta(), c.alpha()), std::sqrt(square),
            (c.alpha() * c.beta_dot() - c.alpha_dot() * c.beta()) / square,
            (c.alpha_alpha_dot() + c.beta() * c.beta_dot()) / square};
}

double angle_at(const Interpolant& interpolant, double t) {
    const auto c = interpolant.at(t);
    return std::atan2(c.beta(), c.alpha());
}

/// The time at which an increasing angle has the given value, to the last bit or two: bisection
/// is slow but never wrong next to ends where derivatives are 0 or infinite.
double time_of(const Interpolant& interpolant, double angle) {
    double low = 0, high = 1;
    for (int step = 0; step < 60 && low < high; ++step) {
        const double middle = low + (high - low) / 2;
        if (middle == low || middle == high) break;
        (angle_at(interpolant, middle) < angle ? low : high) = middle;
    }
    return high;
}

void require_turning(const Interpolant& interpolant) {
    require(!interpolant.has_latent() && !interpolant.mirror(), Failure::usage,
            "another path is for one-sided models, without a latent");
    constexpr int kProbes = 64;
    for (int i = 0; i < kProbes; ++i) {
        const double t = static_cast<double>(i) / kProbes;
        require(angle_at(interpolant, t) < angle_at(interpolant, t + 1.0 / kProbes), Failure::usage,
                "path ", interpolant.spec().path.kind(),
                " does not turn from x0 to x1 at all times");
    }
}

}  // namespace

class RepathEvaluator final : public Evaluator {
  public:
    explicit RepathEvaluator(const RepathField& field)
        : field_(field), inner_(field.field_->evaluator()) {}

    void condition(ConstMatrix given) override { inner_->condition(given); }

    void operator()(const Times& t, ConstMatrix x, unsigned want, FieldValues& out) override {
        check_request(field_, t, x, want);
        make_room(out, want, x.rows(), x.cols());
        find_places(t, x);
        (*inner_)(times_, points_, want, values_);
        const auto dim = static_cast<double>(x.rows());
        for (Index j = 0; j < x.cols(); ++j) {
            const auto& at = places_[static_cast<std::size_t>(j)];
            for (const Answer& answer : answers()) {
                if ((want & answer.flag) != 0 && answer.field != nullptr) {
                    carry(answer, at, x.col(j), (values_.*answer.field).col(j),
                          (out.*answer.field).col(j));
                }
            }
            if ((want & kDivB) != 0)
                out.div_b[j] = dim * at.log_scale_dot + at.tau_dot * values_.div_b[j];
            if ((want & kDivS) != 0) out.div_s[j] = values_.div_s[j] / (at.scale * at.scale);
            if ((want & kLogRho) != 0)
                out.log_rho[j] = values_.log_rho[j] - dim * std::log(at.scale);
        }
    }

    void pull_back(const Times& t, ConstMatrix x, Want of, ConstMatrix r, FieldValues& out,
                   MatrixRef product) override {
        check_request(field_, t, x, of);
        make_room(out, of, x.rows(), x.cols());
        find_places(t, x);
        const Answer& answer = answer_of(of);
        inner_->pull_back(times_, points_, of, r, values_, product);
        for (Index j = 0; j < x.cols(); ++j) {
            const auto& at = places_[static_cast<std::size_t>(j)];
            carry(answer, at, x.col(j), (values_.*answer.field).col(j), (out.*answer.field).col(j));
            // d/dx of what carry() makes of f(x / c).
            if (answer.turns == Turns::as_velocity) {
                product.col(j) = at.log_scale_dot * r.col(j) + at.tau_dot * product.col(j);
            } else {
                const bool gradient = answer.turns == Turns::as_gradient;
                product.col(j) /= gradient ? at.scale * at.scale : at.scale;
            }
        }
    }

  private:
    void find_places(const Times& t, ConstMatrix x) {
        const Index n = x.cols();
        times_.resize(n);
        points_.resize(x.rows(), n);
        places_.resize(static_cast<std::size_t>(n));
        for (Index j = 0; j < n; ++j) {
            auto& place = places_[static_cast<std::size_t>(j)];
            place = j > 0 && t[j] == t[j - 1] ? places_[static_cast<std::size_t>(j) - 1]
                                              : field_.place(t[j]);
            times_[j] = place.tau;
            points_.col(j) = x.col(j) / place.scale;
        }
    }

    /// An answer at (t, x) from that of the other interpolant at (tau, x / c).
    static void carry(const Answer& answer, const RepathField::Place& at, ConstVector x,
                      ConstVector inner, VectorRef outer) {
        if (answer.turns == Turns::as_velocity) {
            outer = at.log_scale_dot * x + at.scale * at.tau_dot * inner;
        } else if (answer.turns == Turns::as_gradient) {
            outer = inner / at.scale;
        } else {
            outer = inner;
        }
    }

    const RepathField& field_;
    std::unique_ptr<Evaluator> inner_;
    Vector times_;
    Matrix points_;
    std::vector<RepathField::Place> places_;
    FieldValues values_;
};

RepathField::RepathField(std::shared_ptr<const Field> field, Interpolant from, Interpolant to)
    : field_(std::move(field)), from_(std::move(from)), to_(std::move(to)) {
    require_turning(from_);
    require_turning(to_);
}

RepathField::Place RepathField::place(double t) const {
    const Polar here = polar(to_.at(t));
    const double tau = t == 0 || t == 1 ? t : time_of(from_, here.angle);
    const Polar there = polar(from_.at(tau));
    const double tau_dot = here.angle_dot / there.angle_dot;
    const double drift = there.log_radius_dot == 0 ? 0 : tau_dot * there.log_radius_dot;
    return {tau, here.radius / there.radius, tau_dot, here.log_radius_dot - drift};
}

std::array<double, 2> RepathField::span(unsigned want) const {
    const auto inner = field_->span(want);
    const auto regular = [&](double t) {
        const Place at = place(t);
        return std::isfinite(at.tau_dot) && std::isfinite(at.log_scale_dot);
    };
    // Where the other field stops at tau, this one stops at the t of the same angle.
    const auto outward = [&](double tau) {
        return tau == 0 || tau == 1 ? tau : time_of(to_, angle_at(from_, tau));
    };
    double first = outward(inner[0]), last = outward(inner[1]);
    // A path that does not quite start at x0 has no field for those that do, until they are there.
    if (angle_at(from_, 0) > angle_at(to_, 0))
        first = std::max(first, time_of(to_, angle_at(from_, 0)));
    if (!regular(first)) first = std::max(first, kPathMargin);
    if (!regular(last)) last = std::min(last, 1 - kPathMargin);
    return {first, last};
}

std::unique_ptr<Evaluator> RepathField::evaluator() const {
    return std::make_unique<RepathEvaluator>(*this);
}

}  // namespace si
