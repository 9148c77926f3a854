#include "si/flow/chunk_transport.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace si {
namespace {

struct FinalSpec {
    double length = 0;
    static constexpr auto fields() {
        return std::tuple{field("length", &FinalSpec::length,
                                "Where it begins, before the end; at least where the score ends",
                                kBelowOne)};
    }
};

template <FinalStep Step>
Final final_step(const FinalSpec& spec) {
    return {Step, spec.length};
}

constexpr auto kFinals = std::to_array<FinalRow>({
    {"ode", "a Runge-Kutta step of the ODE", "", spec_of<FinalSpec>,
     from_json<final_step<FinalStep::ode>>},
    {"euler", "an Euler step of the ODE", "", spec_of<FinalSpec>,
     from_json<final_step<FinalStep::euler>>},
    {"mean", "an Euler step of the SDE, without its noise", "", spec_of<FinalSpec>,
     from_json<final_step<FinalStep::mean>>},
    {"denoise", "E[x1|x_t], or going backward E[x0|x_t]: Tweedie's formula", "tweedie",
     spec_of<FinalSpec>, from_json<final_step<FinalStep::denoise>>},
    {"none", "stop there", "", spec_of<FinalSpec>, from_json<final_step<FinalStep::none>>},
});

/// What the path of a bridge ends with, which is where a backward one begins.
double noise_at_end(const Setup& setup) { return -setup.interpolant.at(1).gamma_gamma_dot; }

bool same(double a, double b) { return std::abs(a - b) <= 1e-12 * std::max(1.0, std::abs(b)); }

bool stays_at(const Epsilon& epsilon, double e) {
    bool constant = true;
    for (int i = 0; i <= 64; ++i) constant = constant && same(epsilon(i / 64.0), e);
    return constant;
}

NoisyDrift drift_from_point(const Setup& setup, const Field& field, const Epsilon& epsilon,
                            Evaluator& evaluate, FieldValues& values) {
    const double e = setup.noise_at_start();
    require(e > 0 && same(epsilon(0), e), Failure::usage,
            e > 0 ? text("from a point, epsilon must start at (gamma gamma')(0) = ", e, ", not at ",
                         epsilon(0))
                  : "from a point, gamma must start like a square root (--gamma brownian)");
    const double end = field.span(stays_at(epsilon, e) ? kU : kU | kS)[1];
    return {{field.span(kU)[0], end},
            [&epsilon, &evaluate, &values, e](ConstVector t, ConstMatrix x, MatrixRef dx) {
                const double more = t.size() > 0 ? epsilon(t[0]) - e : 0;
                if (same(more, 0)) {
                    evaluate(t, x, kU, values);
                    dx = values.u;
                } else {
                    evaluate(t, x, kU | kS, values);
                    dx = values.u + more * values.s;
                }
            }};
}

}  // namespace

Catalogue<FinalRow> finals() { return {"final step", kFinals}; }

Drift velocity(Evaluator& evaluate, Index dim, FieldValues& values) {
    return [&evaluate, dim, &values](ConstVector t, ConstMatrix x, MatrixRef dx) {
        const bool divergence = x.rows() > dim;
        evaluate(t, x.topRows(dim), divergence ? kB | kDivB : kB, values);
        dx.topRows(dim) = values.b;
        if (divergence) dx.row(dim) = values.div_b.transpose();
    };
}

NoisyDrift noisy_drift(const Setup& setup, const Field& field, const Epsilon& epsilon, double sign,
                       Evaluator& evaluate, FieldValues& values) {
    if (setup.fixed_start && sign > 0) {
        return drift_from_point(setup, field, epsilon, evaluate, values);
    }
    // At the noise of a bridge the drift there is regular where it starts, and b and s may not be.
    const double own = sign > 0 ? setup.noise_at_start() : noise_at_end(setup);
    if ((field.available() & kW) != 0 && own > 0 && stays_at(epsilon, own)) {
        const Want flag = sign > 0 ? kU : kW;
        return {field.span(flag),
                [&evaluate, &values, flag](ConstVector t, ConstMatrix x, MatrixRef dx) {
                    evaluate(t, x, flag, values);
                    dx = flag == kU ? values.u : values.w;
                }};
    }
    const unsigned want = vanishes(epsilon) ? kB : kB | kS;
    return {field.span(want),
            [&epsilon, &evaluate, sign, &values](ConstVector t, ConstMatrix x, MatrixRef dx) {
                const double e = t.size() > 0 ? epsilon(t[0]) : 0;
                if (e == 0) {
                    evaluate(t, x, kB, values);
                    dx = values.b;
                } else {
                    evaluate(t, x, kB | kS, values);
                    dx = values.b + (sign * e) * values.s;
                }
            }};
}

Stops::Stops(const std::vector<double>& asked, Direction direction) : places(asked.size()) {
    std::iota(places.begin(), places.end(), 0);
    const auto sooner = [&](std::size_t a, std::size_t b) {
        return direction == Direction::forward ? asked[a] < asked[b] : asked[a] > asked[b];
    };
    std::stable_sort(places.begin(), places.end(), sooner);
    for (const std::size_t place : places) times.push_back(asked[place]);
}

TimeInterval Stops::leg(double from, double to, bool first) const {
    TimeInterval interval{from, to, {}};
    for (const double time : times) {
        const bool after = first ? true : (to > from ? time > from : time < from);
        const bool before = to > from ? time <= to : time >= to;
        const bool behind = to > from ? time < from : time > from;
        if (after && before && !behind) interval.stops.push_back(time);
    }
    return interval;
}

ChunkTransport::ChunkTransport(const Setup& setup, const Field& field,
                               const std::vector<double>& wanted, Direction direction,
                               Evaluator& evaluator, const Given& given)
    : setup_(setup),
      field_(field),
      direction_(direction),
      evaluator_(evaluator),
      given_(given),
      stops_(wanted, direction) {}

void ChunkTransport::by_ode(const OdeSolve& solve, Matrix state) {
    const Index d = field_.dim();
    const auto [from, to] = ends(field_.span(state.rows() > d ? kB | kDivB : kB));
    TimeInterval way = stops_.leg(from, to, true);
    way.on_compaction = given_.some();
    auto result = solve(velocity(evaluator_, d, values_), way, std::move(state));
    given_.all();
    keep(std::move(result.at_stops));
    finish(std::move(result.x), 0);
    evaluations = std::move(result.evaluations);
    rejected = std::move(result.rejected);
}

void ChunkTransport::by_sde(const SdeSolve& solve, const Epsilon& epsilon,
                            const Increments& increments, Final last, Matrix state) {
    const double sign = direction_ == Direction::forward ? 1 : -1;
    const auto noisy = noisy_drift(setup_, field_, epsilon, sign, evaluator_, values_);
    const auto goal = ends({0, 1})[1];
    auto [from, to] = ends(noisy.span);
    if (std::abs(goal - to) < last.length) to = goal - sign * last.length;
    Index count = 0;
    const double first = ends(field_.span(kB))[0];
    const bool late = sign * (from - first) > 0;  // the ODE can start sooner than the SDE
    if (late) bridge("rk4,steps=1", first, from, true, state, count);
    auto middle =
        solve(noisy.drift, epsilon, increments, stops_.leg(from, to, !late), std::move(state));
    keep(std::move(middle.at_stops));
    state = std::move(middle.x);
    count += middle.evaluations;
    if (to != goal) last_step(last, noisy.drift, to, state, count);
    finish(std::move(state), count);
}

void ChunkTransport::last_step(Final last, const Drift& noisy, double at, Matrix& state,
                               Index& count) {
    const double end = ends(field_.span(kB))[1];
    const Vector now = Vector::Constant(state.cols(), at);
    // Backward to a point there is no velocity, but one answer.
    const bool to_point = setup_.fixed_start && direction_ == Direction::backward;
    if (last.step == FinalStep::denoise || (to_point && last.step != FinalStep::none)) {
        const bool forward = direction_ == Direction::forward;
        evaluator_(now, state, forward ? kX1 : kX0, values_);
        state = forward ? values_.x1 : values_.x0;
        ++count;
    } else if (end == at) {  // there is no velocity either
        return;
    } else if (last.step == FinalStep::mean) {
        Matrix slope(state.rows(), state.cols());
        noisy(now, state, slope);
        state += (end - at) * slope;
        ++count;
    } else if (last.step != FinalStep::none) {
        const bool euler = last.step == FinalStep::euler;
        bridge(euler ? "euler,steps=1" : "rk4,steps=1", at, end, false, state, count);
    }
}

void ChunkTransport::bridge(const char* method, double a, double b, bool opening, Matrix& state,
                            Index& count) {
    const OdeSolve solve = Choice<ode_solvers>(method).make();
    auto leg = solve(velocity(evaluator_, field_.dim(), values_), stops_.leg(a, b, opening),
                     std::move(state));
    keep(std::move(leg.at_stops));
    state = std::move(leg.x);
    if (leg.evaluations.size() > 0) count += leg.evaluations[0];
}

void ChunkTransport::by_denoising(Index steps, Matrix state) {
    const unsigned want = kX0 | kX1 | (setup_.interpolant.has_latent() ? kEta : 0U);
    const auto [first, end] = ends({0, 1});
    const bool rising = end > first;
    const auto [from, to] = ends(field_.span(want));
    Index count = 0;
    if (first != from) bridge("rk4,steps=1", first, from, true, state, count);
    double now = from;
    const auto step_to = [&](double next) {
        evaluator_(Vector::Constant(state.cols(), now), state, want, values_);
        const auto c = setup_.interpolant.at(next);
        state = c.alpha * values_.x0 + c.beta * values_.x1;
        if ((want & kEta) != 0) state += c.gamma * values_.eta;
        ++count;
        now = next;
    };
    const auto interval = stops_.leg(from, to, first == from);
    auto stop = interval.stops.begin();
    for (; stop != interval.stops.end() && *stop == from; ++stop) states_.push_back(state);
    for (Index k = 1; k <= steps; ++k) {
        const double u = static_cast<double>(k) / static_cast<double>(steps);
        const double next = k == steps ? end : first + u * (end - first);
        const auto reached = [&](double t) { return rising ? t <= next : t >= next; };
        for (; stop != interval.stops.end() && reached(*stop); ++stop) {
            if (*stop != now) step_to(*stop);
            states_.push_back(state);
        }
        if (next != now) step_to(next);
    }
    finish(std::move(state), count);
}

const Matrix& ChunkTransport::at_time(std::size_t k) const {
    const auto place = std::find(stops_.places.begin(), stops_.places.end(), k);
    return states_[static_cast<std::size_t>(place - stops_.places.begin())];
}

std::array<double, 2> ChunkTransport::ends(std::array<double, 2> span) const {
    if (direction_ == Direction::forward) return span;
    return {span[1], span[0]};
}

void ChunkTransport::keep(std::vector<Matrix> states) {
    for (Matrix& state : states) states_.push_back(std::move(state));
}

/// Times beyond the last leg are answered with the final state.
void ChunkTransport::finish(Matrix state, Index evaluations_each) {
    while (states_.size() < stops_.times.size()) states_.push_back(state);
    x = std::move(state);
    evaluations.setConstant(x.cols(), static_cast<int>(evaluations_each));
    rejected.setZero(x.cols());
}

}  // namespace si
