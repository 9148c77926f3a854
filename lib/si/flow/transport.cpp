#include "si/flow/transport.hpp"

#include <algorithm>
#include <numeric>

#include "si/flow/over_chunks.hpp"

namespace si {
namespace {

/// Refuses what does not go together or cannot be had, before any work.
void check_transport(const Model& model, const Field& field, const TransportSpec& spec,
                     const Sampler& sampler, Direction direction) {
    const SamplerRow& row = spec.chosen().row();
    if (spec.log_density) {
        require(row.flow, Failure::usage,
                "--log-density: goes with the sampler ode; see si-likelihood for SDEs");
        require(direction == Direction::forward, Failure::usage,
                "--log-density goes forward; use si-likelihood for given points");
        require(model.base_density().has_value(), Failure::usage,
                "--log-density needs a base with a density; this one is known by its samples only");
    }
    auto times = spec.trajectory;
    std::sort(times.begin(), times.end());
    const auto twice = std::adjacent_find(times.begin(), times.end());
    require(twice == times.end(), Failure::usage, "--trajectory: the time ",
            twice == times.end() ? 0.0 : *twice, " is there twice");
    const Setup setup = model.setup();
    require(!setup.fixed_start() || row.noisy || direction == Direction::backward, Failure::usage,
            setup.given_start()
                ? text("this model is conditioned on x0, from where its flow goes to "
                       "one point; use --epsilon bridge")
                : text("from a point the flow goes to one point; use --epsilon ",
                       setup.noise_at_start()));
    check_request(field, Vector(0), Matrix(model.dim, 0),
                  sampler.want | (spec.log_density ? kDivB : 0U));
}

/// Moves one chunk from end to end of its way. Times before the way have its first state, times
/// that it does not reach its last one.
std::vector<Matrix> carry(Stepper& stepper, const Stops& stops, Direction direction,
                          Matrix& state) {
    const auto [from, to] = stepper.ends();
    TimeInterval way{from, to};
    std::vector<Matrix> states;
    for (const double time : stops.times) {
        const bool before = direction == Direction::forward ? time < from : time > from;
        const bool beyond = direction == Direction::forward ? time > to : time < to;
        if (before) states.push_back(state);
        if (!before && !beyond) way.stops.push_back(time);
    }
    for (Matrix& at_stop : stepper.advance(way, state)) states.push_back(std::move(at_stop));
    while (states.size() < stops.times.size()) states.push_back(state);
    return states;
}

}  // namespace

TransportSpec TransportSpec::resolved(const Model& model, const Field& field) const {
    TransportSpec all = *this;
    if (!log_density) static_cast<SamplerSpec&>(all) = SamplerSpec::resolved(model, field);
    return all;
}

Stops::Stops(const std::vector<double>& asked, Direction direction) : places(asked.size()) {
    std::iota(places.begin(), places.end(), 0);
    const auto sooner = [&](std::size_t a, std::size_t b) {
        return direction == Direction::forward ? asked[a] < asked[b] : asked[a] > asked[b];
    };
    std::stable_sort(places.begin(), places.end(), sooner);
    for (const std::size_t place : places) times.push_back(asked[place]);
}

Matrix draw_base(const Model& model, std::uint64_t seed, Index first, Index n) {
    const auto base = model.base_density();
    require(base.has_value(), Failure::usage,
            "the base of this model is known by its samples only; give some with --x0 FILE");
    Matrix x(model.dim, n);
    base->sample({seed, Purpose::start, 0}, first, x);
    return x;
}

Transported transport(const Model& model, const Field& field, const TransportSpec& spec,
                      const InitialStates& start, Threads& threads, Progress& progress) {
    const Direction direction = start.direction;
    const Index d = model.dim, n = start.x.cols();
    const Sampler sampler = spec.make(model);
    check_transport(model, field, spec, sampler, direction);
    check_given(field, start.given, n);
    const auto base = model.base_density();
    const Setup setup = model.setup();
    const Stops stops(spec.trajectory, direction);

    Transported all;
    all.x.resize(d, n);
    all.evaluations.resize(n);
    all.rejected.resize(n);
    if (spec.log_density) all.log_density.resize(n);
    all.trajectory.assign(spec.trajectory.size(), Matrix(d, n));
    const auto run = [&](const Columns& columns, Evaluator& evaluator) {
        const auto range = Eigen::seqN(columns.first, columns.count);
        const SampleConditions here(evaluator, columns_of(start.given, columns));
        const auto stepper =
            sampler.stepper({setup, field, evaluator, here, direction,
                             noise_of(start.seed, start.first + columns.first), spec.log_density});
        Matrix state(d + (spec.log_density ? 1 : 0), columns.count);
        state.topRows(d) = start.x.middleCols(columns.first, columns.count);
        if (spec.log_density) state.row(d).setZero();
        const auto states = carry(*stepper, stops, direction, state);
        all.x.middleCols(columns.first, columns.count) = state.topRows(d);
        all.evaluations(range) = stepper->evaluations();
        all.rejected(range) = stepper->rejected();
        for (std::size_t k = 0; k < states.size(); ++k) {
            all.trajectory[stops.places[k]].middleCols(columns.first, columns.count) =
                states[k].topRows(d);
        }
        if (spec.log_density) {
            all.log_density(range) =
                base->log_density(start.x.middleCols(columns.first, columns.count)) -
                state.row(d).transpose();
        }
    };
    over_chunks(field, n, field.together(kChunk), threads, progress, "sample", run);
    return all;
}

}  // namespace si
