#pragma once

#include <vector>

#include "si/solver/ode.hpp"

// Steps of equal length over an interval, and states on the way as by-products of them.

namespace si {

/// The setting of methods of equal steps, with the default of each.
template <Index Default>
struct EqualStepsSpec {
    Index steps = Default;  ///< over the whole way, at least 1

    static constexpr auto fields() {
        return std::tuple{
            field("steps", &EqualStepsSpec::steps, "Number of equal steps", kStepCount)};
    }
};

/// How many of `steps` equal steps an interval takes: its share of them, rounded up, one at least.
Index steps_over(const TimeInterval& interval, Index steps);

/// The k-th of `steps` + 1 times of an interval. They are formed from its ends, so that the last
/// one is interval.to itself.
double step_time(const TimeInterval& interval, Index steps, double k);

/// Whether two times differ by rounding alone.
bool same_time(double a, double b);

/// Takes `steps` equal steps of `x` over the interval: step(k, t, to, x) the k-th. Wherever a stop
/// lies inside a step, aside(k, t, stop, x) takes a copy of x there instead, which leads to nothing
/// else. The states at the stops, in their order, are returned.
template <class Step, class Aside>
std::vector<Matrix> walk(const TimeInterval& interval, Index steps, Matrix& x, const Step& step,
                         const Aside& aside) {
    std::vector<Matrix> states;
    auto stop = interval.stops.begin();
    const auto stand = [&](double t) {
        for (; stop != interval.stops.end() && same_time(*stop, t); ++stop) states.push_back(x);
    };
    const auto inside = [&](double to) {
        if (stop == interval.stops.end() || same_time(*stop, to)) return false;
        return interval.to > interval.from ? *stop < to : *stop > to;
    };
    double t = interval.from;
    stand(t);
    for (Index k = 0; k < steps; ++k) {
        const double to = step_time(interval, steps, static_cast<double>(k + 1));
        for (; inside(to); ++stop) {
            Matrix there = x;
            aside(k, t, *stop, there);
            states.push_back(std::move(there));
        }
        step(k, t, to, x);
        t = to;
        stand(t);
    }
    return states;
}

}  // namespace si
