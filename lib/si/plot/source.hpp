#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "si/base/threads.hpp"
#include "si/io/samples.hpp"

// The sources of pictures: samples, trajectories, logs, and fields of a model.

namespace si::plot {

/// Samples on their way: x(t) at a list of times.
struct Trajectories {
    std::vector<double> times;
    std::vector<Matrix> states;  ///< (d, n) at each time
};

/// What a picture asks of a model, in the data's coordinates. task/source.hpp answers.
class ShownModel {
  public:
    virtual ~ShownModel() = default;

    virtual Index dim() const = 0;

    /// The records of its training, in their order; empty for a model in closed form.
    virtual std::vector<Json> history() const = 0;

    /// n samples at the given times of the flow, from `start` (d, n) if given, else from draws of
    /// the base. Throws Failure::usage when the base is known by its samples only and there are
    /// none.
    virtual Trajectories follow(const std::vector<double>& times, Index n, std::uint64_t seed,
                                Threads& threads, const Matrix* start) const = 0;

    /// The velocity b(t, x) at points (d, n).
    virtual Matrix velocity_at(double t, ConstMatrix x) const = 0;

    /// The density of one coordinate at `x`, where it is known.
    virtual std::optional<Vector> marginal_density(Index coordinate, const Vector& x,
                                                   Threads& threads) const = 0;
};

/// What a file has to show.
struct Source {
    std::string name;  ///< for legends
    std::optional<Samples> samples = {};
    std::optional<Trajectories> trajectories = {};  ///< of /trajectory and /time
    std::vector<Json> lines = {};                   ///< objects of a JSON-lines file
    std::shared_ptr<const ShownModel> model = {};
};

/// What coordinate `k` (from 0) is called: as its column in a table, or "x1", "x2", ...
std::string coordinate_name(const Samples& samples, Index k);

/// Which of n samples a picture shows when it shows `limit` of them, in increasing order: all, or
/// a random choice that is the same every time.
std::vector<Index> shown(Index n, Index limit);

}  // namespace si::plot
