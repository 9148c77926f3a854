#pragma once

#include <string>
#include <vector>

#include "si/model/model.hpp"
#include "si/task/sample.hpp"

// The tasks of si-info: descriptions of models, and their fields at given points.

namespace si {

/// A short description of a model: what it is, how it was made, how good it was.
Json describe_model(const Model& model);

/// "dimension   2\ninterpolant linear\n...", for people.
std::string model_text(const Json& description);

/// Writes /t (T), /x (n, d) and, as far as the model has them, /b, /v, /s, /eta, /x0, /x1, /u
/// (T, n, d), /div_b and /log_rho, /rho (T, n), at the points of a file and the given times, in the
/// data's coordinates.
void write_fields(const std::string& file, const Model& model, const std::string& points,
                  const std::vector<double>& times, const Provenance& provenance);

}  // namespace si
