#pragma once

#include "si/solver/sampler.hpp"

// The sampler along the SDE of a model.

namespace si {

/// Along dx = (b +- epsilon s) dt + sqrt(2 epsilon) dW (arXiv:2303.08797 (2.34), (2.35)).
/// The SDE runs where the score is to be had; one Runge-Kutta step of the ODE carries over what is
/// left at the start, and `last` over what is left at the end.
class SdeStepper : public Stepper {
  public:
    /// Throws Failure::usage when a path from a point starts with another noise than
    /// (gamma gamma')(0).
    SdeStepper(SdeSolve solve, Epsilon epsilon, Final last, const Carried& carried);

    std::array<double, 2> ends() const override;
    std::vector<Matrix> advance(const TimeInterval& interval, Matrix& state) override;

  private:
    /// b + epsilon s as the SDE takes it, and where the field can answer it: from a point b and s
    /// are singular, and the drift is u + (epsilon - e) s with e = (gamma gamma')(0).
    void choose_drift();
    void drift_from_point();
    bool stays_at(double e) const;

    std::array<double, 2> in_order(std::array<double, 2> span) const;
    bool ahead(double a, double b) const;  ///< b comes after a
    /// The part of an interval between two times, with the stops in it.
    static TimeInterval part(const TimeInterval& interval, double from, double to, bool first,
                             double sign);

    std::vector<Matrix> along_flow(const OdeSolve& method, const TimeInterval& leg, Matrix& state);
    std::vector<Matrix> along_sde(TimeInterval leg, Matrix& state);
    std::vector<Matrix> to_the_end(const TimeInterval& leg, Matrix& state);

    SdeSolve solve_;
    Epsilon epsilon_;
    Final last_;
    Carried carried_;
    double sign_;  ///< 1 forward, -1 backward
    FieldValues values_;
    Drift drift_;
    double first_, from_, to_, goal_;  ///< the flow begins, the SDE begins and ends, the way ends
    double at_;                        ///< the time of the state in the last part of the way
    Index increments_ = 0;             ///< drawn so far
};

}  // namespace si
