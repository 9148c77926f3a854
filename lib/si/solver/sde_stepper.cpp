#include "si/solver/sde_stepper.hpp"

#include <cmath>
#include <utility>

#include "si/solver/equal_steps.hpp"
#include "si/solver/step_noise.hpp"

namespace si {
namespace {

/// What the path of a bridge ends with, which is where a backward one begins.
double noise_at_end(const Setup& setup) { return -setup.interpolant.at(1).gamma_gamma_dot; }

bool same(double a, double b) { return std::abs(a - b) <= 1e-12 * std::max(1.0, std::abs(b)); }

void append(std::vector<Matrix> some, std::vector<Matrix>& all) {
    for (Matrix& state : some) all.push_back(std::move(state));
}

}  // namespace

SdeStepper::SdeStepper(SdeSolve solve, Epsilon epsilon, Final last, const Carried& carried)
    : solve_(std::move(solve)),
      epsilon_(std::move(epsilon)),
      last_(last),
      carried_(carried),
      sign_(carried.direction == Direction::forward ? 1 : -1) {
    const Field& field = carried_.field;
    goal_ = in_order({0, 1})[1];
    first_ = in_order(field.span(kB))[0];
    choose_drift();
    if (!ahead(first_, from_)) first_ = from_;  // else the flow can start sooner than the SDE
    if (std::abs(goal_ - to_) < last_.length) to_ = goal_ - sign_ * last_.length;
    require(ahead(from_, to_), Failure::usage, "--final length=", last_.length,
            ": leaves no time for the SDE, which begins at t = ", from_);
    at_ = to_;
}

void SdeStepper::choose_drift() {
    const Setup& setup = carried_.setup;
    if (setup.fixed_start() && sign_ > 0) return drift_from_point();
    Evaluator& evaluate = carried_.evaluate;
    const auto runs_on = [&](unsigned want) {
        const auto span = in_order(carried_.field.span(want));
        from_ = span[0], to_ = span[1];
    };
    // At the noise of a bridge the drift there is regular where it starts, and b and s may not be.
    const double own = sign_ > 0 ? setup.noise_at_start() : noise_at_end(setup);
    if ((carried_.field.available() & kW) != 0 && own > 0 && stays_at(own)) {
        const Want flag = sign_ > 0 ? kU : kW;
        runs_on(flag);
        drift_ = [&evaluate, this, flag](ConstVector t, ConstMatrix x, MatrixRef dx) {
            evaluate(t, x, flag, values_);
            dx = flag == kU ? values_.u : values_.w;
        };
        return;
    }
    runs_on(vanishes(epsilon_) ? kB : kB | kS);
    drift_ = [&evaluate, this](ConstVector t, ConstMatrix x, MatrixRef dx) {
        const double e = t.size() > 0 ? epsilon_(t[0]) : 0;
        if (e == 0) {
            evaluate(t, x, kB, values_);
            dx = values_.b;
        } else {
            evaluate(t, x, kB | kS, values_);
            dx = values_.b + (sign_ * e) * values_.s;
        }
    };
}

void SdeStepper::drift_from_point() {
    const double e = carried_.setup.noise_at_start();
    require(e > 0 && same(epsilon_(0), e), Failure::usage,
            e > 0 ? text("from a point, epsilon must start at (gamma gamma')(0) = ", e, ", not at ",
                         epsilon_(0))
                  : "from a point, gamma must start like a square root (--gamma brownian)");
    from_ = carried_.field.span(kU)[0];
    to_ = carried_.field.span(stays_at(e) ? kU : kU | kS)[1];
    Evaluator& evaluate = carried_.evaluate;
    drift_ = [&evaluate, this, e](ConstVector t, ConstMatrix x, MatrixRef dx) {
        const double more = t.size() > 0 ? epsilon_(t[0]) - e : 0;
        if (same(more, 0)) {
            evaluate(t, x, kU, values_);
            dx = values_.u;
        } else {
            evaluate(t, x, kU | kS, values_);
            dx = values_.u + more * values_.s;
        }
    };
}

bool SdeStepper::stays_at(double e) const {
    bool constant = true;
    for (int i = 0; i <= 64; ++i) constant = constant && same(epsilon_(i / 64.0), e);
    return constant;
}

std::array<double, 2> SdeStepper::in_order(std::array<double, 2> span) const {
    return sign_ > 0 ? span : std::array{span[1], span[0]};
}

bool SdeStepper::ahead(double a, double b) const { return sign_ * (b - a) > 0; }

std::array<double, 2> SdeStepper::ends() const { return {first_, goal_}; }

TimeInterval SdeStepper::part(const TimeInterval& interval, double from, double to, bool first,
                              double sign) {
    TimeInterval leg{from, to};
    for (const double stop : interval.stops) {
        const bool after = first ? sign * (stop - from) >= 0 : sign * (stop - from) > 0;
        if (after && sign * (to - stop) >= 0) leg.stops.push_back(stop);
    }
    return leg;
}

std::vector<Matrix> SdeStepper::advance(const TimeInterval& interval, Matrix& state) {
    count(state.cols(), 0);
    std::vector<Matrix> states;
    double now = interval.from;
    const auto leg_to = [&](double end) {
        const double to = ahead(end, interval.to) ? end : interval.to;
        const auto leg = part(interval, now, to, now == interval.from, sign_);
        now = to;
        return leg;
    };
    if (ahead(now, from_)) append(along_flow(rk4_steps(1), leg_to(from_), state), states);
    if (ahead(now, to_) && ahead(now, interval.to)) {
        append(along_sde(leg_to(to_), state), states);
    }
    if (ahead(now, interval.to)) append(to_the_end(leg_to(interval.to), state), states);
    // What is not reached has the state where the way stopped.
    while (states.size() < interval.stops.size()) states.push_back(state);
    return states;
}

std::vector<Matrix> SdeStepper::along_flow(const OdeSolve& method, const TimeInterval& leg,
                                           Matrix& state) {
    auto result =
        method(velocity(carried_.evaluate, carried_.field.dim(), values_), leg, std::move(state));
    count(result);
    state = std::move(result.x);
    return std::move(result.at_stops);
}

std::vector<Matrix> SdeStepper::along_sde(TimeInterval leg, Matrix& state) {
    leg.whole = std::abs(to_ - from_);
    const Noise& noise = carried_.noise;
    // Numbers inside of a step have the number of its increment in front.
    const auto from_here = [](const Increments& increments, Index passed) -> Increments {
        return
            [&increments, passed](Index index, MatrixRef out) { increments(passed + index, out); };
    };
    auto result = solve_(drift_, epsilon_,
                         {from_here(noise.increments, increments_),
                          from_here(noise.inside, increments_ << kHalvings)},
                         leg, std::move(state));
    increments_ += result.increments;
    // Backward to a point the end is that point, whatever came before.
    if (!carried_.setup.fixed_start() || sign_ > 0) require_resolved(result.unresolved);
    state = std::move(result.x);
    count(state.cols(), result.evaluations);
    return std::move(result.at_stops);
}

std::vector<Matrix> SdeStepper::to_the_end(const TimeInterval& leg, Matrix& state) {
    const double end = in_order(carried_.field.span(kB))[1];
    // Backward to a point there is no velocity, but one answer.
    const bool to_point = carried_.setup.fixed_start() && sign_ < 0;
    if (last_.step == FinalStep::none) return {};
    if (last_.step == FinalStep::denoise || to_point) {
        if (ahead(leg.to, goal_)) return {};  // one answer, at the end of the way
        carried_.evaluate(Vector::Constant(state.cols(), at_), state, sign_ > 0 ? kX1 : kX0,
                          values_);
        state = sign_ > 0 ? values_.x1 : values_.x0;
        count(state.cols(), 1);
        return {};
    }
    const double to = ahead(leg.to, end) ? leg.to : end;
    if (!ahead(at_, to)) return {};  // there is no velocity either
    const double from = std::exchange(at_, to);
    if (last_.step == FinalStep::mean) {
        Matrix slope(state.rows(), state.cols());
        drift_(Vector::Constant(state.cols(), from), state, slope);
        state += (to - from) * slope;
        count(state.cols(), 1);
        return {};
    }
    const auto method = last_.step == FinalStep::euler ? euler_steps(1) : rk4_steps(1);
    return along_flow(method, part(leg, from, to, false, sign_), state);
}

}  // namespace si
