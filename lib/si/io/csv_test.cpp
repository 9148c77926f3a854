#include "si/io/csv.hpp"

#include <limits>

#include <doctest/doctest.h>

#include "scratch.hpp"

using namespace si;

namespace {

Matrix numbers(std::string_view text) { return parse_csv(text, "t.csv").values; }
std::string parsing(std::string_view text) {
    return failure([&] { parse_csv(text, "t.csv"); });
}

}  // namespace

TEST_CASE("a table reads the same in every common spelling") {
    Matrix expected(2, 3);
    expected << 1, -3, 0.5, 2e3, 4, 6;
    const char* spellings[] = {"1,2e3\n-3,4\n.5,6\n",
                               "a,b\n1,2000\n-3,4\n.5,6",
                               "\xef\xbb\xbf\"a, first\",\"b\"\r\n1,2000\r\n-3,4\r\n.5,6\r\n",
                               "1\t2000\n-3\t4\n0.5\t6\n",
                               "1;2000\n\n-3;4\n.5;6\n\n",
                               "# from NumPy\n1.0e+00 2.0e+03\n -3  4 \n+0.5\t6\n",
                               "1 , 2000\n \"-3\" , 4\n 5E-1,+6 \n"};
    for (const char* spelling : spellings) {
        CAPTURE(spelling);
        CHECK(numbers(spelling) == expected);
    }
    const auto named = parse_csv("\"a, first\",b\n1,2\n", "t.csv");
    CHECK(named.columns == std::vector<std::string>{"a, first", "b"});
    CHECK(named.shape == std::vector<Index>{2});
    CHECK(numbers("7\n") == Matrix::Constant(1, 1, 7));
    CHECK(numbers("1e-999 -1e-999\n").isZero(0));
}

TEST_CASE("a wrong cell is named by line and column") {
    CHECK(parsing("a,b,c\n1,2,3\n4,5,abc\n") == "65 t.csv:3: column 3: 'abc' is not a number");
    CHECK(parsing("1,2\n3\n") == "65 t.csv:2: 1 column where line 1 has 2");
    CHECK(parsing("1,2\n3,4,5\n") == "65 t.csv:2: 3 columns where line 1 has 2");
    CHECK(parsing("a,b\n1\n") == "65 t.csv:2: 1 column where line 1 has 2");
    CHECK(parsing("1,,3\n") == "65 t.csv:1: column 2: empty cell");
    CHECK(parsing("1,2,\n") == "65 t.csv:1: column 3: empty cell");
    CHECK(parsing("1\t2\t\n") == "65 t.csv:1: column 3: empty cell");
    CHECK(parsing("x,1,2\n") == "65 t.csv:1: column 1: 'x' is not a number");
    CHECK(parsing("1,5;2,5\n") == "65 t.csv:1: column 1: '1,5' is not a number");
    CHECK(parsing("0x10\n1\n") == "65 t.csv:1: column 1: '0x10' is not a number");
    CHECK(parsing("") == "65 t.csv: no rows of numbers, and neither HDF5 nor NPY");
    CHECK(parsing("a,b\n") == "65 t.csv: no rows of numbers, and neither HDF5 nor NPY");
    CHECK(parsing("hello world, this is text\n\n") ==
          "65 t.csv: no rows of numbers, and neither HDF5 nor NPY");
    CHECK(parsing("1,2\n+-3,4\n") == "65 t.csv:2: column 1: '+-3' is not a number");
}

TEST_CASE("what is written reads back as the same numbers") {
    const Scratch scratch;
    const auto file = scratch / "t.csv";
    Matrix x(3, 2);
    x << 0.1, -1.0 / 3, std::numeric_limits<double>::min(), 1e300, -0.0, 123456789;
    write_csv(file, x);
    CHECK(numbers(slurp(file)) == x);
    write_csv(file, x.topRows(1), {.header = {"energy, kJ"}, .type = ElementType::f32});
    CHECK(slurp(file) == "\"energy, kJ\"\n0.1\n-0.33333334\n");
    CHECK(parse_csv(slurp(file), file).columns == std::vector<std::string>{"energy, kJ"});
    write_csv(file, x.leftCols(1), {.separator = '\t'});
    CHECK(slurp(file) == "0.1\t2.2250738585072014e-308\t-0\n");
}

TEST_CASE("what is not finite is written as it is, and what float32 cannot hold is not") {
    const Scratch scratch;
    const auto file = scratch / "t.csv";
    Matrix x = Matrix::Zero(2, 3);
    x(1, 2) = std::numeric_limits<double>::quiet_NaN();
    write_csv(file, x);
    CHECK(slurp(file) == "0,0\n0,0\n0,nan\n");
    x(1, 2) = 1e300;
    CHECK(failure([&] { write_csv(file, x, {.type = ElementType::f32}); }) ==
          "1 " + file + ": row 3, column 2 is 1e+300, which float32 cannot hold");
    CHECK(failure([&] {
              write_csv(file, x, {.header = {"1", "2"}});
          }) == "64 column name '1' would not read back");
    CHECK(slurp(file) == "0,0\n0,0\n0,nan\n");
    CHECK(scratch.count() == 1);
}

TEST_CASE("every cut of a table is read or refused") {
    const std::string table = "a;b\n1.25;-3e5\n7;8\n\n# end\n9;1e-3\n";
    for (std::size_t cut = 0; cut < table.size(); ++cut) parsing(table.substr(0, cut));
    for (std::size_t at = 0; at < table.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string broken = table;
            broken[at] = static_cast<char>(broken[at] ^ 1 << bit);
            parsing(broken);
        }
    }
}
