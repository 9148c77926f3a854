#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "si/base/types.hpp"
#include "si/io/samples.hpp"

// What other programs say about the numbers of an HDF5 dataset, in its attributes: the conventions
// of netCDF (Attribute Conventions of the NetCDF Users Guide, and CF 1.10, 2.5 and 8.1), which
// other writers follow too, and those of MATLAB 7.3.

namespace si {

/// An attribute of an HDF5 object.
struct Attribute {
    std::string name;
    std::string text;                      ///< its value; numbers as in "1, 2.5"
    std::vector<double> numbers;           ///< none when it is text
    std::optional<ElementType> type = {};  ///< of the numbers
};

/// How stored numbers are to be read. The default is: as they are.
struct Conventions {
    std::vector<double> missing;  ///< stored numbers that stand for none
    double least = -std::numeric_limits<double>::infinity();
    double most = std::numeric_limits<double>::infinity();  ///< what is outside counts as missing
    bool unpacked_range = false;                            ///< `least`, `most` are of what is read
    double scale = 1, offset = 0;                           ///< read is scale * stored + offset
    bool is_unsigned = false;  ///< integers of a type with a sign are stored, and none is meant
    bool reversed = false;     ///< the axes come in the order of MATLAB, the last one first
    /// What the file fills places with that nobody wrote; nothing where that is 0, or is missing.
    std::optional<double> fill;

    bool packed() const { return scale != 1 || offset != 0; }
    /// Whether numbers are changed on their way.
    bool plain() const;
    /// What is read of numbers stored as `stored`, which is float64 when they are packed or may be
    /// missing and have no NaN.
    ElementType read_as(ElementType stored) const;
    /// Stored numbers to those that are read; missing ones are NaN. Returns how many are missing.
    Index apply(double* numbers, Index count) const;
    /// "packed as 0.01 x + 280; missing where -32767"; empty when there is nothing to say.
    std::string said() const;
};

/// Of a dataset with these attributes and `fill` as the file's own value for what was not written,
/// in a file that netCDF wrote or another one. Throws Failure::data for attributes that make no
/// sense, and for text and empty arrays of MATLAB.
Conventions conventions_of(const std::vector<Attribute>& attributes, ElementType stored,
                           std::optional<double> fill, bool netcdf);

/// What was read of a dataset that another program wrote.
struct ForeignData {
    std::string source;
    Index n = 0;
    std::vector<Index> shape;  ///< of a sample
    ElementType type = ElementType::f64;
    Conventions conventions;
    std::vector<double> first;     ///< the first numbers of the first sample
    std::optional<Index> missing;  ///< how many numbers are, when that is known
};

/// Says it by remark(): "t.nc:/x: 60 samples of 2 numbers (float32), the first 0.1, 2; missing
/// where 9.96921e+36; 2 numbers are missing".
void remark_foreign(const ForeignData& data);

/// True for the dataset that stands for a dimension of a netCDF file and holds nothing.
bool is_bare_dimension(const std::vector<Attribute>& attributes);

/// True for coordinates along an axis, as netCDF and HDF5's dimension scales are.
bool is_dimension_scale(const std::vector<Attribute>& attributes);

}  // namespace si
