#pragma once

#include <vector>

#include "si/solver/sampler.hpp"

// The sampler of bridges whose plan is known in closed form: no steps, and no error of steps.

namespace si {

class BridgeField;

/// Draws the other end of a path from the plan, and the states on the way from the Brownian bridge
/// between the two ends. Times that are asked for do not change the end. Increment 0 chooses the
/// component, increment 1 is the end's, and those that follow belong to the times in their order.
class PlanStepper : public Stepper {
  public:
    /// `plan` must outlive this.
    PlanStepper(const BridgeField& plan, const Carried& carried);

    std::array<double, 2> ends() const override { return in_order(carried_.direction, {0, 1}); }
    std::vector<Matrix> advance(const TimeInterval& interval, Matrix& state) override;

  private:
    void draw_end(const Matrix& state);
    /// The state at a later share of the way, from 0 to 1.
    void move_to(double share, Matrix& state);

    const BridgeField& plan_;
    Carried carried_;
    Matrix end_, normal_;
    double done_ = 0;  ///< share of the way that is behind
    Index drawn_ = 0;  ///< increments so far
};

}  // namespace si
