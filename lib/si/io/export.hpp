#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/model/model.hpp"

// Export of network models to formats that other programs read.

namespace si {

/// A form that a model can be given. `make` returns the bytes of the file.
///
///     safetensors  the tensors; the rest of the model as JSON under the metadata "model"
///     npz          the tensors; the rest as the bytes of "model_json"
///     onnx         the learned fields in the coordinates of the data: see onnx.hpp
///
/// All throw Failure::data for a model without tensors.
struct ExportRow {
    std::string_view name, summary;
    SpecInfo spec;
    std::string (*make)(const Model& model);
};

Catalogue<ExportRow> exports();
std::vector<std::string> export_names();

/// One tensor of a model's file, as it stands there: row-major, float32.
struct NamedTensor {
    std::string name;
    std::vector<Index> shape;
    std::vector<float> values;
};

/// The tensors of a model's JSON document, in their order, and the document without them.
struct TakenApart {
    std::vector<NamedTensor> tensors;
    Json rest;
};
TakenApart take_apart(const Model& model);

}  // namespace si
