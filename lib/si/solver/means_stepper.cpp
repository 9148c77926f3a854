#include "si/solver/means_stepper.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "si/solver/equal_steps.hpp"

namespace si {

unsigned means_of(const Setup& setup) {
    return kX0 | kX1 | (setup.interpolant.has_latent() ? kEta : 0U);
}

std::vector<double> equal_times(Index steps, Direction direction) {
    const auto [from, to] = in_order(direction, {0, 1});
    std::vector<double> times;
    for (Index k = 0; k <= steps; ++k) {
        times.push_back(step_time({from, to}, steps, static_cast<double>(k)));
    }
    return times;
}

MeansStepper::MeansStepper(std::vector<double> times, const Carried& carried)
    : carried_(carried), want_(means_of(carried.setup)), times_(std::move(times)) {
    span_ = in_order(carried.direction, carried.field.span(want_));
}

std::vector<Matrix> MeansStepper::advance(const TimeInterval& interval, Matrix& state) {
    count(state.cols(), 0);
    std::vector<Matrix> states;
    TimeInterval rest = interval;
    if (ahead(interval.from, span_[0])) states = open(rest, state);
    double now = rest.from;
    auto stop = rest.stops.begin();
    const auto pass_to = [&](double next) {
        look(now, state);
        begin(now, next, state);
        for (; stop != rest.stops.end() && !ahead(next, *stop) && !same_time(*stop, next); ++stop) {
            states.push_back(same_time(*stop, now) ? state : state_at(*stop));
        }
        state = state_at(next);
        require(state.allFinite(), Failure::check, "the state is not finite at t = ", next);
        now = next;
        for (; stop != rest.stops.end() && same_time(*stop, now); ++stop) states.push_back(state);
    };
    for (; stop != rest.stops.end() && same_time(*stop, now); ++stop) states.push_back(state);
    for (const double next : times_) {
        if (same_time(now, next) || same_time(next, rest.to)) continue;
        if (ahead(now, next) && ahead(next, rest.to)) pass_to(next);
    }
    if (ahead(now, rest.to)) pass_to(rest.to);
    return states;
}

void MeansStepper::begin(double, double, const Matrix&) {}

Matrix MeansStepper::state_at(double t) {
    const auto c = carried_.setup.interpolant.at(t);
    Matrix x = c.alpha() * values_.x0 + c.beta() * values_.x1;
    if ((want_ & kEta) != 0) x += c.gamma * values_.eta;
    return x;
}

TimeInterval MeansStepper::split_off(TimeInterval& rest, double to, bool forward) {
    TimeInterval leg{rest.from, to};
    const auto passed = [&](double t) { return forward ? t <= to : t >= to; };
    while (!rest.stops.empty() && passed(rest.stops.front())) {
        leg.stops.push_back(rest.stops.front());
        rest.stops.erase(rest.stops.begin());
    }
    rest.from = to;
    return leg;
}

/// One step of the flow.
std::vector<Matrix> MeansStepper::open(TimeInterval& rest, Matrix& state) {
    const double to = ahead(rest.to, span_[0]) ? rest.to : span_[0];
    const TimeInterval leg = split_off(rest, to, carried_.direction == Direction::forward);
    auto result = rk4_steps(1)(velocity(carried_.evaluate, carried_.field.dim(), values_), leg,
                               std::move(state));
    count(result);
    state = std::move(result.x);
    return std::move(result.at_stops);
}

void MeansStepper::look(double t, const Matrix& state) {
    carried_.evaluate(Vector::Constant(state.cols(), t), state, want_, values_);
    count(state.cols(), 1);
}

MultistepClock::MultistepClock(const Interpolant& interpolant, const MultistepSpec& spec)
    : steps_(spec.steps) {
    // Knots that are as close together next to the ends as the logarithm asks for.
    constexpr int kDecades = 14, kPerDecade = 40;
    for (int k = -kDecades * kPerDecade; k <= 0; ++k) {
        t_.push_back(std::pow(10.0, static_cast<double>(k) / kPerDecade) / 2);
    }
    for (auto k = std::ssize(t_) - 2; k >= 0; --k) {
        t_.push_back(1 - t_[static_cast<std::size_t>(k)]);
    }
    t_.insert(t_.begin(), 0);
    t_.push_back(1);
    const double d2 = spec.narrowest * spec.narrowest;
    double last = 0;
    for (const double t : t_) {
        const auto c = interpolant.at(t);
        const double latent = std::sqrt(c.gamma * c.gamma + d2);
        const double position =
            2 * (std::asinh(c.beta() / latent) - std::asinh(c.alpha() / latent));
        u_.push_back(u_.empty() ? 0 : u_.back() + std::abs(position - last));
        last = position;
    }
}

double MultistepClock::at(double t) const {
    const auto after = std::upper_bound(t_.begin() + 1, t_.end() - 1, t);
    const auto k = static_cast<std::size_t>(after - t_.begin());
    return u_[k - 1] + (u_[k] - u_[k - 1]) * (t - t_[k - 1]) / (t_[k] - t_[k - 1]);
}

std::vector<double> MultistepClock::times() const {
    if (u_.back() == 0) return equal_times(steps_, Direction::forward);
    std::vector<double> times{0};
    for (Index k = 1; k < steps_; ++k) {
        const double u = u_.back() * static_cast<double>(k) / static_cast<double>(steps_);
        const auto after = std::upper_bound(u_.begin() + 1, u_.end() - 1, u);
        const auto j = static_cast<std::size_t>(after - u_.begin());
        times.push_back(t_[j - 1] + (t_[j] - t_[j - 1]) * (u - u_[j - 1]) / (u_[j] - u_[j - 1]));
    }
    times.push_back(1);
    return times;
}

namespace {

/// Times in the order of travel, without those beyond the last one at which there are means.
std::vector<double> reached(std::vector<double> times, const Carried& carried) {
    const auto span = carried.field.span(means_of(carried.setup));
    const bool forward = carried.direction == Direction::forward;
    if (!forward) std::reverse(times.begin(), times.end());
    const double goal = times.back();
    times.pop_back();
    std::erase_if(times, [&](double t) { return forward ? t > span[1] : t < span[0]; });
    times.push_back(goal);
    return times;
}

}  // namespace

MultistepStepper::MultistepStepper(const MultistepSpec& spec, Epsilon epsilon,
                                   std::shared_ptr<const MultistepClock> clock,
                                   const Carried& carried)
    : MeansStepper(reached(clock->times(), carried), carried),
      spec_(spec),
      epsilon_(std::move(epsilon)),
      clock_(std::move(clock)) {}

/// As the flow goes; where it has no velocity, as from a point or an end that is made of points,
/// one step of the drift of the bridge's own noise, which is regular there.
std::vector<Matrix> MultistepStepper::open(TimeInterval& rest, Matrix& state) {
    const Setup& setup = carried_.setup;
    const bool forward = carried_.direction == Direction::forward;
    const double first = in_order(carried_.direction, carried_.field.span(kB))[0];
    if (first == rest.from && !(setup.fixed_start() && forward)) {
        return MeansStepper::open(rest, state);
    }
    const Want own = forward ? kU : kW;
    const double e = forward ? setup.noise_at_start() : -setup.interpolant.at(1).gamma_gamma_dot;
    require(e > 0 && (carried_.field.available() & own) != 0, Failure::usage,
            "from a point, gamma must start like a square root (--gamma brownian)");
    const double to = ahead(rest.to, span_[0]) ? rest.to : span_[0];
    const TimeInterval leg = split_off(rest, to, forward);
    carried_.evaluate(Vector::Constant(state.cols(), leg.from), state, own, values_);
    const Matrix& drift = forward ? values_.u : values_.w;
    count(state.cols(), 1);
    StepNoise drawn{carried_.noise, 1, {}, {}};
    const Index d = state.rows(), n = state.cols(), step = step_++;
    const double all = 2 * e * std::abs(to - leg.from);
    std::vector<Matrix> states;
    const auto moved = [&](double t) {
        drawn.fill_part(step, all, 2 * e * std::abs(t - leg.from), d, n);
        return Matrix(state + (t - leg.from) * drift + drawn.normals);
    };
    for (const double stop : leg.stops) states.push_back(moved(stop));
    drawn.fill(step, all, d, n);
    state += (to - leg.from) * drift + drawn.normals;
    return states;
}

void MultistepStepper::begin(double now, double to, const Matrix& state) {
    const Setup& setup = carried_.setup;
    const auto c = setup.interpolant.at(now);
    x0_ = values_.x0;
    x1_ = values_.x1;
    latent_ = setup.one_sided() ? values_.x0 : values_.eta;
    // The last step ends in the means themselves.
    const double amplitude = setup.one_sided() ? c.alpha() : c.gamma;
    const double before = clock_->at(now) - clock_->at(last_);
    if (last_x0_.cols() == state.cols() && before != 0 && amplitude > 0 && to != ends()[1]) {
        const double r = (clock_->at(to) - clock_->at(now)) / (2 * before);
        x1_ += r * (values_.x1 - last_x1_);
        if (setup.one_sided()) {
            x0_ = latent_ = (state - c.beta() * x1_) / amplitude;
        } else {
            x0_ += r * (values_.x0 - last_x0_);
            latent_ = (state - c.alpha() * x0_ - c.beta() * x1_) / amplitude;
        }
    }
    last_x0_ = values_.x0;
    last_x1_ = values_.x1;
    last_ = now_ = now;
    to_ = to;
    StepNoise drawn{carried_.noise, 1, {}, {}};
    drawn.fill(step_++, std::expm1(2 * relaxation(to)), state.rows(), state.cols());
    noise_ = std::move(drawn.normals);
}

double MultistepStepper::relaxation(double to) const {
    const Setup& setup = carried_.setup;
    const double middle = (now_ + to) / 2;
    const auto c = setup.interpolant.at(middle);
    const double amplitude = setup.one_sided() ? c.alpha() : c.gamma;
    const double e = epsilon_(middle);
    return e == 0 ? 0 : std::min(spec_.relax, std::abs(to - now_) * e / (amplitude * amplitude));
}

Matrix MultistepStepper::state_at(double t) {
    const Setup& setup = carried_.setup;
    const auto c = setup.interpolant.at(t);
    // The noise is e^-a times Brownian motion at the time e^2a - 1.
    const double all = std::expm1(2 * relaxation(to_));
    double a = relaxation(to_);
    Matrix noise = noise_;
    if (t != to_ && all > 0) {
        const double part = (t - now_) / (to_ - now_);
        a *= part;
        StepNoise drawn{carried_.noise, 1, {}, {}};
        noise = drawn.halved((step_ - 1) << kHalvings, std::expm1(2 * a) / all, all, noise_);
    }
    const Matrix latent = std::exp(-a) * (latent_ + noise);
    if (setup.one_sided()) return c.beta() * x1_ + c.alpha() * latent;
    return c.alpha() * x0_ + c.beta() * x1_ + c.gamma * latent;
}

}  // namespace si
