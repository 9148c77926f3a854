#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "si/base/types.hpp"
#include "si/io/samples.hpp"

// Data files of any format as one thing: samples are read whole or in blocks, and written as
// HDF5 block by block.

namespace si {

class InputFile;
struct CsvRules;
struct Plan;
namespace hdf5 {
struct OpenDataset;
}

enum class Format { hdf5, npy, csv };

/// "HDF5", "NPY", "CSV".
std::string_view to_text(Format format);

/// What the attribute `format` of our own files says.
inline constexpr std::string_view kOwnMark = "si-dataset";

/// How often samples are read.
enum class Passes { any, one };

/// What is to be done with all samples as they are looked at: those from `first` on.
using Look = std::function<void(Index first, const Matrix& some)>;

/// Samples of a file, some at a time. Those of an HDF5 file stay there until they are asked for;
/// of other formats all are in memory.
class SampleReader {
  public:
    SampleReader(SampleReader&&) noexcept;
    ~SampleReader();

    Index n() const;
    Index dim() const;
    const std::vector<Index>& shape() const;  ///< of one sample
    ElementType type() const;                 ///< as it is in the file
    const std::string& source() const;        ///< "data.h5:/x"

    /// Samples first .. first + count - 1, one column a sample. Throws Failure::data when the file
    /// is damaged, has changed so that numbers are not finite, or comes to its end before.
    Matrix rows(Index first, Index count) const;

    /// rows() with all that is known of them.
    Samples samples(Index first, Index count) const;

    /// To be called after the last rows(): what arrives is read to its end, and that all of it came
    /// and was not changed on the way is looked at. Throws Failure::data.
    void finish() const;

    /// The least number of rows, `wanted` or more, such that reading in steps of it reads nothing
    /// twice.
    Index step(Index wanted) const;

  private:
    struct Open;
    explicit SampleReader(std::unique_ptr<Open> open);
    static SampleReader of(Samples samples);
    static SampleReader of(InputFile& input, const std::string& source, hdf5::OpenDataset dataset,
                           const Plan& plan, bool arriving);
    void let_nonfinite_pass();
    /// `seen` hears how many numbers are missing before any is refused.
    void look_at_all(const Look& look, const std::function<void(Index missing)>& seen = {}) const;
    std::unique_ptr<Open> open_;
    friend class DataFile;
};

/// An opened data file. Its content, not its name, decides the format: HDF5, NPY, or a table in
/// text (see csv.hpp).
///
/// Spelled `FILE`, `FILE:/path/of/dataset`, or `-` for standard input, which only one input of
/// a process may be. A file whose name holds ":/" is itself, if it exists.
///
/// Opening throws Failure::input when there is no such file ("nofile.h5: No such file or
/// directory") and Failure::data when it is none of the formats. All other functions throw
/// Failure::data. Numbers may be any integer of 8 to 64 bits, float32 or float64, in either
/// byte order; everything else, and numbers that are not finite, is refused:
/// "data.h5:/x: row 17, column 2 is nan (3 values are not finite)", counting from 1.
///
/// How a table in text was understood is said by remark(), and what looks wrong in it by doubt()
/// (si/base/remarks.hpp).
///
/// What the attributes of netCDF and MATLAB say of stored numbers is followed (conventions.hpp):
/// packed numbers are unpacked, missing ones are NaN, and rows of MATLAB are rows. That, and what
/// was read of a file that DataWriter did not write, is said by remark().
///
/// What DataWriter wrote is compared with its checksums as it is read.
class DataFile {
  public:
    explicit DataFile(const std::string& spelling);
    DataFile(DataFile&&) noexcept;
    DataFile& operator=(DataFile&&) = delete;
    ~DataFile();

    /// From now on numbers that are not finite are handed on.
    void let_nonfinite_pass();

    /// From now on nothing is said of the order of the axes, which whoever reads knows.
    void trust_order();

    /// From now on text is read by these rules; see read_csv(). Nothing else changes.
    void read_text_by(const CsvRules& rules);

    /// "data.h5", or "standard input".
    const std::string& name() const;
    Format format() const;

    /// The path that was spelled out behind the name of the file; empty where none was.
    const std::string& spelled() const;

    /// The samples of the file: the dataset that was spelled out; else /x, /samples or /data;
    /// else the only numeric one. First axis samples; a dataset of n numbers is n samples of
    /// dimension 1. When there is no such dataset, or several, the error lists them.
    Samples samples() const;

    /// The same samples to be read some at a time. A file is read once before, to refuse what
    /// samples() refuses, in the same words. With Passes::one rows are asked for in their order and
    /// none twice, and a pipe is read while they arrive, when it brings what DataWriter sends or
    /// another HDF5 file with all names first; such numbers are refused where they turn up.
    /// The file must outlive the reader.
    ///
    /// `look` sees all samples before, in order; with Passes::any only. `dataset` is one of its
    /// datasets by name, in the place of the usual one.
    SampleReader reader(Passes passes = Passes::any, const Look& look = {},
                        const std::string& dataset = "") const;

    /// The shape of what such a reader reads, samples first, as an HDF5 file says it. Nothing for
    /// other formats, which are read whole.
    std::optional<std::vector<Index>> shape(const std::string& dataset = "") const;

    /// One dataset by its name, "/x0" or "x0"; nothing when the file has none of that name.
    /// Files other than HDF5 have no names.
    std::optional<Samples> find(const std::string& dataset) const;
    bool has(const std::string& dataset) const;

    /// find(), where a missing dataset is an error that lists what there is.
    Samples at(const std::string& dataset) const;

    /// /weight: how much each of n samples counts, without an own unit; nothing where the file has
    /// none or a dataset was spelled out. Throws Failure::data when they are not n finite numbers,
    /// zero or more, with one above zero.
    std::optional<Vector> weights(Index n) const;

    /// For programs that make nothing of weights: throws Failure::data where weights() has some.
    void refuse_weights() const;

    /// All datasets of the file.
    std::vector<DatasetInfo> list() const;

    /// Attributes of the file, or of one of its datasets, as name and text: single numbers, short
    /// lists of numbers, and text.
    std::vector<std::pair<std::string, std::string>> attributes(
        const std::string& dataset = "") const;

  private:
    struct Opened;
    std::unique_ptr<Opened> opened_;
};

/// The samples() of a file without weights; see DataFile::refuse_weights().
Samples read_samples(const std::string& spelling);

/// An HDF5 file with several datasets, which appears in commit() or not at all; see AtomicFile.
/// Equal contents give equal bytes. Every file says format="si-dataset" (kOwnMark) and
/// format_version=[1, 0].
///
/// All names, shapes and attributes come first in it, then the numbers of one dataset after the
/// other, and last /trailer, the checksums of all of that. So what goes to a pipe ("-") goes there
/// while it is made, and whoever reads it knows that it was all.
///
/// Throws Failure::create when the file cannot be made, Failure::io when writing fails, and
/// Failure::check when a number is not finite or does not fit its type: what is written can be
/// read. The file may be one of the inputs.
class DataWriter {
  public:
    explicit DataWriter(const std::string& file);
    DataWriter(DataWriter&&) noexcept;
    DataWriter& operator=(DataWriter&&) = delete;
    ~DataWriter();

    /// From now on numbers that are not finite are written as they are; else they are refused, with
    /// Failure::check. So are, either way, finite ones that float32 cannot hold.
    void let_nonfinite_pass();

    /// An attribute of the file: text of at most 60000 bytes, or an integer.
    void attribute(const std::string& name, const std::string& value);
    template <std::integral T>
    void attribute(const std::string& name, T value) {
        if constexpr (std::is_signed_v<T>) {
            signed_attribute(name, value);
        } else {
            unsigned_attribute(name, value);
        }
    }

    /// Promises a dataset (n, sample_shape...) of f32, f64 or i64 that append() will fill; {} makes
    /// a dataset of n numbers. All promises, attributes and write() come before the first append().
    void promise(const std::string& dataset, Index n, const std::vector<Index>& sample_shape,
                 ElementType type = ElementType::f64);

    /// The next samples of a promised dataset, one column a sample.
    void append(const std::string& dataset, ConstMatrix values);
    void append(const std::string& dataset, const std::vector<std::int64_t>& values);

    /// Samples d x n as a dataset (n, sample_shape...); the product of the shape is d, and {}
    /// makes a dataset of n numbers. `type` is f32 or f64. They are kept in memory until all that
    /// the file holds is known.
    void write(const std::string& dataset, ConstMatrix values,
               const std::vector<Index>& sample_shape, ElementType type = ElementType::f64);

    /// One integer a sample, such as labels: int64.
    void write(const std::string& dataset, const std::vector<std::int64_t>& values);

    /// Numbers in row-major order of any shape, such as trajectories (n, T, d).
    void write_array(const std::string& dataset, std::span<const double> values,
                     const std::vector<Index>& shape, ElementType type = ElementType::f64);

    /// Puts the file in place. Nothing may be written after it.
    void commit();

  private:
    void signed_attribute(const std::string& name, std::int64_t value);
    void unsigned_attribute(const std::string& name, std::uint64_t value);
    void begin();

    struct Section;
    struct Opened;
    Section& section(const std::string& dataset);
    std::unique_ptr<Opened> opened_;
};

}  // namespace si
