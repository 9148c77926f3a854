#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "si/base/error.hpp"
#include "si/io/conventions.hpp"
#include "si/io/samples.hpp"

// HDF5 behind checked handles, for the sources of this folder. It needs no header of HDF5, so
// that users of the library do not either: identifiers are HDF5's hid_t by another name.

namespace si::hdf5 {

using Id = std::int64_t;

/// Sets the library up, once: quiet, and without its handler at exit, which crashes after a
/// failed write. Everything below calls it.
void start();

/// Why the last call failed, in one line, from the deepest record of the error stack: the text
/// of errno when there is one. Clears the stack.
std::string last_error();

/// Throws `kind` with "cannot DOING: reason" when a call returned a negative value.
void check(std::int64_t result, Failure kind, std::string_view doing);

/// Owns one identifier. A forgotten one would keep its file open.
class Handle {
  public:
    using Close = int (*)(Id);

    Handle() = default;
    /// Throws as check() when `id` is negative.
    Handle(Id id, Close closer, Failure kind, std::string_view doing);
    Handle(Handle&& from) noexcept : id_(std::exchange(from.id_, -1)), close_(from.close_) {}
    Handle& operator=(Handle&& from) noexcept {
        std::swap(id_, from.id_);
        std::swap(close_, from.close_);
        return *this;
    }
    ~Handle();

    operator Id() const { return id_; }  // NOLINT(google-explicit-constructor): passed to HDF5

    /// Closes now, and throws as check() when that fails: data may be written only then.
    void close(Failure kind, std::string_view doing);

  private:
    Id id_ = -1;
    Close close_ = nullptr;
};

/// Opens a file for reading, locked against writers where the file system can. Throws
/// Failure::data.
Handle open_file(const std::string& path);

/// The beginning of a file, in memory, as HDF5 reads or makes it. Numbers are not part of it: what
/// is written of them is forgotten, which leaves their place.
struct Head {
    std::string bytes;
    std::uint64_t end = 0;  ///< of the whole file, as the head says
    bool beyond = false;    ///< something was asked for that comes after the bytes
    bool made = false;      ///< here, and not read
    int whole = -1;         ///< when not -1, the descriptor of a whole file, read in place of bytes
};

/// Opens a file by its head, which must stay where it is. Throws Failure::data.
Handle open_head(Head& head);

/// Opens a whole file without a name, by a Head that has its descriptor and its end. The Head must
/// stay where it is. Throws Failure::data.
Handle open_nameless(Head& file);

/// Makes a file whose bytes depend on its contents alone. Its head is whole when it is closed.
Handle create_head(Head& head);

/// Gives a new dataset, of which nothing was written, its place behind all that there is, which
/// is returned. Throws Failure::internal.
std::uint64_t place(Id dataset);

/// The ElementType of a datatype, or how the type is called by people when it is none.
struct TypeAnswer {
    bool known = false;
    ElementType type = ElementType::f64;
    std::string name;
    bool big_endian = false;
};
TypeAnswer element_type(Id datatype);

/// The little-endian datatype of an ElementType; owned by the library.
Id file_type(ElementType type);

// The strict reader. It opens only names it was given, and reads only plain numbers that are
// all there: no links to other files, no unknown filters, no sizes beyond what the file holds.

/// Opens a dataset or group by its full name, following no link out of the file.
Handle open_object(Id file, const std::string& name);

/// The sizes of a dataset; empty for a single number.
std::vector<Index> shape_of(Id dataset);

/// All datasets, groups within groups, in the order of their names. Bounded in depth and number.
std::vector<DatasetInfo> list_datasets(Id file);

/// True when `name` leads to a dataset inside the file. Throws Failure::data when it leads to
/// something that cannot be opened.
bool has_dataset(Id file, const std::string& name);

/// A dataset of numbers that are all there, to be read as often as one likes.
struct OpenDataset {
    Handle object, creation;
    TypeAnswer type;
    std::vector<Index> shape;  ///< rows first
    std::vector<Index> chunk;  ///< of its storage; empty when that is in one piece
    /// Where that piece begins in the file; nothing when the numbers are in chunks or in the head.
    std::optional<std::uint64_t> place = {};
    std::size_t file_size = 0;
    std::optional<double> fill = {};  ///< what its writer chose for numbers that nobody wrote
    Conventions conventions = {};     ///< as its attributes say, once they were asked

    /// The sizes of what is read of it, rows first.
    std::vector<Index> read_shape() const;
};

/// The dataset `name`, after all that can be checked without reading it. `file_size` bounds what
/// can be there. Throws Failure::data.
OpenDataset open_dataset(Id file, const std::string& name, std::size_t file_size);

/// Rows first .. first + count - 1 in row-major order to `values`. Whole chunks are decoded for it.
/// Throws Failure::data.
void read_rows(const OpenDataset& dataset, Index first, Index count, double* values);

/// read_rows() for what is stored in chunks.
void read_chunks(const OpenDataset& dataset, Index first, Index count, double* values);

/// Attributes of each of some objects ("/", "/x") that are single numbers, short lists of numbers
/// or a text. `trusted`: the checksum of the head was right, so that they need no child process to
/// be read in. Throws Failure::data when there is no such object, or when they are damaged.
std::vector<std::vector<Attribute>> attributes_of(Id file, const std::vector<std::string>& objects,
                                                  bool trusted);

}  // namespace si::hdf5
