#include "si/io/npy.hpp"

#include <algorithm>
#include <cstring>

#include <doctest/doctest.h>

#include "scratch.hpp"

using namespace si;

namespace {

/// A file as NumPy 1.24 writes it; `dict` is padded with spaces to 117 characters.
std::string npy(std::string dict, const std::string& numbers, int version = 1) {
    dict.resize(117, ' ');
    dict += '\n';
    std::string file = std::string(kNpyMagic) + static_cast<char>(version) + '\0';
    file += static_cast<char>(dict.size());
    file += '\0';
    if (version > 1) file += std::string(2, '\0');
    return file + dict + numbers;
}

template <class T>
std::string bytes_of(std::initializer_list<T> values, bool big = false) {
    std::string out;
    for (const T value : values) {
        std::string one(sizeof(T), '\0');
        std::memcpy(one.data(), &value, sizeof(T));
        if (big) std::reverse(one.begin(), one.end());
        out += one;
    }
    return out;
}

std::string dict(const std::string& type, const std::string& shape, bool fortran = false) {
    return "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") +
           ", 'shape': " + shape + ", }";
}

std::string parsing(const std::string& bytes) {
    return failure([&] { parse_npy(bytes); });
}

template <class T>
void check_type(const std::string& code, ElementType type) {
    Matrix expected(2, 2);
    expected << 1, 3, 2, 100;
    for (const bool big : {false, true}) {
        const auto order = big ? ">" : "<";
        const auto got =
            parse_npy(npy(dict(order + code, "(2, 2)"), bytes_of<T>({1, 2, 3, 100}, big)));
        CHECK(got.values == expected);
        CHECK(got.type == type);
    }
}

}  // namespace

TEST_CASE("NPY files of every numeric type and both byte orders are read") {
    check_type<std::int8_t>("i1", ElementType::i8);
    check_type<std::int16_t>("i2", ElementType::i16);
    check_type<std::int32_t>("i4", ElementType::i32);
    check_type<std::int64_t>("i8", ElementType::i64);
    check_type<std::uint8_t>("u1", ElementType::u8);
    check_type<std::uint16_t>("u2", ElementType::u16);
    check_type<std::uint32_t>("u4", ElementType::u32);
    check_type<std::uint64_t>("u8", ElementType::u64);
    check_type<float>("f4", ElementType::f32);
    check_type<double>("f8", ElementType::f64);
    const auto single = parse_npy(npy(dict("|u1", "(3,)"), "\x01\x02\xff", 2));
    CHECK(single.values == Matrix{{1, 2, 255}});
    CHECK(single.shape == std::vector<Index>{1});
}

TEST_CASE("Fortran order means the same array") {
    // a[i, j, k] = 100 i + 10 j + k with shape (2, 3, 2), first index fastest.
    const auto file =
        npy(dict("<i2", "(2, 3, 2)", true),
            bytes_of<std::int16_t>({0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121}));
    const auto a = parse_npy(file);
    CHECK(a.shape == std::vector<Index>{3, 2});
    Matrix expected(6, 2);
    expected << 0, 100, 1, 101, 10, 110, 11, 111, 20, 120, 21, 121;
    CHECK(a.values == expected);
}

TEST_CASE("what is written is a NumPy file, and reads back") {
    const Scratch scratch;
    const auto file = scratch / "a.npy";
    const Matrix x = Matrix::Random(6, 5);
    write_npy(file, x, {2, 3});
    const auto bytes = slurp(file);
    CHECK(bytes.substr(0, 128) ==
          npy("{'descr': '<f8', 'fortran_order': False, 'shape': (5, 2, 3), }", ""));
    CHECK(parse_npy(bytes).values == x);
    CHECK(parse_npy(bytes).shape == std::vector<Index>{2, 3});
    write_npy(file, x, {6}, ElementType::f32);
    CHECK(parse_npy(slurp(file)).values == x.cast<float>().cast<double>());
    write_npy(file, x.topRows(1), {});
    CHECK(slurp(file).find("'shape': (5,), }") != std::string::npos);
    CHECK(parse_npy(slurp(file)).values == x.topRows(1));
}

TEST_CASE("other NPY files are refused with a reason") {
    const auto numbers = bytes_of<double>({1, 2});
    CHECK(parsing(npy(dict("<f2", "(8,)"), numbers)) ==
          "65 values of type '<f2' are not read; convert them with x.astype('float32')");
    CHECK(parsing(npy(dict("|O", "(8,)"), numbers)).starts_with("65 values of type '|O'"));
    CHECK(parsing(npy(dict("<c16", "(1,)"), numbers)).starts_with("65 values of type '<c16'"));
    CHECK(parsing(npy(dict("<f8", "()"), numbers)) == "65 a single number is not a data set");
    CHECK(parsing(npy(dict("<f8", "(0, 2)"), "")) == "65 no rows");
    CHECK(parsing(npy(dict("<f8", "(3,)"), numbers)) ==
          "65 an array of 3 takes 24 bytes, the file has 16");
    CHECK(parsing(npy(dict("<f8", "(1,)"), numbers)) ==
          "65 an array of 1 takes 8 bytes, the file has 16");
    CHECK(parsing(npy(dict("<f8", "(-1, -2)"), numbers)).starts_with("65 too large"));
    CHECK(parsing(npy(dict("<f8", "(99999999999, 99999999999)"), numbers))
              .starts_with("65 too large"));
    CHECK(parsing(npy(dict("<f8", "(1, 1, 1, 1, 1, 1, 1, 1, 2)"), numbers)) ==
          "65 damaged NPY header");
    CHECK(
        parsing(npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,)}", numbers)) ==
        "65 records are not read; make numbers of them with "
        "numpy.lib.recfunctions.structured_to_unstructured(x)");
    for (const char* header : {"{'descr': '<f8', 'shape': (2,)}",
                               "{'descr': '<f8', 'fortran_order': False, 'fortran_order': False, "
                               "'shape': (2,)}",
                               "{'descr': '<f8', 'fortran_order': None, 'shape': (2,)}"}) {
        CHECK(parsing(npy(header, numbers)) == "65 damaged NPY header");
    }
    CHECK(parsing(npy(dict("<f8", "(2,)"), numbers, 9)) == "65 NPY format 9.0 is not known");
}

TEST_CASE("every cut and every flipped bit is read or refused") {
    const auto file = npy(dict("<f8", "(2, 1)"), bytes_of<double>({1, 2}));
    for (std::size_t cut = 6; cut < file.size(); ++cut) {
        CHECK(parsing(file.substr(0, cut)).starts_with("65 "));
    }
    for (std::size_t at = 6; at < file.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string broken = file;
            broken[at] = static_cast<char>(broken[at] ^ 1 << bit);
            parsing(broken);
        }
    }
}
