#pragma once

#include <memory>
#include <vector>

#include "si/solver/sampler.hpp"
#include "si/solver/step_noise.hpp"

// Samplers that use the means E[x0|x_t], E[x1|x_t] and E[z|x_t], and no velocity.

namespace si {

/// What a stepper by means asks of a field.
unsigned means_of(const Setup& setup);

/// The times of equal steps over the whole way, in the order of travel.
std::vector<double> equal_times(Index steps, Direction direction);

/// x_s = alpha(s) E[x0|x_t] + beta(s) E[x1|x_t] + gamma(s) E[z|x_t], which is E[x_s|x_t] where x_t
/// is given (arXiv:2303.08797 (5.14)). First order, and regular wherever those means are; from
/// t = 0 the first step is (5.14)'s start corrected by the mean of x1.
class MeansStepper : public Stepper {
  public:
    /// `times` are those of the steps, in the order of travel, from one end to the other.
    MeansStepper(std::vector<double> times, const Carried& carried);

    std::array<double, 2> ends() const override { return in_order(carried_.direction, {0, 1}); }
    std::vector<Matrix> advance(const TimeInterval& interval, Matrix& state) override;

  protected:
    /// Called with the means at `now` in values_, before the states of a step that ends at `to`.
    virtual void begin(double now, double to, const Matrix& state);
    /// The state at a time inside or at the end of the step that has begun.
    virtual Matrix state_at(double t);
    /// Goes from where the way begins to where the means are to be had; shortens `rest` by it.
    virtual std::vector<Matrix> open(TimeInterval& rest, Matrix& state);

    /// Whether `b` comes after `a` on the way.
    bool ahead(double a, double b) const {
        return carried_.direction == Direction::forward ? b > a : b < a;
    }
    /// The part of an interval up to `to`, with its stops, which is taken from it.
    static TimeInterval split_off(TimeInterval& rest, double to, bool forward);

    Carried carried_;
    FieldValues values_;
    unsigned want_;
    std::array<double, 2> span_;  ///< where the means are to be had, in the order of travel

  private:
    void look(double t, const Matrix& state);

    std::vector<double> times_;  ///< in the order of travel
};

struct MultistepSpec {
    Index steps = 200;
    double relax = 1;
    double narrowest = 1e-4;

    static constexpr auto fields() {
        return std::tuple{
            field("steps", &MultistepSpec::steps, "Number of steps, close together at both ends",
                  kStepCount),
            field(
                "relax", &MultistepSpec::relax,
                "Longest time, in its own relaxation time, that a step lets the latent relax: less "
                "noise keeps densities better with few steps, and changes which ends meet",
                kPositive),
            field("narrowest", &MultistepSpec::narrowest,
                  "Width of the narrowest detail that is resolved, relative to the scale of the "
                  "model",
                  Rule{[](double v) { return v >= 1e-6 && v <= 0.1; }, "from 1e-6 to 0.1"})};
    }
};

/// The time in which the steps of multistep are equal: the arc length u(t) of
///
///     2 asinh(beta / g) - 2 asinh(alpha / g),      g^2 = gamma^2 + d^2,      d = narrowest,
///
/// which is 2 log(beta / alpha) of a model of one side, cut where x_t is one of the ends to d, and
/// goes like beta / gamma where an end begins to appear in the latent [X].
class MultistepClock {
  public:
    MultistepClock(const Interpolant& interpolant, const MultistepSpec& spec);
    double at(double t) const;          ///< u(t)
    std::vector<double> times() const;  ///< of the steps, from 0 to 1
    bool moves() const { return u_.back() > 0; }

  private:
    Index steps_;
    std::vector<double> t_, u_;
};

/// The SDE by its means, of second order in the steps of a MultistepClock. Over a step from t to s
/// the means are frozen and the latent relaxes exactly,
///
///     x_s = alpha(s) x0^ + beta(s) x1^ + gamma(s) (e^-a z^ + sqrt(1 - e^-2a) xi)
///     a = min(relax, integral of epsilon / gamma^2 over the step)
///
/// (one-sided, alpha is in the place of gamma and x0 in that of z), which is bounded for any step.
/// x0^ and x1^ are E[x0|x_t] and E[x1|x_t], extrapolated to the middle of the step in u from the
/// step before, and z^ is what they leave of x_t (4.5): so they keep their tie. All epsilons have
/// the same marginals, so that noise which a step cannot resolve may be left out; but it decides
/// which x1 an x0 leads to, so that a bridge is not to be cut much. [X]: the form of
/// SDE-DPM-Solver++(2M) (Lu et al., arXiv:2211.01095) for interpolants.
class MultistepStepper : public MeansStepper {
  public:
    MultistepStepper(const MultistepSpec& spec, Epsilon epsilon,
                     std::shared_ptr<const MultistepClock> clock, const Carried& carried);

  protected:
    void begin(double now, double to, const Matrix& state) override;
    Matrix state_at(double t) override;
    std::vector<Matrix> open(TimeInterval& rest, Matrix& state) override;

  private:
    double relaxation(double to) const;  ///< a of the step until `to`

    MultistepSpec spec_;
    Epsilon epsilon_;
    std::shared_ptr<const MultistepClock> clock_;
    Matrix x0_, x1_, latent_;             ///< x0^, x1^, z^ of the step
    Matrix last_x0_, last_x1_;            ///< means of the step before; empty at first
    double now_ = 0, to_ = 0, last_ = 0;  ///< times of the step, and where the one before began
    Index step_ = 0;                      ///< steps begun
    Matrix noise_;  ///< e^a sqrt(1 - e^-2a) xi: where its Brownian motion ends
};

}  // namespace si
