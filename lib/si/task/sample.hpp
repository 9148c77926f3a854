#pragma once

#include <optional>
#include <string>

#include "si/base/goes_with.hpp"
#include "si/flow/transport.hpp"
#include "si/io/dataset.hpp"
#include "si/io/shard.hpp"

// Samples in files. Files hold the data's coordinates; the base of a one-sided
// model is the exception, being N(0, I) in files too.

namespace si {

/// Which points a flow carries from the base, and what they are conditioned on.
struct StartSpec {
    std::optional<Index> n;
    std::optional<std::string> x0;
    std::optional<Choice<paths>> path;
    std::string label;
    std::optional<std::string> given, observed;
    double guidance = 1;
    std::vector<double> guidance_interval{0, 1};

    static constexpr auto point_fields() {
        return std::tuple{
            field("n", &StartSpec::n, "Number of samples", kPositive),
            field("x0", &StartSpec::x0, "Start from these points at t = 0, in place of random ones")
                .value("FILE")};
    }
    static constexpr auto condition_fields() {
        return std::tuple{
            field("path", &StartSpec::path,
                  "Path of the flow, in place of the one that the model was trained on (one-sided "
                  "models)"),
            field("label", &StartSpec::label,
                  "Label of the samples: a number, each (all labels in turn) or none")
                .value("K|each|none"),
            field("given", &StartSpec::given,
                  "Labels and conditions of the samples, row by row: the datasets label and "
                  "condition of this file")
                .value("FILE"),
            field("observed", &StartSpec::observed,
                  "Restore these samples as the model was trained: fill in x where mask is not 1, "
                  "refine coarse images x, or denoise x; whole samples are damaged first")
                .value("FILE"),
            field("guidance", &StartSpec::guidance,
                  "Strength of the label: 1 is the model itself, larger values give clearer and "
                  "less varied samples"),
            field("guidance_interval", &StartSpec::guidance_interval,
                  "First and last time of the guidance", kUnit)};
    }
    static constexpr auto fields() { return std::tuple_cat(point_fields(), condition_fields()); }

    static GoesWithTable goes_with();
};

/// Which points si-sample carries.
struct SampleSpec : StartSpec {
    std::optional<std::string> x1;
    bool backward = false;

    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{field("n", &SampleSpec::n, "Number of samples", kPositive),
                       field("x0", &SampleSpec::x0,
                             "Start from these points at t = 0, in place of random ones; with "
                             "--backward, the x0 of each path, for a model that is conditioned on "
                             "x0")
                           .value("FILE"),
                       field("x1", &SampleSpec::x1,
                             "With --backward: start from these points of the target")
                           .value("FILE"),
                       field("backward", &SampleSpec::backward, "Go from the target to the base")},
            condition_fields());
    }

    Direction direction() const { return backward ? Direction::backward : Direction::forward; }
};

/// What a file says of its origin.
struct Provenance {
    std::string command;
    std::uint64_t seed = 0;
    Shard shard = {};
    Index rows = 0;  ///< of all parts
};

/// All that si-sample is asked for, besides the model and the name of the file.
struct SampleTask {
    SampleSpec points;        ///< the points that are carried, and their conditions
    TransportSpec transport;  ///< the way to carry them
    Provenance provenance;    ///< its seed and shard decide which samples they are
};

/// The field of a model along the path that is asked for, which becomes the model's.
std::shared_ptr<const Field> field_along(Model& model, const StartSpec& spec);

/// The samples of a file. Throws Failure::data when they do not fit the model.
Samples read_for(const Model& model, const std::string& file);

/// A data file that says where it came from.
DataWriter open_output(const std::string& file, const Provenance& provenance);

/// What points are conditioned on, as typed: --label and --given, as si-sample has them.
struct ConditionWords {
    std::string label;
    std::optional<std::string> given;
};

/// The conditions of n points, one column per point: labels as `label` says, and what it does not
/// say from the file `given`. Throws Failure::usage when the two do not say all that the model is
/// conditioned on, or more, and Failure::data when the file does not fit.
Matrix conditions_of_points(const Model& model, const Conditions& conditions,
                            const ConditionWords& words, Index n);

/// The mask of each of n samples (pixels, n), from a dataset: one number per pixel of images, else
/// one per coordinate. One mask may be for all samples, with or without a first axis of 1, and may
/// be repeated for every channel. Throws Failure::data when it has another shape, differs between
/// channels, or has numbers other than 0 and 1.
Matrix masks_for(const Samples& found, const std::vector<Index>& shape, Index n);

/// Points that transport starts from, in the model's coordinates: those of one part of all.
struct Start {
    Matrix x;
    Matrix given = {};  ///< what they are conditioned on
    Matrix mask = {};   ///< 1 where a sample is known beforehand, one number a pixel, or empty
    Matrix known = {};  ///< its values there, in the data's coordinates
};

class StartingPoints {
  public:
    /// Throws Failure::usage when the options do not fit together and Failure::data when a file
    /// does not fit the model. The arguments must outlive this.
    StartingPoints(const Model& model, const Field& field, const SampleSpec& spec,
                   std::uint64_t seed, const Shard& shard = {});

    Index n() const { return part_.count; }
    Index first() const { return part_.first; }  ///< number of the first of them
    Index all() const { return all_; }
    bool masked() const { return corruption_ && corruption_->hides(); }

    /// Points `some` of the n(); in their order, as they may arrive.
    Start read(const Columns& some) const;
    /// To be called after the last of them.
    void finish() const;

  private:
    void open(const std::string& file, bool in_units);
    void open_start();
    void observe(const std::string& file);
    void take_conditions();
    Start restored(Index first, Index count) const;

    const Model& model_;
    const SampleSpec& spec_;
    std::uint64_t seed_;
    Conditions conditions_;
    bool in_units_ = false;
    std::optional<DataFile> file_, start_file_;
    std::optional<SampleReader> reader_;
    std::optional<SampleReader> start_reader_;  ///< backward, of x0, where the model is given that
    std::shared_ptr<const Corruption> corruption_;  ///< where what is observed is restored
    std::optional<Samples> observed_;
    std::optional<Matrix> masks_;
    Matrix from_file_;  ///< labels and conditions of all samples
    Columns part_;
    Index all_ = 0;
};

/// A file with /x (n, shape), and as far as asked for /log_density (n) and /trajectory (n, T,
/// shape) with /time (T), and /nfe (n), part by part; /label and /mask, where samples have one.
class TransportedFile {
  public:
    /// What is decided before the first part.
    struct Layout {
        Index n;                                   ///< samples of the file, at least 0
        Direction direction = Direction::forward;  ///< backward, /x is in the units of the base
        bool labelled = false;                     ///< with /label, from row 0 of Start::given
        bool masked = false;                       ///< with /mask, from Start::mask
    };

    /// Makes the file as DataWriter does, and throws as it. `model` and `spec` must outlive this.
    TransportedFile(const std::string& file, const Model& model, const TransportSpec& spec,
                    const Layout& layout, const Provenance& provenance);
    void append(const Start& start, const Transported& part);
    void commit() { out_.commit(); }

  private:
    const Model& model_;
    const TransportSpec& spec_;
    Layout layout_;
    DataWriter out_;
};

/// TransportedFile of all that there is.
void write_transported(const std::string& file, const Model& model, const TransportSpec& spec,
                       Direction direction, const Transported& result,
                       const Provenance& provenance);

/// Carries samples along the field of a model and writes them, some at a time: memory does not grow
/// with their number. All ranks take part; the first writes. Throws as StartingPoints, transport()
/// and DataWriter.
void sample_to(const std::string& file, const Model& model, const Field& field,
               const SampleTask& task, Threads& threads, Progress& progress);

}  // namespace si
