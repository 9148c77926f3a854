#pragma once

#include <optional>
#include <string>

#include "si/base/bytes.hpp"
#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/io/dataset.hpp"
#include "si/train/data.hpp"
#include "si/train/spec.hpp"

// Training sets from files: pairs, labels, conditions, held-out rows, pairs of a model.

namespace si {

/// How files are read for training.
struct TrainFilesSpec {
    Nonfinite allow_nonfinite = Nonfinite::refuse;
    Bytes data_memory{std::int64_t{1} << 30};
    static constexpr auto fields() {
        return std::tuple{
            field("allow_nonfinite", &TrainFilesSpec::allow_nonfinite,
                  "Samples with numbers that are not finite: no refuses them, drop leaves them out")
                .value("no|drop"),
            field("data_memory", &TrainFilesSpec::data_memory,
                  "Keep HDF5 samples that would take more memory than this, at 8 bytes per number, "
                  "in their files, and read them in blocks, in another order")};
    }
};

/// The samples of `x1` and, when given, of `x0`; held-out ones from spec.valid, which is a file or
/// a fraction of the data (0 is none). A file with /x0 and /x1 holds both. A coupling by a model
/// makes its pairs here, as many as there are samples. Throws Failure::data when the sets do not
/// fit together. Where labels or conditions count in the coupling, both files have them. Samples
/// that are not finite are dropped, together with what belongs to them and with a warning, when
/// that is asked for.
///
/// Whether samples stay in their files is a function of `files`, of the coupling and of the shapes
/// alone.
TrainData read_training_data(const std::string& x1, const std::optional<std::string>& x0,
                             const TrainSpec& spec, std::uint64_t seed, Threads& threads,
                             Progress& progress, const TrainFilesSpec& files = {});

/// The columns of `source` that --dequantize adds noise to, told where they are not all, with those
/// that a few numbers keep off. Throws as GridSearch::found().
Grid found_grid(const GridSearch& search, const std::string& source);

/// The CRC-32C of samples, as Model::trained_on has it.
std::string checksum_of(const Matrix& samples);

/// Puts the labels that no sample has into `conditions`, and says so. Throws Failure::data for
/// labels that are no classes, as numbers of rows or of persons are.
void look_at_labels(const DataFile& file, const Matrix& given, Conditions& conditions);

/// What the samples of a file are conditioned on, of its datasets /label and /condition those that
/// are wanted: a column of `given` for each. Throws Failure::data when they are not there or labels
/// are not whole numbers from 0.
Conditions read_conditions(const DataFile& file, const std::vector<std::string>& wanted,
                           Matrix& given);

/// The same as a model wants it. Throws Failure::data when labels are too large or conditions have
/// another shape.
Matrix conditions_of(const DataFile& file, const Conditions& model);

/// What of a file with n samples counts in the cost of a coupling. Throws Failure::data when it is
/// not there.
Beside read_beside(const DataFile& file, const BesideCost& cost, Index n);

/// Throws Failure::data unless `given` is nothing or has a column for each of n samples.
void require_as_many(const DataFile& file, const Matrix& given, Index n);

/// The fraction of --valid. Throws Failure::usage when it is none.
double held_out_fraction(double fraction);

/// Throws Failure::data unless x0 or held-out samples fit the target: "a.h5:/x: samples have 3
/// coordinates, those of the target 2".
void require_alike(const std::string& source, Index dim, Index wanted);

/// Throws Failure::data unless the samples fit a model: "a.h5:/x: samples have 3 coordinates,
/// the model has dimension 2".
void require_dimension(const std::string& source, Index found, Index wanted);

}  // namespace si
