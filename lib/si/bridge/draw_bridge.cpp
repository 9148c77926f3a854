#include "si/bridge/draw_bridge.hpp"

#include <cmath>

namespace si {

Transported draw_bridge(const BridgeField& field, Direction direction, ConstMatrix start,
                        const std::vector<double>& times, std::uint64_t seed, Threads& threads) {
    constexpr Index kColumns = 256;
    const Index d = field.dim(), n = start.cols();
    require(start.rows() == d, Failure::data, "points have ", start.rows(),
            " coordinates, the bridge has ", d);
    const bool forward = direction == Direction::forward;
    const Potential& potential = forward ? field.forward() : field.backward();
    const Stops stops(times, direction);
    Transported all;
    all.x.resize(d, n);
    all.evaluations.setOnes(n);
    all.rejected.setZero(n);
    all.trajectory.assign(times.size(), Matrix(d, n));
    const auto cut = chunks(n, kColumns);
    threads.for_each(std::ssize(cut), [&](Index part, int) {
        const auto [first, count] = cut[static_cast<std::size_t>(part)];
        Matrix uniform(1, count), normal(d, count);
        const auto address = [seed](std::size_t step) {
            return Address{seed, Purpose::plan, static_cast<std::uint32_t>(step)};
        };
        fill_uniform(address(0), first, uniform);
        fill_normal(address(1), first, normal);
        Matrix x = start.middleCols(first, count), end(d, count);
        for (Index j = 0; j < count; ++j) {
            end.col(j) = potential.draw(x.col(j), uniform(0, j), normal.col(j));
        }
        all.x.middleCols(first, count) = end;
        // From one time to the next in their order; `done` of the interval is behind.
        double done = 0;
        for (std::size_t k = 0; k < stops.times.size(); ++k) {
            const double to = forward ? stops.times[k] : 1 - stops.times[k];
            if (to > done) {
                fill_normal(address(k + 2), first, normal);
                const double share = (to - done) / (1 - done);
                x += share * (end - x) + std::sqrt(potential.epsilon() * share * (1 - to)) * normal;
                done = to;
            }
            all.trajectory[stops.places[k]].middleCols(first, count) = done < 1 ? x : end;
        }
    });
    return all;
}

}  // namespace si
