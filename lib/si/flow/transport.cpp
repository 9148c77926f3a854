#include "si/flow/transport.hpp"

#include <algorithm>

#include "si/flow/over_chunks.hpp"

namespace si {
namespace {

/// Refuses what does not go together or cannot be had, before any work.
void check_transport(const Model& model, const Field& field, const TransportSpec& spec,
                     Direction direction) {
    require(!spec.sde || !spec.denoise, Failure::usage, "--sde and --denoise exclude each other");
    if (spec.log_density) {
        require(!spec.sde && !spec.denoise, Failure::usage,
                "--log-density goes with --ode; see si-likelihood for SDEs");
        require(direction == Direction::forward, Failure::usage,
                "--log-density goes forward; use si-likelihood for given points");
        require(model.base_density().has_value(), Failure::usage,
                "--log-density needs a base with a density; this one is known by its samples only");
    }
    const Setup setup = model.setup();
    require(!setup.fixed_start || spec.sde || direction == Direction::backward, Failure::usage,
            setup.given_start ? text("this model is conditioned on x0, from where its flow goes to "
                                     "one point; use --sde heun --epsilon bridge")
                              : text("from a point the flow goes to one point; use --sde heun "
                                     "--epsilon ",
                                     setup.noise_at_start()));
    unsigned want = spec.log_density ? kB | kDivB : kB;
    if (spec.sde && !vanishes(spec.epsilon.make(epsilon_context(model)))) want = kB | kS;
    if (spec.denoise) want = kX0 | kX1 | (setup.interpolant.has_latent() ? kEta : 0U);
    check_request(field, Vector(0), Matrix(model.dim, 0), want);
}

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
                      Direction direction, ConstMatrix start, ConstMatrix given, std::uint64_t seed,
                      Index first, Threads& threads, Progress& progress) {
    const Index d = model.dim, n = start.cols();
    check_transport(model, field, spec, direction);
    check_given(field, given, n);
    const auto base = model.base_density();
    const Setup setup = model.setup();
    const OdeSolve solve = spec.ode.make();
    const SdeSolve steps = spec.sde ? spec.sde->make() : SdeSolve{};
    const Epsilon epsilon = spec.epsilon.make(epsilon_context(model));
    const Final last = spec.final.make();

    Transported all;
    all.x.resize(d, n);
    all.evaluations.resize(n);
    all.rejected.resize(n);
    if (spec.log_density) all.log_density.resize(n);
    all.trajectory.assign(spec.trajectory.size(), Matrix(d, n));
    over_chunks(field, n, field.together(kChunk), threads, progress, "sample",
                [&](const Columns& columns, Evaluator& evaluator) {
                    const auto range = Eigen::seqN(columns.first, columns.count);
                    const Given here(evaluator, columns_of(given, columns));
                    ChunkTransport trip(setup, field, spec.trajectory, direction, evaluator, here);
                    Matrix state(d + (spec.log_density ? 1 : 0), columns.count);
                    state.topRows(d) = start.middleCols(columns.first, columns.count);
                    if (spec.log_density) state.row(d).setZero();
                    if (steps) {
                        const auto increments = [&](Index step, MatrixRef out) {
                            fill_normal({seed, Purpose::noise, static_cast<std::uint32_t>(step)},
                                        first + columns.first, out);
                        };
                        trip.by_sde(steps, epsilon, increments, last, std::move(state));
                    } else if (spec.denoise) {
                        trip.by_denoising(*spec.denoise, std::move(state));
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
