#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "si/base/threads.hpp"
#include "si/flow/model.hpp"
#include "si/io/samples.hpp"

namespace si::plot {

/// Samples on their way: x(t) at a list of times.
struct Paths {
    std::vector<double> times;
    std::vector<Matrix> states;  ///< (d, n) at each time
};

/// What a file has to show.
struct Source {
    std::string name;  ///< for legends
    std::optional<Samples> samples = {};
    std::optional<Paths> paths = {};  ///< of /trajectory and /time
    std::vector<Json> lines = {};     ///< objects of a JSON-lines file
    std::shared_ptr<const Model> model = {};
};

/// A data file, a model (JSON), or JSON lines, by their content. Throws as their readers do.
Source open_source(const std::string& file);

/// What coordinate `k` (from 0) is called: as its column in a table, or "x1", "x2", ...
std::string coordinate_name(const Samples& samples, Index k);

/// Which of n samples a picture shows when it shows `limit` of them, in increasing order: all, or
/// a random choice that is the same every time.
std::vector<Index> shown(Index n, Index limit);

/// Draws n samples from a model by its flow and keeps them at the given times, in the data's
/// coordinates; `start` (d, n) are points of the base in the data's coordinates, if given, and
/// `given` is what the samples are conditioned on: without it no label, and zeros. Throws
/// Failure::usage when the base is known by its samples only and there are none.
Paths follow(const Model& model, const std::vector<double>& times, Index n, std::uint64_t seed,
             Threads& threads, const Matrix* start = nullptr, Matrix given = {});

/// The velocity of a model at points (d, n) in the data's coordinates, which are those of the
/// result too. What a model is conditioned on is left open.
Matrix velocity_at(const Model& model, double t, ConstMatrix x);

/// The density that a model gives to one coordinate, at `x`: in closed form for Gaussians and their
/// mixtures, by its flow for models in one dimension whose base is known; nothing otherwise.
std::optional<Vector> marginal_density(const Model& model, Index coordinate, const Vector& x,
                                       Threads& threads);

}  // namespace si::plot
