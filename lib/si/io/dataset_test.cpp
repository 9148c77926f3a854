#include "si/io/dataset.hpp"

#include <limits>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.hpp"
#include "si/io/csv.hpp"
#include "si/io/npy.hpp"

using namespace si;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string opening(const std::string& spelling) {
    return failure([&] { read_samples(spelling); });
}

/// A file with two sets of samples and what belongs to them.
void write_pairs(const std::string& file) {
    DataWriter out(file);
    out.attribute("command", "si-data moons -n 3");
    out.attribute("seed", std::uint64_t{18446744073709551615U});
    out.attribute("shift", -3);
    out.attribute("empty", "");
    Matrix x(4, 3);
    x << 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12;
    out.write("x0", x, {2, 2});
    out.write("x1", -x, {4}, ElementType::f32);
    out.write("label", std::vector<std::int64_t>{7, 8, 9});
    out.write("log_density", x.topRows(1), {});
    out.write_array("trajectory", {x.data(), 12}, {3, 2, 2});
    out.commit();
}

}  // namespace

TEST_CASE("what is written reads back, with names, shapes and types") {
    const Scratch scratch;
    const auto file = scratch / "pairs.h5";
    write_pairs(file);
    const DataFile data(file);
    CHECK(data.format() == Format::hdf5);
    CHECK(data.name() == file);
    const auto x0 = data.at("/x0");
    CHECK(x0.n() == 3);
    CHECK(x0.dim() == 4);
    CHECK(x0.shape == std::vector<Index>{2, 2});
    CHECK(x0.values.col(0) == Vector{{1, 4, 7, 10}});
    CHECK(x0.type == ElementType::f64);
    CHECK(x0.source == file + ":/x0");
    CHECK(data.find("x1")->type == ElementType::f32);
    CHECK(data.at("x1").values == -x0.values);
    CHECK(data.at("label").values == Matrix{{7, 8, 9}});
    CHECK(data.at("label").type == ElementType::i64);
    CHECK(data.at("log_density").shape == std::vector<Index>{1});
    CHECK(data.at("log_density").values == Matrix{{1, 2, 3}});
    CHECK(data.at("trajectory").shape == std::vector<Index>{2, 2});
    CHECK(data.has("x0"));
    CHECK(!data.has("weight"));
    CHECK(!data.has("x0/deeper"));
    CHECK(!data.has("/"));
    CHECK(!data.find("weight").has_value());
    CHECK(read_samples(file + ":/x1").values == -x0.values);

    std::string listed;
    for (const auto& info : data.list()) {
        listed += info.name + " " + shape_text(info.shape) + " " + info.type + "\n";
    }
    CHECK(listed ==
          "/label 3 int64\n/log_density 3 float64\n/trajectory 3 x 2 x 2 float64\n"
          "/x0 3 x 2 x 2 float64\n/x1 3 x 4 float32\n");
    std::string attributes;
    for (const auto& [name, value] : data.attributes()) attributes += name + "=" + value + "\n";
    CHECK(attributes ==
          "command=si-data moons -n 3\nformat=si-dataset\nformat_version=1, 0\n"
          "seed=18446744073709551615\nshift=-3\n");
}

TEST_CASE("equal contents give equal bytes") {
    const Scratch scratch;
    write_pairs(scratch / "a.h5");
    ::usleep(1100000);  // a clock that counts seconds would show
    write_pairs(scratch / "b.h5");
    CHECK(slurp(scratch / "a.h5") == slurp(scratch / "b.h5"));
}

TEST_CASE("columns of a larger matrix are written without what lies between") {
    const Scratch scratch;
    const Matrix x = Matrix::Random(5, 7);
    DataWriter out(scratch / "x.h5");
    out.write("x", x.block(1, 2, 3, 4), {3});
    out.commit();
    CHECK(read_samples(scratch / "x.h5").values == x.block(1, 2, 3, 4));
}

TEST_CASE("without commit there is no file; the output may be the input") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    { DataWriter(file).write("x", Matrix::Ones(2, 2), {2}); }
    CHECK(scratch.count() == 0);
    write_pairs(file);
    const DataFile data(file);
    DataWriter out(file);
    out.write("x", data.at("x0").values, {4});
    out.commit();
    CHECK(read_samples(file).values == data.at("x0").values);
    CHECK(scratch.count() == 1);
}

TEST_CASE("the usual names come first, then the only numeric dataset") {
    const Scratch scratch;
    const auto file = scratch / "f.h5";
    const auto write = [&](std::initializer_list<const char*> names) {
        DataWriter out(file);
        double value = 0;
        for (const char* name : names) out.write(name, Matrix::Constant(1, 2, ++value), {1});
        out.commit();
    };
    write({"data", "samples", "x", "other"});
    CHECK(read_samples(file).source == file + ":/x");
    write({"data", "samples"});
    CHECK(read_samples(file).source == file + ":/samples");
    write({"data", "y"});
    CHECK(read_samples(file).source == file + ":/data");
    write({"y"});
    CHECK(read_samples(file).source == file + ":/y");
    write({"y", "z"});
    CHECK(opening(file) == "65 " + file + ": choose a dataset, as in " + file +
                               ":/y; there are: /y (2 x 1 float64), /z (2 x 1 float64)");
    CHECK(opening(file + ":/q") == "65 " + file +
                                       ": no dataset /q; there are: /y (2 x 1 float64), "
                                       "/z (2 x 1 float64)");
    write({});
    CHECK(opening(file) == "65 " + file + ": no numeric dataset; it holds no datasets");
}

TEST_CASE("content decides the format, and a colon may be part of a name") {
    const Scratch scratch;
    const Matrix x = Matrix::Random(2, 5);
    write_csv(scratch / "table.h5", x);
    write_npy(scratch / "array.csv", x, {2});
    CHECK(read_samples(scratch / "table.h5").values == x);
    const DataFile array(scratch / "array.csv");
    CHECK(array.format() == Format::npy);
    CHECK(array.samples().values == x);
    CHECK(array.list().at(0).shape == std::vector<Index>{5, 2});
    CHECK(!array.has("x"));
    CHECK(array.attributes().empty());
    CHECK(failure([&] { array.at("x0"); }) ==
          "65 " + (scratch / "array.csv") + ": no dataset /x0; it is NPY");
    CHECK(opening(scratch / "table.h5:/x") ==
          "65 " + (scratch / "table.h5") + ": is CSV, which has no dataset /x");

    std::filesystem::create_directory(scratch / "a:");
    write_csv(scratch / "a:/b.csv", x);
    CHECK(read_samples(scratch / "a:/b.csv").values == x);
    write_pairs(scratch / "a:/b.h5");
    CHECK(read_samples(scratch / "a:/b.h5:/x0").n() == 3);
    write_pairs(scratch / "b.h5");
    spill(scratch / "userblock.h5", std::string(1024, '\0') + slurp(scratch / "b.h5"));
    CHECK(DataFile(scratch / "userblock.h5").format() == Format::hdf5);
}

TEST_CASE("what is no data file is refused, and named when it is known") {
    const Scratch scratch;
    const auto file = scratch / "f";
    const auto holding = [&](std::string_view bytes) { return opening(spill(file, bytes)); };
    CHECK(opening("nofile.h5") == "66 nofile.h5: No such file or directory");
    CHECK(opening("nofile.h5:/x") == "66 nofile.h5: No such file or directory");
    CHECK(opening(scratch.path()) == "66 " + scratch.path() + ": Is a directory");
    CHECK(holding("") == "65 " + file + ": is empty");
    CHECK(holding(std::string(100, '\0')) ==
          "65 " + file + ": is not HDF5, NPY or a table in text");
    CHECK(holding("{\"format\": \"si-model\"}") == "65 " + file + ": is JSON, not data");
    CHECK(holding("PK\x03\x04...") ==
          "65 " + file + ": is a zip archive (.npz?); save one array with numpy.save");
    CHECK(holding("1,2\n3,abc\n") == "65 " + file + ":2: column 2: 'abc' is not a number");
    write_pairs(file);
    const auto whole = slurp(file);
    CHECK(holding(whole.substr(0, whole.size() - 8))
              .starts_with("65 " + file + ": damaged HDF5 file: truncated file: eof = "));
    CHECK(holding("\x93NUMPY") == "65 " + file + ": truncated NPY header");
    CHECK(holding("\x89HDF\r\n\x1a\n").starts_with("65 " + file + ": damaged HDF5 file: "));
}

TEST_CASE("numbers that are not finite are named, counted and refused") {
    const Scratch scratch;
    Matrix x = Matrix::Zero(3, 20);
    x(1, 16) = kNan;
    x(2, 16) = -INFINITY;
    x(0, 19) = kNan;
    std::string rows;
    for (Index j = 0; j < 20; ++j) {
        rows += text(x(0, j), ",", x(1, j), ",", x(2, j), "\n");
    }
    const auto file = spill(scratch / "x.csv", rows);
    CHECK(opening(file) == "65 " + file + ": row 17, column 2 is nan (3 values are not finite)");
    CHECK(opening(spill(file, "1\ninf\n")) ==
          "65 " + file + ": row 2 is inf (1 value is not finite)");
    CHECK(failure([&] {
              DataWriter out(scratch / "x.h5");
              out.write("x", x, {3});
          }) ==
          "1 " + (scratch / "x.h5") + ":/x: row 17, column 2 is nan (3 values are not finite)");
    CHECK(failure([&] {
              DataWriter out(scratch / "x.h5");
              out.write("x", Matrix::Constant(1, 2, 1e39), {1}, ElementType::f32);
          }) == "1 " + (scratch / "x.h5") + ":/x: row 1 is 1e+39, which float32 cannot hold");
    CHECK(scratch.count() == 1);
}

TEST_CASE("all formats pass through standard input and output") {
    const Scratch scratch;
    ::setenv("TMPDIR", scratch.path().c_str(), 1);
    const auto h5 = scratch / "x.h5", csv = scratch / "x.csv", npy = scratch / "x.npy";
    write_pairs(h5);
    const Matrix x = read_samples(h5 + ":/x0").values;
    write_csv(csv, x);
    write_npy(npy, x, {4});
    for (const auto& row : {std::pair(h5, "-:/x0"), std::pair(csv, "-"), std::pair(npy, "-")}) {
        const auto& file = row.first;
        const auto& spelling = row.second;
        CHECK(in_child([&] {
                  int ends[2];
                  if (::pipe(ends) != 0) return 1;
                  const auto bytes = slurp(file);  // less than a pipe holds
                  if (::write(ends[1], bytes.data(), bytes.size()) != std::ssize(bytes)) return 2;
                  ::close(ends[1]);
                  ::dup2(ends[0], STDIN_FILENO);
                  const DataFile data(spelling);
                  if (data.samples().values != x) return 4;
                  // The copy has no name by which others could read it, or that could be left.
                  if (scratch.count() != 3 || data.name() != "standard input") return 3;
                  const auto again = failure([] { DataFile second("-"); });
                  return again.starts_with("64 standard input") ? 0 : 5;
              }) == 0);
    }
    CHECK(in_child([&] {
              ::dup2(::open(csv.c_str(), O_WRONLY | O_TRUNC), STDOUT_FILENO);
              write_pairs("-");
              return 0;
          }) == 0);
    CHECK(slurp(csv) == slurp(h5));
    ::unsetenv("TMPDIR");
    CHECK(scratch.count() == 3);
}

TEST_CASE("descriptors that run out are no damage of a file") {
    const Scratch scratch;
    const auto h5 = scratch / "x.h5", csv = scratch / "x.csv";
    write_pairs(h5);
    write_csv(csv, read_samples(h5 + ":/x0").values);
    for (const auto& file : {h5, csv}) {
        bool refused = false;
        for (rlim_t most = 3; most < 12; ++most) {
            const int status = in_child([&] {
                const rlimit few{most, most};
                ::setrlimit(RLIMIT_NOFILE, &few);
                const auto said = failure([&] { read_samples(file == h5 ? h5 + ":/x0" : csv); });
                if (said == "no error") return 0;
                return said == "71 " + file + ": Too many open files" ? 71 : 1;
            });
            CHECK((status == 0 || status == 71));
            refused = refused || status == 71;
        }
        CHECK(refused);
    }
}

TEST_CASE("a named pipe is an input like any other") {
    const Scratch scratch;
    const auto file = scratch / "x.h5", pipe = scratch / "pipe";
    write_pairs(file);
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const pid_t writer = ::fork();
    if (writer == 0) {
        spill(pipe, slurp(file));
        std::_Exit(0);
    }
    CHECK(read_samples(pipe + ":/x1").n() == 3);
    ::waitpid(writer, nullptr, 0);
}
