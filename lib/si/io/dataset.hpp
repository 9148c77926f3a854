#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "si/base/types.hpp"
#include "si/io/samples.hpp"

namespace si {

enum class Format { hdf5, npy, csv };

/// "HDF5", "NPY", "CSV".
std::string_view to_text(Format format);

/// Samples of a file, some at a time. Those of an HDF5 file stay there until they are asked for;
/// of other formats all are in memory.
class SampleReader {
  public:
    SampleReader(SampleReader&&) noexcept;
    ~SampleReader();

    Index n() const;
    Index dim() const;
    const std::string& source() const;  ///< "data.h5:/x"

    /// Samples first .. first + count - 1, one column a sample. Throws Failure::data when the file
    /// is damaged, or has changed so that numbers are not finite.
    Matrix rows(Index first, Index count) const;

    /// The least number of rows, `wanted` or more, such that reading in steps of it reads nothing
    /// twice.
    Index step(Index wanted) const;

  private:
    struct Open;
    explicit SampleReader(std::unique_ptr<Open> open);
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
class DataFile {
  public:
    explicit DataFile(const std::string& spelling);
    DataFile(DataFile&&) noexcept;
    DataFile& operator=(DataFile&&) = delete;
    ~DataFile();

    /// "data.h5", or "standard input".
    const std::string& name() const;
    Format format() const;

    /// The samples of the file: the dataset that was spelled out; else /x, /samples or /data;
    /// else the only numeric one. First axis samples; a dataset of n numbers is n samples of
    /// dimension 1. When there is no such dataset, or several, the error lists them.
    Samples samples() const;

    /// The same samples to be read some at a time, after one pass over all of them that refuses
    /// what samples() refuses, in the same words. The file must outlive the reader.
    SampleReader reader() const;

    /// One dataset by its name, "/x0" or "x0"; nothing when the file has none of that name.
    /// Files other than HDF5 have no names.
    std::optional<Samples> find(const std::string& dataset) const;
    bool has(const std::string& dataset) const;

    /// find(), where a missing dataset is an error that lists what there is.
    Samples at(const std::string& dataset) const;

    /// All datasets of the file.
    std::vector<DatasetInfo> list() const;

    /// Attributes of the file, as name and text: single numbers, short lists of numbers, and
    /// text of fixed length.
    std::vector<std::pair<std::string, std::string>> attributes() const;

  private:
    struct Opened;
    std::unique_ptr<Opened> opened_;
};

/// DataFile(spelling).samples().
Samples read_samples(const std::string& spelling);

/// An HDF5 file with several datasets, which appears in commit() or not at all; see AtomicFile,
/// also for "-". Equal contents give equal bytes. Every file says format="si-dataset" and
/// format_version=[1, 0].
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

    /// Samples d x n as a dataset (n, sample_shape...); the product of the shape is d, and {}
    /// makes a dataset of n numbers. `type` is f32 or f64.
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

    struct Opened;
    std::unique_ptr<Opened> opened_;
};

}  // namespace si
