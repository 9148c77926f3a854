#include "si/flow/transport.hpp"

#include <algorithm>

#include "si/flow/over_chunks.hpp"

namespace si {
namespace {

/// dx/dt = b; with one row more than the field has, d(last row)/dt = div b.
Drift velocity(Evaluator& evaluate, Index dim, FieldValues& values) {
    return [&evaluate, dim, &values](ConstVector t, ConstMatrix x, MatrixRef dx) {
        const bool divergence = x.rows() > dim;
        evaluate(t, x.topRows(dim), divergence ? kB | kDivB : kB, values);
        dx.topRows(dim) = values.b;
        if (divergence) dx.row(dim) = values.div_b.transpose();
    };
}

/// dx/dt = b + sign epsilon s: arXiv:2303.08797 (2.34) forward, (2.35) backward.
Drift with_score(Evaluator& evaluate, const Epsilon& epsilon, double sign, FieldValues& values) {
    return [&evaluate, &epsilon, sign, &values](ConstVector t, ConstMatrix x, MatrixRef dx) {
        const double e = t.size() > 0 ? epsilon(t[0]) : 0;
        if (e == 0) {
            evaluate(t, x, kB, values);
            dx = values.b;
        } else {
            evaluate(t, x, kB | kS, values);
            dx = values.b + (sign * e) * values.s;
        }
    };
}

/// Times in the order of travel, each with its place in the list that was asked for.
struct Stops {
    std::vector<double> times;
    std::vector<std::size_t> places;

    Stops(const std::vector<double>& asked, Direction direction) {
        places.resize(asked.size());
        for (std::size_t k = 0; k < places.size(); ++k) places[k] = k;
        const auto sooner = [&](std::size_t a, std::size_t b) {
            return direction == Direction::forward ? asked[a] < asked[b] : asked[a] > asked[b];
        };
        std::stable_sort(places.begin(), places.end(), sooner);
        for (const std::size_t place : places) times.push_back(asked[place]);
    }

    /// The part of the way from `from` to `to`; a stop at `from` belongs to the leg before,
    /// except on the first leg.
    Journey leg(double from, double to, bool first) const {
        Journey journey{from, to, {}};
        for (const double time : times) {
            const bool after = first ? true : (to > from ? time > from : time < from);
            const bool before = to > from ? time <= to : time >= to;
            const bool behind = to > from ? time < from : time > from;
            if (after && before && !behind) journey.stops.push_back(time);
        }
        return journey;
    }
};

/// One chunk of samples on its way.
class Trip {
  public:
    Trip(const Field& field, const TransportSpec& spec, Direction direction, Evaluator& evaluator)
        : field_(field),
          spec_(spec),
          direction_(direction),
          evaluator_(evaluator),
          stops_(spec.trajectory, direction) {}

    void by_ode(const OdeSolve& solve, Matrix state) {
        const auto span = field_.span(spec_.log_density ? kB | kDivB : kB);
        const auto [from, to] = ends(span);
        const Drift drift = velocity(evaluator_, field_.dim(), values_);
        auto result = solve(drift, stops_.leg(from, to, true), std::move(state));
        keep(std::move(result.at_stops));
        fill_missing(result.x);
        x = std::move(result.x);
        evaluations = std::move(result.evaluations);
        rejected = std::move(result.rejected);
    }

    /// The SDE runs where the score is to be had; what is left at the ends is so short that one
    /// Runge-Kutta step of the ODE carries over it.
    void by_sde(const SdeSolve& solve, const Epsilon& epsilon, const Increments& increments,
                Matrix state) {
        const auto [first, last] = ends({0, 1});
        const auto [from, to] = ends(field_.span(kB | kS));
        const OdeSolve bridge = Choice<ode_solvers>("rk4,steps=1").make();
        const Drift drift = velocity(evaluator_, field_.dim(), values_);
        const double sign = direction_ == Direction::forward ? 1 : -1;
        const Drift noisy = with_score(evaluator_, epsilon, sign, values_);
        Index count = 0;
        const auto by_bridge = [&](double a, double b, bool opening) {
            auto leg = bridge(drift, stops_.leg(a, b, opening), std::move(state));
            keep(std::move(leg.at_stops));
            state = std::move(leg.x);
            if (leg.evaluations.size() > 0) count += leg.evaluations[0];
        };
        if (first != from) by_bridge(first, from, true);
        auto middle = solve(noisy, epsilon, increments, stops_.leg(from, to, first == from),
                            std::move(state));
        keep(std::move(middle.at_stops));
        state = std::move(middle.x);
        count += middle.evaluations;
        if (to != last && spec_.final == "denoise" && direction_ == Direction::forward) {
            evaluator_(Vector::Constant(state.cols(), to), state, kX1, values_);
            state = values_.x1;
            ++count;
        } else if (to != last && spec_.final != "none") {
            by_bridge(to, last, false);
        }
        fill_missing(state);
        x = std::move(state);
        evaluations.setConstant(x.cols(), static_cast<int>(count));
        rejected.setZero(x.cols());
    }

    /// The state at the k-th time that was asked for.
    const Matrix& at_time(std::size_t k) const {
        const auto place = std::find(stops_.places.begin(), stops_.places.end(), k);
        return states_[static_cast<std::size_t>(place - stops_.places.begin())];
    }

    Matrix x;
    Eigen::VectorXi evaluations, rejected;

  private:
    std::array<double, 2> ends(std::array<double, 2> span) const {
        if (direction_ == Direction::forward) return span;
        return {span[1], span[0]};
    }

    void keep(std::vector<Matrix> states) {
        for (Matrix& state : states) states_.push_back(std::move(state));
    }

    /// Times beyond the last leg are answered with the final state.
    void fill_missing(const Matrix& state) {
        while (states_.size() < stops_.times.size()) states_.push_back(state);
    }

    const Field& field_;
    const TransportSpec& spec_;
    Direction direction_;
    Evaluator& evaluator_;
    Stops stops_;
    FieldValues values_;
    std::vector<Matrix> states_;
};

}  // namespace

Matrix draw_base(const Model& model, std::uint64_t seed, Index first, Index n) {
    const auto base = model.base_density();
    require(base.has_value(), Failure::usage,
            "the base of this model is known by its samples only; give some with --x0 FILE");
    Matrix x(model.dim, n);
    base->sample({seed, Purpose::start, 0}, first, x);
    return x;
}

Transported transport(const Model& model, const Field& field, const TransportSpec& spec,
                      Direction direction, ConstMatrix start, std::uint64_t seed, Index first,
                      Threads& threads, Progress& progress) {
    const Index d = model.dim, n = start.cols();
    const auto base = model.base_density();
    if (spec.log_density) {
        require(!spec.sde, Failure::usage,
                "--log-density goes with --ode; see si-likelihood for SDEs");
        require(direction == Direction::forward, Failure::usage,
                "--log-density goes forward; use si-likelihood for given points");
        require(base.has_value(), Failure::usage,
                "--log-density needs a base with a density; this one is known by its samples only");
    }
    const unsigned want = spec.sde ? kB | kS : spec.log_density ? kB | kDivB : kB;
    check_request(field, Vector(0), Matrix(d, 0), want);  // before any work
    const OdeSolve solve = spec.ode.make();
    const SdeSolve steps = spec.sde ? spec.sde->make() : SdeSolve{};
    const Epsilon epsilon = spec.epsilon.make();

    Transported all;
    all.x.resize(d, n);
    all.evaluations.resize(n);
    all.rejected.resize(n);
    if (spec.log_density) all.log_density.resize(n);
    all.trajectory.assign(spec.trajectory.size(), Matrix(d, n));
    over_chunks(field, n, kChunk, threads, progress, "sample",
                [&](const Columns& columns, Evaluator& evaluator) {
                    const auto range = Eigen::seqN(columns.first, columns.count);
                    Trip trip(field, spec, direction, evaluator);
                    Matrix state(d + (spec.log_density ? 1 : 0), columns.count);
                    state.topRows(d) = start.middleCols(columns.first, columns.count);
                    if (spec.log_density) state.row(d).setZero();
                    if (steps) {
                        const auto increments = [&](Index step, MatrixRef out) {
                            fill_normal({seed, Purpose::noise, static_cast<std::uint32_t>(step)},
                                        first + columns.first, out);
                        };
                        trip.by_sde(steps, epsilon, increments, std::move(state));
                    } else {
                        trip.by_ode(solve, std::move(state));
                    }
                    all.x.middleCols(columns.first, columns.count) = trip.x.topRows(d);
                    all.evaluations(range) = trip.evaluations;
                    all.rejected(range) = trip.rejected;
                    for (std::size_t k = 0; k < all.trajectory.size(); ++k) {
                        all.trajectory[k].middleCols(columns.first, columns.count) =
                            trip.at_time(k).topRows(d);
                    }
                    if (spec.log_density) {
                        all.log_density(range) =
                            base->log_density(start.middleCols(columns.first, columns.count)) -
                            trip.x.row(d).transpose();
                    }
                });
    return all;
}

}  // namespace si
