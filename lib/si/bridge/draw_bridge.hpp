#pragma once

#include "si/flow/transport.hpp"
#include "si/interpolant/bridge_field.hpp"

// Samples of a bridge in closed form without an error of steps: ends by the plan, states between
// by Brownian bridges.

namespace si {

/// Paths of a bridge from given points without a step of any solver: the other end from the plan,
/// and the states at `times` from the Brownian bridge between the ends. Forward, `start` (d, n) is
/// at t = 0; backward it is at t = 1. Exact at any number of times; path i is a function of its
/// start, the seed and i alone.
Transported draw_bridge(const BridgeField& field, Direction direction, ConstMatrix start,
                        const std::vector<double>& times, std::uint64_t seed, Threads& threads);

}  // namespace si
