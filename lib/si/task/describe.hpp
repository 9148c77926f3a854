#pragma once

#include <string>
#include <vector>

#include "si/io/export.hpp"
#include "si/model/model.hpp"
#include "si/task/sample.hpp"

// The tasks of si-info: descriptions of models, and their fields at given points.

namespace si {

/// A short description of a model: what it is, how it was made, how good it was.
Json describe_model(const Model& model);

/// "dimension   2\ninterpolant linear\n...", for people.
std::string model_text(const Json& description);

/// The points at which fields are evaluated, and what they are conditioned on.
struct PointsSpec {
    std::string at, label = {};
    std::optional<std::string> given = {};
    static constexpr auto fields() {
        return std::tuple{
            field("at", &PointsSpec::at, "Points: HDF5, CSV, TSV or NPY").value("FILE"),
            field("label", &PointsSpec::label,
                  "Label of the points: a number, each (all labels in turn) or none")
                .value("K|each|none"),
            field("given", &PointsSpec::given,
                  "Labels and conditions of the points, row by row: the datasets label and "
                  "condition of this file")
                .value("FILE")};
    }
};

/// Writes /t (T), /x (n, d) and, as far as the model has them, /b, /v, /s, /eta, /x0, /x1, /u
/// (T, n, d), /div_b and /log_rho, /rho (T, n), at the points of a file and the given times, in the
/// data's coordinates.
void write_fields(const std::string& file, const Model& model, const PointsSpec& points,
                  const std::vector<double>& times, const Provenance& provenance);

struct ModelInfoSpec {
    bool verify = false, json = false;
    static constexpr auto fields() {
        return std::tuple{
            field("verify", &ModelInfoSpec::verify,
                  "Compare the model with the probe stored in it; exit status 1 when they differ"),
            field("json", &ModelInfoSpec::json, "Print one JSON object")};
    }
};

/// What si-info prints of a model. Throws Failure::check when the probe that is to be verified
/// differs.
std::string model_info(const std::string& file, const ModelInfoSpec& spec);

struct TimesSpec {
    std::vector<double> t;
    static constexpr auto fields() {
        return std::tuple{field("t", &TimesSpec::t, "Times, 0 to 1", kUnit).value("T,...")};
    }
};

struct ExportSpec {
    std::string format = "safetensors";
    static constexpr auto fields() {
        return std::tuple{
            field("format", &ExportSpec::format, "Format of the file", one_of(export_names))};
    }
};

/// Writes a model in the format of others. Throws as the row of exports().
void export_model(const std::string& file, const ExportSpec& spec, const std::string& output);

}  // namespace si
