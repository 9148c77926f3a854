#pragma once

#include <string>

#include "si/model/model.hpp"

// Models as JSON documents, with checks of every member; si-model(5) describes the format.

namespace si {

/// The model in a JSON file, or in "-": see si-model(5). Throws Failure::input when there is
/// no such file, and Failure::data with the place for everything that is wrong with it, a newer
/// format and a checksum that does not match included:
/// "model.json: /field/net/width: must be positive, is -3".
Model read_model(const std::string& file);

/// The JSON document of a model, and back.
Json model_to_json(const Model& model);
Model model_from_json(const Json& document);

/// Writes the model atomically. A network model also gets a probe: a few points with the
/// velocities that it has there, which verify_model() computes again.
void write_model(const std::string& file, const Model& model);

/// The largest difference between the probe's velocities and those computed now, relative to
/// their size. Throws Failure::data when the model has no probe.
double verify_model(const std::string& file);

/// Up to here a difference is rounding: that of float32 networks on another instruction set.
inline constexpr double kProbeTolerance = 1e-4;

}  // namespace si
