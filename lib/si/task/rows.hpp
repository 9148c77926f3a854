#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "si/base/progress.hpp"
#include "si/base/spec.hpp"
#include "si/io/csv.hpp"
#include "si/io/dataset.hpp"

// The tasks of si-data on files: data sets are converted, split and cut.

namespace si {

/// The datasets of a file that count the same samples, by name: "/x", "/label", ...
struct RowSets {
    std::vector<std::pair<std::string, Samples>> sets;
    Index n = 0;
};

/// Every readable dataset whose first axis is as long as that of the samples; the samples of a
/// file without names are "/x". Names of other datasets are added to `left_out`.
RowSets read_rows(const DataFile& file, std::vector<std::string>& left_out);

/// 0 .. min(n, limit) - 1.
std::vector<Index> first_rows(Index n, Index limit);

/// Writes the given rows of every dataset. float32 stays float32, 8- and 16-bit integers become
/// float32, which holds them exactly; integers with one number a sample are int64; all else is
/// float64.
void write_rows(DataWriter& out, const RowSets& rows, const std::vector<Index>& which);

struct SplitSpec {
    double fraction = 0.1;
    std::uint64_t seed = 0;
    std::string held_out = {};
    static constexpr auto fields() {
        return std::tuple{
            field("fraction", &SplitSpec::fraction, "Fraction of the rows to hold out", kUnit),
            field("seed", &SplitSpec::seed, "Seed of the random choice"),
            field("held_out", &SplitSpec::held_out, "File to write the held-out part to")
                .value("FILE")};
    }
};

/// The rows in [0, n) that the seed puts aside, fraction * n of them, and all others; both in
/// increasing order. Throws Failure::usage when one of them is empty.
struct Split {
    std::vector<Index> train, held_out;
};
Split split_rows(Index n, const SplitSpec& spec);

/// The order of the axes of images in a file.
enum class ChannelOrder { first, last };
template <>
struct Setting<ChannelOrder> {
    static std::string value() { return "first|last"; }
    static ChannelOrder from_text(std::string_view word);
    static ChannelOrder from_json(const Json& node) {
        return from_text(Setting<std::string>::from_json(node));
    }
    static Json to_json(ChannelOrder v) { return v == ChannelOrder::last ? "last" : "first"; }
};

struct ImportSpec {
    std::string label_column;
    std::optional<std::string> labels, condition, mask;
    std::vector<double> range{-1, 1};
    double scale = 1;
    std::string dtype = "f64";
    std::vector<Index> shape;
    ChannelOrder channels = ChannelOrder::first;
    bool transpose = false;
    Nonfinite allow_nonfinite = Nonfinite::refuse;
    CsvRules text = {};  ///< options of their own
    static constexpr auto fields() {
        return std::tuple{
            field("label_column", &ImportSpec::label_column,
                  "Column to use as /label: its number, counting from 1, or last")
                .value("K|last"),
            field("labels", &ImportSpec::labels, "File of labels for images, IDX or any other data")
                .value("FILE"),
            field("condition", &ImportSpec::condition,
                  "File of conditions, one per sample, for /condition: images or any other data")
                .value("FILE"),
            field("mask", &ImportSpec::mask,
                  "File of masks for /mask, 1 where a sample is known and 0 elsewhere; in images, "
                  "255 and 0")
                .value("FILE"),
            field("range", &ImportSpec::range, "Scale pixels from 0..255 to this range")
                .value("LOW,HIGH"),
            field("scale", &ImportSpec::scale, "Factor by which all numbers of /x are multiplied"),
            field("dtype", &ImportSpec::dtype, "Type of /x", one_of(+[] {
                      return std::vector<std::string>{"f32", "f64"};
                  })),
            field("shape", &ImportSpec::shape,
                  "Shape of a sample, as in 1,28,28; its numbers stay in their order", kPositive),
            field(
                "channels", &ImportSpec::channels,
                "Where the channels of images are in the file; those of height x width x channels, "
                "last, are moved to the front"),
            field("transpose", &ImportSpec::transpose,
                  "Samples are the columns of the file, as R and Julia write them to HDF5"),
            field("allow_nonfinite", &ImportSpec::allow_nonfinite,
                  "Samples with numbers that are not finite, or with cells of text such as NA: "
                  "no refuses them, drop leaves them out, keep writes them as they are")};
    }
};

/// The samples of one data file, or images of one or many (images.hpp) with their pixels brought to
/// spec.range, as import_rows() makes them; and spec.labels, spec.condition, spec.mask as /label,
/// /condition, /mask. Throws Failure::data when these are not as many, and for labels that are not
/// whole numbers and masks that are not 0 and 1.
RowSets import_files(const std::vector<std::string>& files, const ImportSpec& spec,
                     Progress& progress);

/// Samples as /x, and the label column as /label. Throws Failure::usage for a column that does
/// not exist and a shape that does not fit, Failure::data for labels that are not whole numbers.
RowSets import_rows(Samples samples, const ImportSpec& spec);

/// What a classifier is trained on: /x of every sample is 1 at its label and 0 at the others, and
/// /condition is what it was. Throws Failure::data without a /label of whole numbers from 0.
RowSets class_rows(const DataFile& file);

/// Writes samples as text (.csv, .tsv, .txt, and -) or NumPy (.npy) by the ending of the name.
/// Throws Failure::usage for another one.
void export_samples(const std::string& file, const Samples& samples);

/// {"file", "format", "attributes": {...}, "datasets": [{"name", "shape", "type", "min", "max",
/// "mean", "sd", "columns": [{"name", "min", ...}]}]}, where the figures run over all finite
/// numbers of a dataset or a column, and "nonfinite" counts the others where there are some.
/// Columns are those of datasets with one axis a sample. "problem" is in the place of the figures
/// of a dataset that cannot be read. Of FILE:/path only that dataset, with its own attributes, or
/// that group.
Json describe(const DataFile& file);

/// The same as lines of text for people.
std::string description_text(const Json& description);

// Commands of si-data, from file to file. `command` is kept in what they write.

/// import_files() to a data set.
void import_data(const std::vector<std::string>& files, const ImportSpec& spec,
                 const std::string& output, const std::string& command, Progress& progress);

/// class_rows() to a data set.
void write_classes(const std::string& file, const std::string& output, const std::string& command);

/// All samples, be they finite or not, by export_samples().
void export_data(const std::string& file, const std::string& output);

/// split_rows() of a file: the part held out to spec.held_out, the others to `output`. Warns of
/// datasets that are left out. Throws Failure::usage when both are one file.
void split_data(const std::string& file, const SplitSpec& spec, const std::string& output,
                const std::string& command, Progress& progress);

struct HeadSpec {
    Index n = 10;
    static constexpr auto fields() {
        return std::tuple{field("n", &HeadSpec::n, "Number of samples", kPositive)};
    }
};

/// The first samples: as text for "-", finite or not, otherwise as a data set of all that belongs
/// to them.
void head_data(const std::string& file, const HeadSpec& spec, const std::string& output,
               const std::string& command, Progress& progress);

struct ResampleSpec {
    std::optional<Index> n;
    std::uint64_t seed = 0;
    static constexpr auto fields() {
        return std::tuple{field("n", &ResampleSpec::n,
                                "Number of rows; as many as there are by default", kPositive),
                          field("seed", &ResampleSpec::seed, "Seed of the draw")};
    }
};

/// Rows drawn in proportion to /weight, each by itself and with replacement, with all that belongs
/// to them but the weights. Throws Failure::data where there are none, or as DataFile::weights()
/// does.
void resample_data(const std::string& file, const ResampleSpec& spec, const std::string& output,
                   const std::string& command, Progress& progress);

struct InfoSpec {
    bool json = false;
    static constexpr auto fields() {
        return std::tuple{field("json", &InfoSpec::json, "Print one JSON object per file")};
    }
};

/// describe() a file, as one line of JSON or as text.
std::string data_info(const std::string& file, const InfoSpec& spec);

}  // namespace si
