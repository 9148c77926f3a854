#include "si/io/hdf5.hpp"

#include <array>
#include <cstring>
#include <limits>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <hdf5.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "scratch.hpp"
#include "si/io/dataset.hpp"

// Files that our own writer never makes, made with the C library.

using namespace si;

namespace {

using Sizes = std::vector<hsize_t>;

/// A file to put datasets into; closed when it goes out of scope.
struct Raw {
    explicit Raw(const std::string& path) {
        hdf5::start();
        file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        REQUIRE(file >= 0);
    }
    Raw(const Raw&) = delete;
    Raw& operator=(const Raw&) = delete;
    ~Raw() { H5Fclose(file); }

    /// Numbers 1, 2, 3, ... of a type; `shape` {} makes a single number.
    void add(const char* name, hid_t type, const Sizes& shape, hid_t creation = H5P_DEFAULT,
             bool write = true) const {
        const hid_t space =
            shape.empty() ? H5Screate(H5S_SCALAR)
                          : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
        const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        REQUIRE(set >= 0);
        hsize_t count = 1;
        for (const auto size : shape) count *= size;
        std::vector<double> values(write ? count : 0);
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i + 1);
        if (write) H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
        H5Dclose(set);
        H5Sclose(space);
    }

    hid_t file = -1;
};

struct Chunks {
    explicit Chunks(const Sizes& chunk) {
        list = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_chunk(list, static_cast<int>(chunk.size()), chunk.data());
    }
    Chunks(const Chunks&) = delete;
    Chunks& operator=(const Chunks&) = delete;
    ~Chunks() { H5Pclose(list); }
    hid_t list = -1;
};

std::string opening(const std::string& spelling) {
    return failure([&] { read_samples(spelling); });
}

}  // namespace

TEST_CASE("every integer and float type is read in both byte orders") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    Matrix expected(3, 2);
    expected << 1, 4, 2, 5, 3, 6;
    const hid_t big[] = {H5T_STD_I8BE,   H5T_STD_I16BE, H5T_STD_I32BE, H5T_STD_I64BE,
                         H5T_STD_U8BE,   H5T_STD_U16BE, H5T_STD_U32BE, H5T_STD_U64BE,
                         H5T_IEEE_F32BE, H5T_IEEE_F64BE};
    for (std::size_t i = 0; i < 10; ++i) {
        const auto type = static_cast<ElementType>(i);
        Raw(file).add("x", hdf5::file_type(type), {2, 3});
        CHECK(read_samples(file).values == expected);
        CHECK(read_samples(file).type == type);
        Raw(file).add("x", big[i], {2, 3});
        CHECK(read_samples(file).values == expected);
        CHECK(read_samples(file).type == type);
    }
}

TEST_CASE("chunked, compressed and checked datasets are read; groups and soft links lead there") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    {
        const Raw raw(file);
        const Chunks chunks({4, 2});
        H5Pset_shuffle(chunks.list);
        H5Pset_deflate(chunks.list, 4);
        H5Pset_fletcher32(chunks.list);
        H5Gclose(H5Gcreate2(raw.file, "data", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        raw.add("data/train", H5T_IEEE_F32LE, {10, 3}, chunks.list);
        H5Lcreate_soft("/data/train", raw.file, "same", H5P_DEFAULT, H5P_DEFAULT);
        H5Lcreate_hard(raw.file, "data", raw.file, "data/loop", H5P_DEFAULT, H5P_DEFAULT);
    }
    CHECK(read_samples(file + ":/data/train").values(2, 9) == 30);
    CHECK(read_samples(file + ":/same").values(0, 1) == 4);
    CHECK(DataFile(file).has("data/train"));
    CHECK(!DataFile(file).has("data"));
    CHECK(!DataFile(file).has("data/none/train"));
    CHECK(DataFile(file).list().size() >= 1);
}

TEST_CASE("chunks of any shape, filter and size come together") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    for (const Sizes& chunk : {Sizes{1, 1, 1}, Sizes{3, 2, 5}, Sizes{4, 2, 4}, Sizes{7, 3, 5}}) {
        for (int filters = 0; filters < 8; ++filters) {
            const Chunks chunks(chunk);
            if ((filters & 1) != 0) H5Pset_shuffle(chunks.list);
            if ((filters & 2) != 0) H5Pset_fletcher32(chunks.list);
            if ((filters & 4) != 0) H5Pset_deflate(chunks.list, 9);
            for (const hid_t type : {H5T_IEEE_F64LE, H5T_STD_I16BE, H5T_STD_U8LE}) {
                Raw(file).add("x", type, {7, 3, 5}, chunks.list);
                const auto x = read_samples(file);
                CHECK(x.shape == std::vector<Index>{3, 5});
                CHECK(x.values.reshaped() == Vector::LinSpaced(105, 1, 105));
            }
        }
    }
}

TEST_CASE("any rows are read as they are in the whole, from one piece or from chunks") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    for (const Sizes& shape : {Sizes{11, 3, 5}, Sizes{11, 3}, Sizes{11}}) {
        for (const hsize_t rows : {0, 1, 3, 4, 11}) {  // of a chunk
            Sizes chunk(shape.size(), 2);
            chunk[0] = std::max<hsize_t>(rows, 1);
            const Chunks chunks(chunk);
            H5Pset_deflate(chunks.list, 1);
            Raw(file).add("x", H5T_STD_I32BE, shape, rows > 0 ? chunks.list : H5P_DEFAULT);
            const DataFile data(file);
            const auto reader = data.reader();
            const Matrix all = data.samples().values;
            CHECK(reader.n() == 11);
            CHECK(reader.dim() == all.rows());
            CHECK(reader.source() == file + ":/x");
            for (Index first = 0; first < 11; ++first) {
                for (Index count = 1; first + count <= 11; ++count) {
                    CHECK(reader.rows(first, count) == all.middleCols(first, count));
                }
            }
            CHECK(reader.step(5) == (rows < 2 ? 5 : rows == 3 ? 6 : rows == 4 ? 8 : 11));
        }
    }
}

TEST_CASE("a reader refuses numbers that are not finite before it gives any") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    for (const bool chunked : {false, true}) {
        {
            const Raw raw(file);
            const Chunks chunks({4, 3});
            raw.add("x", H5T_IEEE_F64LE, {20, 3}, chunked ? chunks.list : H5P_DEFAULT);
            std::vector<double> values(60, 1);
            values[3 * 16 + 1] = values[3 * 19] = std::numeric_limits<double>::infinity();
            const hid_t set = H5Dopen2(raw.file, "x", H5P_DEFAULT);
            H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
            H5Dclose(set);
        }
        const auto why = "65 " + file + ":/x: row 17, column 2 is inf (2 values are not finite)";
        CHECK(failure([&] { DataFile(file).reader(); }) == why);
        CHECK(opening(file) == why);
    }
    CHECK(failure([&] { DataFile(file + ":/y").reader(); }) ==
          failure([&] { DataFile(file + ":/y").samples(); }));
}

TEST_CASE("what cannot be read as samples says why") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    const auto reason = [&](const std::function<void(const Raw&)>& fill) {
        fill(Raw(file));
        const auto error = opening(file + ":/x");
        const auto place = "65 " + file + ":/x: ";
        return error.starts_with(place) ? error.substr(place.size()) : error;
    };
    CHECK(reason([](const Raw& raw) { raw.add("x", H5T_IEEE_F64LE, {}); }) ==
          "is a single number, not a data set");
    CHECK(reason([](const Raw& raw) {
              raw.add("x", H5T_IEEE_F64LE, {0, 3});
          }) == "is empty (0 x 3)");
    CHECK(reason([](const Raw& raw) {
              raw.add("x", H5T_IEEE_F64LE, {1, 1, 1, 1, 1, 1, 1, 1, 2});
          }) == "has 9 dimensions, at most 8 are read");
    CHECK(reason([](const Raw& raw) {
              raw.add("x", H5T_IEEE_F64LE, {1000000, 1000}, H5P_DEFAULT, false);
          }) == "was never written");
    CHECK(reason([](const Raw& raw) {
              const Chunks chunks({10});
              raw.add("x", H5T_IEEE_F64LE, {1000}, chunks.list, false);
          }) == "only 0 of its 100 chunks were written");
    CHECK(reason([](const Raw& raw) {
              const Chunks chunks({10});
              H5Pset_scaleoffset(chunks.list, H5Z_SO_INT, 0);
              raw.add("x", H5T_STD_I32LE, {100}, chunks.list);
          }) ==
          "is compressed with filter 6 (scaleoffset), which is not read; read it where that filter "
          "is "
          "known, as by f[\"x\"][:] of h5py, and write it without");
    CHECK(reason([](const Raw& raw) {
              const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
              H5Tset_fields(half, 15, 10, 5, 0, 10);
              H5Tset_size(half, 2);
              H5Tset_ebias(half, 15);
              raw.add("x", half, {4});
              H5Tclose(half);
          }) ==
          "holds 16-bit float, which is not read; convert it to float32, float64 or an integer "
          "type");
    CHECK(reason([](const Raw& raw) {
              const hid_t words = H5Tcopy(H5T_C_S1);
              H5Tset_size(words, H5T_VARIABLE);
              raw.add("x", words, {4}, H5P_DEFAULT, false);
              H5Tclose(words);
          }).starts_with("holds text, which is not read"));
    CHECK(reason([](const Raw& raw) {
              const hid_t complex = H5Tcreate(H5T_COMPOUND, 16);
              H5Tinsert(complex, "r", 0, H5T_IEEE_F64LE);
              H5Tinsert(complex, "i", 8, H5T_IEEE_F64LE);
              raw.add("x", complex, {4}, H5P_DEFAULT, false);
              H5Tclose(complex);
          }).starts_with("holds compound (complex numbers or records), which is not read"));
    CHECK(reason([&](const Raw& raw) {
              const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
              H5Pset_external(creation, (scratch / "secret").c_str(), 0, 80);
              raw.add("x", H5T_IEEE_F64LE, {10}, creation);
              H5Pclose(creation);
          }) == "keeps its numbers in another file, which is not read");
}

TEST_CASE("links do not lead out of the file") {
    const Scratch scratch;
    Raw(scratch / "other.h5").add("x", H5T_IEEE_F64LE, {3});
    const auto file = scratch / "x.h5";
    {
        const Raw raw(file);
        H5Lcreate_external("other.h5", "/x", raw.file, "x", H5P_DEFAULT, H5P_DEFAULT);
    }
    CHECK(!DataFile(file).has("x"));
    CHECK(opening(file) == "65 " + file + ": no numeric dataset; it holds no datasets");
}

TEST_CASE("a file that is being written says so") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    Raw(file).add("x", H5T_IEEE_F64LE, {3});
    const int other = ::open(file.c_str(), O_RDWR);
    REQUIRE(::flock(other, LOCK_EX) == 0);
    CHECK(opening(file) ==
          "65 " + file + ": is being written by another process (it holds the HDF5 lock)");
    ::close(other);
    CHECK(read_samples(file).n() == 3);
}

TEST_CASE("attributes of a file that others wrote are read, with text of varying length") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    {
        const Raw raw(file);
        const hid_t one = H5Screate(H5S_SCALAR);
        const hid_t words = H5Tcopy(H5T_C_S1);
        H5Tset_size(words, H5T_VARIABLE);
        const char* word = "text of varying length";
        const hid_t varying = H5Acreate2(raw.file, "varying", words, one, H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(varying, words, &word);
        const double rate = 0.25;
        const hid_t number =
            H5Acreate2(raw.file, "rate", H5T_IEEE_F32BE, one, H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(number, H5T_NATIVE_DOUBLE, &rate);
        H5Aclose(varying);
        H5Aclose(number);
        H5Tclose(words);
        H5Sclose(one);
    }
    const auto attributes = DataFile(file).attributes();
    using Pair = std::pair<std::string, std::string>;
    REQUIRE(attributes.size() == 2);
    CHECK(attributes[0] == Pair("rate", "0.25"));
    CHECK(attributes[1] == Pair("varying", "text of varying length"));
}

TEST_CASE("a cut or damaged file is an error or a success, never a crash") {
    const Scratch scratch;
    const auto whole = scratch / "whole.h5", broken = scratch / "broken.h5";
    {
        const Raw raw(whole);
        const Chunks chunks({4, 2});
        H5Pset_deflate(chunks.list, 1);
        raw.add("x", H5T_IEEE_F32LE, {10, 2}, chunks.list);
        raw.add("label", H5T_STD_I64LE, {10});
    }
    const auto bytes = slurp(whole);
    const auto use = [&](const std::string& contents) {
        std::filesystem::remove(broken);
        spill(broken, contents);
        return failure([&] {
            const DataFile data(broken);
            data.samples();
            data.find("label");
            data.attributes();
            data.list();
        });
    };
    // In a process of its own, with bounds on memory and time, so that a crash is a result.
    CHECK(in_child([&] {
              const rlimit seconds{120, 120};
              ::setrlimit(RLIMIT_CPU, &seconds);
              for (std::size_t cut = 0; cut < bytes.size(); cut += cut < 1024 ? 7 : 61) {
                  if (!use(bytes.substr(0, cut)).starts_with("65 ")) return 1;
              }
              for (std::size_t at = 0; at < bytes.size(); ++at) {
                  for (const int flip : {0x01, 0x80, 0xff}) {
                      std::string contents = bytes;
                      contents[at] = static_cast<char>(contents[at] ^ flip);
                      const auto outcome = use(contents);
                      const bool sound = outcome == "no error" || outcome.starts_with("65 ");
                      if (!sound) {
                          MESSAGE(at, " ", flip, " ", outcome);
                          return 2;
                      }
                  }
              }
              return 0;
          }) == 0);
}
