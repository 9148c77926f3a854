#pragma once

#include "si/base/types.hpp"

// The clock of a training run: how many steps fit into a time limit.

namespace si {

/// Decides how many steps a run takes from the pace of its first ones, so that they fill a time
/// limit. It does so once, and agrees on the number with the other ranks.
class StepClock {
  public:
    /// `limit` in seconds, 0 for none; `fixed` first steps do not depend on their total number, and
    /// are what the pace is taken from; `steps` is the most that there are. The time begins now.
    StepClock(double limit, Index fixed, Index steps);

    /// The number of steps as it is planned at present.
    Index steps() const { return steps_; }

    /// Whether the time is up. All ranks.
    bool over() const;

    /// To be called after each step, with how many are done. All ranks.
    void after(Index done);

  private:
    double limit_, start_, paced_from_ = 0;
    Index from_, plan_at_, steps_;  // steps between which the pace is taken, and the plan
};

}  // namespace si
