#pragma once

#include <string>

#include "si/model/model.hpp"

// Export of learned fields to ONNX.

namespace si {

/// The learned fields of a model as an ONNX file (opset 13, float32), for any runtime of that
/// format. Inputs: "x" (n, dim), points in the coordinates of the data; "t" (n, 1), their times;
/// as far as the model has them "label" (n), int64, and "condition" (n, numbers). Outputs: one
/// (n, dim) for each quantity that the model learned, by its name ("b", "eta", ...), in the
/// coordinates of the data: standardisation is part of the graph. The other quantities follow from
/// these as si-info field computes them, and are no part of it.
///
/// Throws Failure::data for models without networks, networks that have no such form here (all but
/// mlp), and masked models.
std::string onnx_file(const Model& model);

}  // namespace si
