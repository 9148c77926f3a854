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
    const std::string drop = "; si-data import --allow-nonfinite drop leaves such rows out";
    CHECK(parsing("1,,3\n") == "65 t.csv:1: column 2: empty cell" + drop);
    CHECK(parsing("1,2,\n") == "65 t.csv:1: column 3: empty cell" + drop);
    CHECK(parsing("1\t2\t\n") == "65 t.csv:1: column 3: empty cell" + drop);
    CHECK(parsing("a,b\n1,NA\n") == "65 t.csv:2: column 2: 'NA' is a missing value" + drop);
    CHECK(parsing("x,1,2\n") == "65 t.csv:1: column 1: 'x' is not a number");
    CHECK(parsing("1,5;2,5\n") ==
          "65 t.csv:1: column 1: '1,5' is not a number; si-data import --decimal , reads it");
    CHECK(parsing("0x10\n1\n") == "65 t.csv:1: column 1: '0x10' is not a number");
    CHECK(parsing("") == "65 t.csv: no rows of numbers, and neither HDF5 nor NPY");
    CHECK(parsing("a,b\n") == "65 t.csv: no rows of numbers, and neither HDF5 nor NPY");
    CHECK(parsing("hello world, this is text\n\n") ==
          "65 t.csv: no rows of numbers, and neither HDF5 nor NPY");
    CHECK(parsing("1,2\n+-3,4\n") == "65 t.csv:2: column 1: '+-3' is not a number");
}

TEST_CASE("a cell is shown without control characters, and with what would help") {
    const auto about = [](std::string_view cell, char separator = ';') {
        return parsing(text("a", separator, "b\n", cell, separator, "2\n")).substr(22);
    };
    const auto import = [](const std::string& options) {
        return "is not a number; si-data import " + options + " reads it";
    };
    const std::string words = "; column a holds words or dates: leave it out, or number them";
    CHECK(about("\x1b[31mred") == "'\\x1b[31mred' is not a number" + words);
    CHECK(about("\"x\ty\nz\"") == "'x\\ty\\nz' is not a number" + words);
    CHECK(about("\xc2\x9b") == "'\\x9b' is not a number" + words);
    CHECK(about("1.234,5") == "'1.234,5' " + import("--decimal , --thousands ."));
    CHECK(about("1,234") == "'1,234' " + import("--decimal , or --thousands ,"));
    CHECK(about("1'234") == "'1'234' " + import("--thousands \"'\""));
    CHECK(about("\"1,234\"", ',') == "'1,234' " + import("--thousands ,"));
    CHECK(about("\"1,5\"", ',') ==
          "'1,5' is not a number; where commas are decimal, separate the cells by semicolons");
    CHECK(about("1:0.5", ' ') ==
          "'1:0.5' is not a number; it looks like sparse rows of libsvm: write "
          "all columns of each row instead");
    CHECK(parsing("run 12\n\na,b\n1,2\n3,4\n") ==
          "65 t.csv:1: column 1: 'run' is not a number; a table begins at line 3, which si-data "
          "import --skip-lines 2 reads");
    CHECK(parsing("a,b\n[m],[s]\n1,2\n") ==
          "65 t.csv:2: column 1: '[m]' is not a number; if "
          "this line holds units, begin it with #");
    CHECK(parsing("0,5 1,5\n1,5 2\n2,5 1,0\n") ==
          "65 t.csv:1: column 2: '5 1' is not a number; if commas are decimal, si-data import "
          "--decimal , reads it");
}

TEST_CASE("kinds of lines, separators and headers are read") {
    Matrix expected(2, 2);
    expected << 1, 3.5, 2, 4;
    const char* spellings[] = {"a,b\r1,2\r3.5,4\r",
                               "\"a\n[MeV]\",\"b\"\n1,2\n3.5,4\n",
                               "sep=;\na;b\n1;2\n3.5;4\n",
                               "a|b\n1|2\n3.5|4\n",
                               "x,2nd\n1,2\n3.5,4\n",
                               "5\" pipe,b\n1,2\n3.5,4\n",
                               "0,1\n1,2\n3.5,4\n",
                               "\"0\",\"1\"\n1,2\n3.5,4\n",
                               ",0,1\n0,1,2\n1,3.5,4\n",
                               ",a,b\n0,1,2\n1,3.5,4\n",
                               ",a,b\n17,1,2\n3,3.5,4\n",
                               "Unnamed: 0,a,b\n0,1,2\n1,3.5,4\n",
                               "\"\",\"a\",\"b\"\n\"Mazda RX4\",1,2\n\"Datsun\",3.5,4\n",
                               "a b\n\"Mazda RX4\" 1 2\n\"Datsun\" 3.5 4\n",
                               "a b\n1 1 2\n2 3.5 4\n"};
    for (const char* spelling : spellings) {
        CAPTURE(spelling);
        CHECK(numbers(spelling) == expected);
    }
    CHECK(parse_csv("\"a \"\"b\"\"\",c\n1,2\n", "t.csv").columns ==
          std::vector<std::string>{"a \"b\"", "c"});
    // A table of whole numbers may well begin like that.
    CHECK(numbers("0,1\n1,0\n1,1\n").cols() == 3);
    CHECK(numbers("0\n0.5\n").cols() == 2);
    CHECK(parsing(",a\n1.5,2\n1.5,3\n") ==
          "65 t.csv:1: column 1: has no name and is no index; name it, or remove it");
    CHECK(parsing("a,b\n1,2,3\n5,6,7\n") ==
          "65 t.csv:1: 2 names for 3 columns; name the first, or remove it");
}

TEST_CASE("how a table was understood is said") {
    const auto said = [](std::string_view text) { return read_csv(text, "t.csv").said; };
    CHECK(said("1,2\n") == "t.csv: 1 row of 2 columns, the first 1, 2");
    CHECK(said(",a\n0,0.5\n1,2\n") ==
          "t.csv: 2 rows of 1 column (a), the first 0.5; left out "
          "column 1, which has no name and counts 0, 1, ...");
    CHECK(said("a;b\x1b\n1;2\n# c\n") ==
          "t.csv: 1 row of 2 columns (a, b\\x1b), the first 1, 2; "
          "separated by semicolons; left out 1 line that begins "
          "with #");
    CHECK(said("id,b\n0,5\n1,7\n2,7\n3,7\n4,1\n")
              .ends_with("; column 1 counts 0, 1, ... like an index"));
}

TEST_CASE("what looks as if it were meant otherwise is doubted") {
    const auto doubts = [](std::string_view text) {
        return join(read_csv(text, "t.csv").doubts, "|");
    };
    const std::string commas =
        "t.csv: its commas look like decimal commas; if they are, si-data import --decimal , "
        "reads the table";
    CHECK(doubts("0,3456\n0,8216\n0,3304\n-1,5032\n0,9054\n1,1464\n") == commas);
    CHECK(doubts("0,5\n1,05\n2,25\n") == commas);
    CHECK(doubts("1,10\n2,20\n3,30\n").empty());
    CHECK(doubts("1,1998\n2,1999\n3,2003\n").empty());
    CHECK(doubts("0,05\n1,-5\n0,25\n").empty());
    CHECK(doubts("0,1\n0.5,2\n").find("read as a header") != std::string::npos);
    CHECK(doubts("0,1,2\n5,3,2\n").find("read as a row") != std::string::npos);
    CHECK(doubts("400,401\n.5,.1\n.3,.7\n").find("looks like a header") != std::string::npos);
    CHECK(doubts("9007199254740993\n") ==
          "t.csv: line 1: column 1: 9007199254740993 is beyond 2^53, where a double does not hold "
          "every whole number, and was read as 9007199254740992");
    CHECK(doubts("9007199254740992\n36893488147419103232\n0000000000000000007\n").empty());
}

TEST_CASE("rules say what a table in text cannot") {
    const auto read = [](std::string_view text, const CsvRules& rules) {
        return read_csv(text, "t.csv", rules).samples.values;
    };
    Matrix expected(2, 2);
    expected << 1234.5, -0.25, 2, 3e6;
    CHECK(read("a;b\n1.234,5;2\n-0,25;3e6\n", {.decimal = ",", .thousands = "."}) == expected);
    CHECK(read("\"1,234.5\",2\n-.25,\"3,000,000\"\n", {.thousands = ","}) == expected);
    CHECK(read("1234,5 2\n-0,25 3000000\n", {.decimal = ","}) == expected);
    CHECK(read("0,3456\n0,8216\n", {.decimal = ","}).rows() == 1);
    CHECK(read("0,1\n.5,2\n", {.header = "no"}).cols() == 2);
    CHECK(read("0,1\n5,2\n", {.header = "yes"}).cols() == 1);
    CHECK(read("400,401\n5,2\n", {.header = "yes"}).cols() == 1);
    CHECK(read("a title\n\n1,2\n", {.skip_lines = 1}).cols() == 1);
    for (const char* cell : {"1.23", "1234.567", "1..234", ".123", "1.234.56", "1,2,3", "1.234,"}) {
        CAPTURE(cell);
        const auto found =
            failure([&] { read(text(cell, ";1\n"), {.decimal = ",", .thousands = "."}); });
        CHECK((std::string_view(cell) == "1.234,") == (found == "no error"));
    }
    // A blank of any width groups digits.
    Matrix french(1, 2);
    french << 1234.5, 2345678;
    const CsvRules blanks{.decimal = ",", .thousands = " "};
    CHECK(read("1 234,5\n2\xe2\x80\xaf"
               "345\xc2\xa0"
               "678\n",
               blanks) == french);
    CHECK(read("x;y\n1 234,5;1\n2 345 678;2\n", blanks).row(0) == french);
    CHECK(failure([&] { read("1\n", {.thousands = "x"}); }) ==
          "64 --thousands: must be , or . or ' or _ or a blank, is 'x'");
    CHECK(failure([&] { read("1\n", {.thousands = "."}); }) ==
          "64 --thousands: is the mark of decimals, too; give --decimal as well");
}

TEST_CASE("missing values are not a number where they may pass") {
    const char* words[] = {"NA", "N/A", "null", "NULL", "None", "#N/A", "#DIV/0!", "-",
                           ".",  "?",   "",     "\"\"", "NaN",  "nan",  "<NA>"};
    for (const char* word : words) {
        CAPTURE(word);
        for (const auto& table : {text("1,2\n3,", word, "\n"), text("2,1\n", word, ",4\n")}) {
            const auto found = read_csv(table, "t.csv", {}, true);
            CHECK(found.samples.n() == 2);
            CHECK(found.samples.values.array().isNaN().count() == 1);
        }
    }
    CHECK(read_csv("1\n2\nNA\n", "t.csv", {}, true).said ==
          "t.csv: 3 rows of 1 column, the first 1; 1 value is missing");
    CHECK(failure([] { read_csv("1,\n2,\n", "t.csv", {}, true); }) ==
          "65 t.csv: column 2 holds no numbers; remove it");
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

TEST_CASE("names that are written read back, or are refused") {
    const Scratch scratch;
    const auto file = scratch / "t.csv";
    const Matrix x = Matrix::Random(2, 3);
    const std::vector<std::vector<std::string>> headers{{"a \"b\"", "c"},  {"a\n[m]", "2nd"},
                                                        {"#a", "b;c"},     {"sep=;", "x|y"},
                                                        {"a b", "tab\tx"}, {"a", ""}};
    for (const auto& header : headers) {
        for (const char separator : {',', '\t', ' '}) {
            CAPTURE(header[0]);
            CAPTURE(separator);
            write_csv(file, x, {.header = header, .separator = separator});
            const auto found = parse_csv(slurp(file), file);
            CHECK(found.columns == header);
            CHECK(found.values == x);
        }
    }
    write_csv(file, x.topRows(1), {.header = {"two words"}});
    CHECK(parse_csv(slurp(file), file).columns == std::vector<std::string>{"two words"});
    for (const auto& header : std::vector<std::vector<std::string>>{
             {"", "a"}, {"Unnamed: 0", "a"}, {"1.5", "a"}, {"2nd", "3rd"}, {"NA", "-"}}) {
        CHECK(failure([&] { write_csv(file, x, {.header = header}); }) ==
              "64 column name '" + header[0] + "' would not read back");
    }
    Matrix counting(2, 2);
    counting << 0, 0.5, 1, 0.25;
    write_csv(file, counting);
    CHECK(slurp(file) == "0.0,1\n0.5,0.25\n");
    CHECK(numbers(slurp(file)) == counting);
    counting << 0, 100000, 1, 3;  // 1e+05
    write_csv(file, counting);
    CHECK(numbers(slurp(file)) == counting);
    counting << 0, 2, 1, 3;
    write_csv(file, counting);
    CHECK(slurp(file) == "0,1\n2,3\n");
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
