#include "si/io/conventions.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <doctest/doctest.h>
#include <hdf5.h>

#include "scratch.hpp"
#include "si/base/remarks.hpp"
#include "si/io/dataset.hpp"
#include "si/io/hdf5.hpp"

// What netCDF, MATLAB and others write, made with the C library.

using namespace si;

namespace {

using Sizes = std::vector<hsize_t>;

/// A file of another program, which is closed when it goes out of scope.
class Foreign {
  public:
    explicit Foreign(const std::string& path) {
        hdf5::start();
        file_ = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        REQUIRE(file_ >= 0);
    }
    Foreign(const Foreign&) = delete;
    Foreign& operator=(const Foreign&) = delete;
    ~Foreign() {
        if (set_ >= 0) H5Dclose(set_);
        H5Fclose(file_);
    }

    /// A dataset, which the attributes that follow are of.
    Foreign& dataset(const char* name, hid_t type, const Sizes& shape,
                     const std::vector<double>& values, std::optional<double> fill = {}) {
        if (set_ >= 0) H5Dclose(set_);
        const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
        const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
        if (fill) H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &*fill);
        set_ = H5Dcreate2(file_, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        REQUIRE(set_ >= 0);
        if (!values.empty()) {
            H5Dwrite(set_, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
        }
        H5Pclose(creation);
        H5Sclose(space);
        return *this;
    }
    Foreign& numbers(const char* name, hid_t type, const std::vector<double>& values) {
        const hsize_t count = values.size();
        const hid_t space = H5Screate_simple(1, &count, nullptr);
        const hid_t made = H5Acreate2(owner(), name, type, space, H5P_DEFAULT, H5P_DEFAULT);
        REQUIRE(H5Awrite(made, H5T_NATIVE_DOUBLE, values.data()) >= 0);
        H5Aclose(made);
        H5Sclose(space);
        return *this;
    }
    Foreign& words(const char* name, const char* value) {
        const hid_t space = H5Screate(H5S_SCALAR), type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, std::strlen(value) + 1);
        const hid_t made = H5Acreate2(owner(), name, type, space, H5P_DEFAULT, H5P_DEFAULT);
        REQUIRE(H5Awrite(made, type, value) >= 0);
        H5Aclose(made);
        H5Tclose(type);
        H5Sclose(space);
        return *this;
    }

  private:
    hid_t owner() const { return set_ < 0 ? file_ : set_; }
    hid_t file_ = -1, set_ = -1;
};

/// What a person is told.
class Said : public Progress {
  public:
    void warn(const std::string& sentence) override { warnings += sentence + "\n"; }
    void aside(const std::string& sentence) override { asides += sentence + "\n"; }
    std::string warnings, asides;
};

/// All samples, NaN included.
Matrix numbers_of(const std::string& spelling) {
    DataFile file(spelling);
    file.let_nonfinite_pass();
    return file.samples().values;
}

/// The same by a reader, in two steps.
Matrix streamed(const std::string& spelling) {
    DataFile file(spelling);
    file.let_nonfinite_pass();
    const auto reader = file.reader();
    Matrix all(reader.dim(), reader.n());
    all.leftCols(1) = reader.rows(0, 1);
    all.rightCols(reader.n() - 1) = reader.rows(1, reader.n() - 1);
    return all;
}

const double kNone = std::numeric_limits<double>::quiet_NaN();

void check_row(const Matrix& found, const std::vector<double>& right) {
    REQUIRE(found.size() == std::ssize(right));
    for (Index i = 0; i < found.size(); ++i) {
        const double value = right[static_cast<std::size_t>(i)];
        INFO(i, ": ", found.data()[i], " for ", value);
        CHECK((std::isnan(value) ? std::isnan(found.data()[i]) : found.data()[i] == value));
    }
}

}  // namespace

TEST_CASE("packed numbers are unpacked, and missing ones are not numbers") {
    const Scratch scratch;
    const auto file = scratch / "t.nc";
    Foreign(file)
        .words("_NCProperties", "version=2")
        .dataset("t", H5T_STD_I16LE, {4}, {95, -32767, 0, -400}, -32767)
        .numbers("_FillValue", H5T_STD_I16LE, {-32767})
        .numbers("scale_factor", H5T_IEEE_F64LE, {0.25})
        .numbers("add_offset", H5T_IEEE_F64LE, {280});
    check_row(numbers_of(file), {280 + 0.25 * 95, kNone, 280, 180});
    check_row(streamed(file), {280 + 0.25 * 95, kNone, 280, 180});
    Said said;
    {
        const Hearing hearing(said);
        CHECK(failure([&] { read_samples(file); }) ==
              "65 " + file + ":/t: row 2 is nan (1 value is not finite)");
    }
    CHECK(said.asides == file +
                             ":/t: 4 samples of 1 number (float64), the first 303.75; packed, 0.25 "
                             "x + 280; missing where stored as -32767; 1 number is missing\n");
    CHECK(DataFile(file).list()[0].readable);
}

TEST_CASE("what netCDF fills in is missing, and only a doubt in other files") {
    const Scratch scratch;
    const auto netcdf = scratch / "f.nc", plain = scratch / "f.h5", bytes = scratch / "b.nc";
    constexpr double kFill = 9.969209968386869e36;
    Foreign(netcdf)
        .words("_NCProperties", "version=2")
        .dataset("x", H5T_IEEE_F32LE, {3}, {1, kFill, 2}, kFill);
    check_row(numbers_of(netcdf), {1, kNone, 2});
    Foreign(plain).dataset("x", H5T_IEEE_F64LE, {3}, {1, -999, 2}, -999);
    Said said;
    {
        const Hearing hearing(said);
        check_row(numbers_of(plain), {1, -999, 2});
    }
    CHECK(said.warnings == plain +
                               ":/x: 1 number is -999, which its writer chose for what was not "
                               "written, and counts as any other\n");
    // A byte takes all of its values.
    Foreign(bytes)
        .words("_NCProperties", "version=2")
        .dataset("x", H5T_STD_U8LE, {3}, {1, 255, 2}, 255);
    check_row(numbers_of(bytes), {1, 255, 2});
}

TEST_CASE("several missing values, ranges and integers without a sign") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    Foreign(file)
        .dataset("several", H5T_IEEE_F64LE, {4}, {-99, 1, -98, 2})
        .numbers("missing_value", H5T_IEEE_F64LE, {-99, -98})
        .dataset("ranged", H5T_STD_I16LE, {4}, {-1, 0, 100, 101})
        .numbers("valid_range", H5T_STD_I16LE, {0, 100})
        .numbers("scale_factor", H5T_IEEE_F32LE, {0.5})
        .dataset("unpacked", H5T_STD_I16LE, {4}, {-1, 0, 100, 101})
        .numbers("valid_min", H5T_IEEE_F32LE, {0})
        .numbers("valid_max", H5T_IEEE_F32LE, {50})
        .numbers("scale_factor", H5T_IEEE_F32LE, {0.5})
        .dataset("unsigned", H5T_STD_I8LE, {4}, {-1, -2, 3, 4})
        .words("_Unsigned", "true")
        .numbers("_FillValue", H5T_STD_I8LE, {-1})
        .dataset("as_text", H5T_IEEE_F32LE, {2}, {-9.75, 1})
        .words("missing_value", "-9.75");
    check_row(numbers_of(file + ":/several"), {kNone, 1, kNone, 2});
    check_row(numbers_of(file + ":/ranged"), {kNone, 0, 50, kNone});
    check_row(numbers_of(file + ":/unpacked"), {kNone, 0, 50, kNone});
    check_row(numbers_of(file + ":/unsigned"), {kNone, 254, 3, 4});
    check_row(numbers_of(file + ":/as_text"), {kNone, 1});
}

TEST_CASE("attributes that make no sense are refused by their name") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    Foreign(file)
        .dataset("zero", H5T_STD_I16LE, {2}, {1, 2})
        .numbers("scale_factor", H5T_IEEE_F64LE, {0})
        .dataset("word", H5T_STD_I16LE, {2}, {1, 2})
        .words("add_offset", "much")
        .dataset("range", H5T_STD_I16LE, {2}, {1, 2})
        .numbers("valid_range", H5T_STD_I16LE, {5, 1});
    CHECK(failure([&] { numbers_of(file + ":/zero"); }) ==
          "65 " + file + ":/zero: its attribute scale_factor is 0");
    CHECK(failure([&] { numbers_of(file + ":/word"); }) ==
          "65 " + file + ":/word: its attribute add_offset is 'much', which is no number");
    CHECK(failure([&] { numbers_of(file + ":/range"); }) ==
          "65 " + file +
              ":/range: its attribute valid_range is 5, 1, and should be two numbers, the lower "
              "first");
}

TEST_CASE("rows of MATLAB are rows, and images keep their axes") {
    const Scratch scratch;
    const auto file = scratch / "m.mat";
    // In MATLAB, X is [1 2; 3 4; 5 6], and A has 2 x 3 x 2 numbers, A(i, j, k) = 100 i + 10 j + k.
    Foreign(file)
        .dataset("X", H5T_IEEE_F64LE, {2, 3}, {1, 3, 5, 2, 4, 6})
        .words("MATLAB_class", "double")
        .dataset("A", H5T_IEEE_F64LE, {2, 3, 2},
                 {111, 211, 121, 221, 131, 231, 112, 212, 122, 222, 132, 232})
        .words("MATLAB_class", "double")
        .dataset("row", H5T_IEEE_F64LE, {3, 1}, {7, 8, 9})
        .words("MATLAB_class", "double")
        .dataset("name", H5T_STD_U16LE, {2, 1}, {72, 105})
        .words("MATLAB_class", "char");
    Matrix rows(2, 3);
    rows << 1, 3, 5, 2, 4, 6;
    CHECK(numbers_of(file + ":/X") == rows);
    CHECK(streamed(file + ":/X") == rows);
    const auto images = DataFile(file + ":/A").samples();
    CHECK(images.shape == std::vector<Index>{3, 2});
    REQUIRE(images.n() == 2);
    check_row(images.values.col(1), {211, 212, 221, 222, 231, 232});
    check_row(numbers_of(file + ":/row"), {7, 8, 9});
    CHECK(DataFile(file + ":/row").samples().n() == 3);
    CHECK(failure([&] { numbers_of(file + ":/name"); }) ==
          "65 " + file + ":/name: holds text of MATLAB, which is not read");
    for (const auto& info : DataFile(file).list()) {
        if (info.name == "/X") CHECK(info.shape == std::vector<Index>{3, 2});
        if (info.name == "/row") CHECK(info.shape == std::vector<Index>{3, 1});
        CHECK(info.readable == (info.name != "/name"));
    }
}

TEST_CASE("a dimension without numbers stops nothing, and coordinates are not samples") {
    const Scratch scratch;
    const auto file = scratch / "d.nc";
    Foreign(file)
        .words("_NCProperties", "version=2")
        .dataset("obs", H5T_IEEE_F32BE, {3}, {})
        .words("CLASS", "DIMENSION_SCALE")
        .words("NAME", "This is a netCDF dimension but not a netCDF variable.         3")
        .dataset("time", H5T_IEEE_F64LE, {3}, {0, 6, 12})
        .words("CLASS", "DIMENSION_SCALE")
        .words("NAME", "time")
        .dataset("t2m", H5T_IEEE_F64LE, {3}, {1, 2, 3});
    CHECK(DataFile(file).samples().source == file + ":/t2m");
    const auto all = DataFile(file).list();
    REQUIRE(all.size() == 3);
    CHECK(all[0].note == "a dimension of netCDF, which holds nothing");
    CHECK(!all[0].readable);
    CHECK(all[2].readable);
}

TEST_CASE("whole numbers that a double does not hold are told") {
    const Scratch scratch;
    const auto file = scratch / "i.h5";
    Foreign(file).dataset("x", H5T_STD_I64LE, {3, 1}, {1, 9007199254740992, 4e18});
    Said said;
    {
        const Hearing hearing(said);
        CHECK(streamed(file)(0, 2) == 4e18);
    }
    CHECK(said.warnings.find(": row 3, column 1: 4e+18 is beyond 2^53") != std::string::npos);
}
