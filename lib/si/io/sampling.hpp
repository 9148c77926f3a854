#pragma once

#include <optional>
#include <string>

#include "si/flow/transport.hpp"
#include "si/io/dataset.hpp"
#include "si/io/shard.hpp"

// Samples in files. Files hold the data's coordinates; the base of a one-sided
// model is the exception, being N(0, I) in files too.

namespace si {

/// Which points si-sample carries.
struct SampleSpec {
    std::optional<Index> n;
    std::optional<std::string> x0, x1;
    bool backward = false;
    std::optional<Choice<paths>> path;

    static constexpr auto fields() {
        return std::tuple{
            field("n", &SampleSpec::n, "Number of samples", kPositive),
            field("x0", &SampleSpec::x0, "Start from these points of the base").value("FILE"),
            field("x1", &SampleSpec::x1, "With --backward: start from these points of the target")
                .value("FILE"),
            field("backward", &SampleSpec::backward, "Go from the target to the base"),
            field("path", &SampleSpec::path,
                  "Go along another path than the model was trained on (one-sided models)")};
    }

    Direction direction() const { return backward ? Direction::backward : Direction::forward; }
};

struct Provenance {
    std::string command;
    std::uint64_t seed = 0;
    Shard shard = {};
    Index rows = 0;  ///< of all parts
};

/// The field of a model along the path that is asked for, which becomes the model's.
std::shared_ptr<const Field> field_along(Model& model, const SampleSpec& spec);

/// The samples of a file. Throws Failure::data when they do not fit the model.
Samples read_for(const Model& model, const std::string& file);

/// A data file that says where it came from.
DataWriter open_output(const std::string& file, const Provenance& provenance);

/// Points that transport starts from, in the model's coordinates: those of one part of all.
class StartingPoints {
  public:
    /// Throws Failure::usage when the options do not fit together and Failure::data when the file
    /// does not fit the model, which must outlive this.
    StartingPoints(const Model& model, const SampleSpec& spec, std::uint64_t seed,
                   const Shard& shard = {});

    Index n() const { return part_.count; }
    Index first() const { return part_.first; }  ///< number of the first of them
    Index all() const { return all_; }

    /// Points `some` of the n(); in their order, as they may arrive.
    Matrix read(const Columns& some) const;
    /// To be called after the last of them.
    void finish() const;

  private:
    void open(const std::string& file, bool in_units);

    const Model& model_;
    std::uint64_t seed_;
    bool in_units_ = false;
    std::optional<DataFile> file_;
    std::optional<SampleReader> reader_;
    Columns part_;
    Index all_ = 0;
};

/// A file with /x (n, shape), and as far as asked for /log_density (n) and /trajectory (n, T,
/// shape) with /time (T), and /nfe (n), part by part.
class TransportedFile {
  public:
    TransportedFile(const std::string& file, const Model& model, const TransportSpec& spec,
                    Direction direction, Index n, const Provenance& provenance);
    void append(const Transported& part);
    void commit() { out_.commit(); }

  private:
    const Model& model_;
    const TransportSpec& spec_;
    Direction direction_;
    DataWriter out_;
};

/// TransportedFile of all that there is.
void write_transported(const std::string& file, const Model& model, const TransportSpec& spec,
                       Direction direction, const Transported& result,
                       const Provenance& provenance);

/// Carries samples along the field of a model and writes them, some at a time: memory does not grow
/// with their number.
void sample_to(const std::string& file, const Model& model, const Field& field,
               const SampleSpec& samples, const TransportSpec& spec, Provenance provenance,
               Threads& threads, Progress& progress);

}  // namespace si
