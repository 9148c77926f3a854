#include "si/train/clock.hpp"

#include <algorithm>

#include "si/base/clock.hpp"
#include "si/base/ranks.hpp"

namespace si {

StepClock::StepClock(double limit, Index fixed, Index steps)
    : limit_(limit),
      start_(seconds_now()),
      from_(std::min<Index>(20, fixed / 2)),
      plan_at_(fixed),
      steps_(steps) {}

bool StepClock::over() const {
    return limit_ > 0 && ranks().agree(seconds_now() - start_ > limit_);
}

void StepClock::after(Index done) {
    if (limit_ <= 0) return;
    if (done == from_) paced_from_ = seconds_now();
    if (done != plan_at_ || done >= steps_) return;
    const double pace = (seconds_now() - paced_from_) / static_cast<double>(done - from_);
    const double spent = seconds_now() - start_;
    const double left = 0.95 * limit_ - spent;  // the rest covers what is uneven
    const auto more = static_cast<Index>(std::max(left, 0.0) / std::max(pace, 1e-9));
    steps_ = ranks().agree(std::min(steps_, std::max(done + more, done + 1)));
}

}  // namespace si
