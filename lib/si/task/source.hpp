#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "si/model/model.hpp"
#include "si/plot/source.hpp"

// Sources of pictures: data files, logs and models, read into the form that plot draws.

namespace si {

/// A data file, a model (JSON), or JSON lines, by their content. Throws as their readers do.
plot::Source open_source(const std::string& file);

/// What pictures may ask of a model.
std::shared_ptr<const plot::ShownModel> shown_model(Model model);

/// Draws n samples from a model by its flow and keeps them at the given times, in the data's
/// coordinates; `start` (d, n) are points of the base in the data's coordinates, if given, and
/// `given` is what the samples are conditioned on: without it no label, and zeros. Throws
/// Failure::usage when the base is known by its samples only and there are none.
plot::Trajectories follow(const Model& model, const std::vector<double>& times, Index n,
                          std::uint64_t seed, Threads& threads, const Matrix* start = nullptr,
                          Matrix given = {});

/// The velocity of a model at points (d, n) in the data's coordinates, which are those of the
/// result too. What a model is conditioned on is left open.
Matrix velocity_at(const Model& model, double t, ConstMatrix x);

/// The density that a model gives to one coordinate, at `x`: in closed form for Gaussians and their
/// mixtures, by its flow for models in one dimension whose base is known; nothing otherwise.
std::optional<Vector> marginal_density(const Model& model, Index coordinate, const Vector& x,
                                       Threads& threads);

}  // namespace si
