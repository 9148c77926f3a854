#include "si/solver/plan_stepper.hpp"

#include <cmath>
#include <numbers>

#include "si/interpolant/bridge_field.hpp"

namespace si {

PlanStepper::PlanStepper(const BridgeField& plan, const Carried& carried)
    : plan_(plan), carried_(carried) {}

void PlanStepper::draw_end(const Matrix& state) {
    const bool forward = carried_.direction == Direction::forward;
    const Potential& potential = forward ? plan_.forward() : plan_.backward();
    const Index d = state.rows(), n = state.cols();
    Matrix chooses(1, n);
    normal_.resize(d, n);
    end_.resize(d, n);
    carried_.noise.increments(drawn_++, chooses);
    carried_.noise.increments(drawn_++, normal_);
    for (Index j = 0; j < n; ++j) {
        const double uniform = std::erfc(-chooses(0, j) / std::numbers::sqrt2) / 2;
        end_.col(j) = potential.draw(state.col(j), uniform, normal_.col(j));
    }
    count(n, 1);
}

void PlanStepper::move_to(double share, Matrix& state) {
    if (share <= done_) return;
    if (share == 1) {
        state = end_;
    } else {
        const double part = (share - done_) / (1 - done_);
        carried_.noise.increments(drawn_++, normal_);
        state += part * (end_ - state) +
                 std::sqrt(plan_.forward().epsilon() * part * (1 - share)) * normal_;
    }
    done_ = share;
}

std::vector<Matrix> PlanStepper::advance(const TimeInterval& interval, Matrix& state) {
    if (end_.size() == 0) draw_end(state);
    const bool forward = carried_.direction == Direction::forward;
    const auto share = [forward](double t) { return forward ? t : 1 - t; };
    std::vector<Matrix> states;
    for (const double stop : interval.stops) {
        move_to(share(stop), state);
        states.push_back(state);
    }
    move_to(share(interval.to), state);
    return states;
}

}  // namespace si
