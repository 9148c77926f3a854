#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "si/base/error.hpp"
#include "si/base/progress.hpp"
#include "si/base/spec.hpp"
#include "si/base/types.hpp"

// Samples in memory with their shape and the type of their file, and lists of the datasets of a
// file.

namespace si {

/// The numbers that data files hold.
enum class ElementType { i8, i16, i32, i64, u8, u16, u32, u64, f32, f64 };

/// "int8", "uint64", "float32", ... as NumPy calls them.
std::string_view to_text(ElementType type);

/// Bytes of one number.
Index size_of(ElementType type);

/// A batch of n samples, as double whatever the file held.
struct Samples {
    Matrix values;                        ///< d x n, one column a sample
    std::vector<Index> shape;             ///< of one sample: {2}, {1, 28, 28}; its product is d
    std::string source;                   ///< where it came from, for messages: "data.h5:/x"
    ElementType type = ElementType::f64;  ///< as it was in the file
    std::vector<std::string> columns;     ///< names of columns, where a text file has them

    Index n() const { return values.cols(); }
    Index dim() const { return values.rows(); }
};

/// One dataset of a file, as a list shows it.
struct DatasetInfo {
    std::string name;          ///< "/group/x"; empty in a file that holds one array
    std::vector<Index> shape;  ///< of the whole dataset, samples first
    std::string type;          ///< "float32", or what a type is that cannot be read
    bool readable = true;      ///< numeric, more than a single number, and written
    std::string note = {};     ///< why it is not readable, where that is not its type
    bool scale = false;        ///< coordinates along an axis of other datasets
};

/// "100 x 28 x 28".
std::string shape_text(const std::vector<Index>& shape);

/// "1 row", "3 rows".
std::string counted(Index n, std::string_view one, std::string_view many);

/// Product of the sizes; 1 for no sizes. Throws Failure::data when a size is negative or the
/// product is above 2^40.
Index count_of(const std::vector<Index>& shape);

/// Throws Failure::usage, in the name of -n, when n samples of dim numbers are more than count_of()
/// takes.
void require_countable(Index n, Index dim);

/// Throws `kind` when a number is NaN, infinite, or too large for `type`:
/// "row 17, column 2 is nan (3 values are not finite)". Rows and columns count from 1, a column
/// being a number of the flattened sample; `first` rows came before these.
void require_finite(ConstMatrix values, Failure kind, ElementType type = ElementType::f64,
                    Index first = 0);

/// Throws as require_finite() for finite numbers that are too large for `type`.
void require_representable(ConstMatrix values, Failure kind, ElementType type, Index first = 0);

/// What becomes of samples with a number that is not finite, in any of the sets that belong
/// together row by row. Not everything that reads samples can do each of these.
enum class Nonfinite { refuse, drop, keep };
template <>
struct Setting<Nonfinite> {
    static std::string value() { return "no|drop|keep"; }
    static Nonfinite from_text(std::string_view word);
    static Nonfinite from_json(const Json& node) {
        return from_text(Setting<std::string>::from_json(node));
    }
    static Json to_json(Nonfinite v);
};

/// Removes such samples from all sets, which have as many columns or none at all, and warns of
/// their number in the name of `source`.
void drop_nonfinite(const std::string& source, const std::vector<Matrix*>& sets,
                    Progress& progress);

/// The same of numbers that come one part after another.
class FiniteCheck {
  public:
    /// False once something was not finite.
    bool add(ConstMatrix values, ElementType type = ElementType::f64);
    /// Throws when something was not.
    void require_all(Failure kind) const;

  private:
    friend void require_finite(ConstMatrix, Failure, ElementType, Index);
    Index rows_ = 0, bad_ = 0, row_ = 0, column_ = 0;  ///< the last two of the first of them
    Index dim_ = 1;
    double value_ = 0;
};

/// The name of the dataset that holds the checksums of a file's head and of its other datasets in
/// the order of their places, after a 1 that says that it is complete.
inline constexpr std::string_view kTrailer = "/trailer";

/// Numbers of a type, as they lie in a file, as double: `count` of them, big-endian or
/// little-endian, one after another.
void convert_numbers(ElementType type, const char* from, Index count, bool big_endian, double* to);

/// Numbers of an array of this shape whose first index runs fastest, as columns that are its rows:
/// the last index runs fastest in them.
Matrix from_fortran(ConstMatrix values, const std::vector<Index>& shape);

/// Tells by doubt() the first whole number of 64 bits that is so large that a double does not hold
/// all of its size; `first` rows came before these.
void doubt_large_integers(const std::string& source, ElementType type, ConstMatrix values,
                          Index first = 0);

/// Tells by doubt() of samples with a shape that another order of axes explains better: channels
/// last, or samples in columns. `n` of them.
void doubt_order(const std::string& source, Index n, const std::vector<Index>& shape);

/// True for (height, width, channels) with 3 or 4 channels.
bool has_channels_last(const std::vector<Index>& shape);

/// Throws Failure::data unless samples have as many coordinates as what they go with: "a.h5:/x:
/// samples have 3 coordinates, those of the reference 2", where `other` is "those of the
/// reference".
void require_coordinates(const std::string& source, Index found, std::string_view other,
                         Index wanted);
inline constexpr std::string_view kReference = "those of the reference";

/// An uninitialised d x n matrix; throws Failure::resource when it does not fit into memory.
Matrix allocate(Index d, Index n);

}  // namespace si
