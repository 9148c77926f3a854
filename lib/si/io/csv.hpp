#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "si/base/spec.hpp"
#include "si/io/samples.hpp"

// Tables of numbers as text, with line and column in every error.

namespace si {

/// What a table in text may need to be told.
struct CsvRules {
    std::string decimal = ".";
    std::string thousands = {};
    Index skip_lines = 0;
    std::string header = "auto";
    static constexpr auto fields() {
        return std::tuple{
            field("decimal", &CsvRules::decimal, "Mark before the decimals in text", one_of(+[] {
                      return std::vector<std::string>{".", ","};
                  })),
            field("thousands", &CsvRules::thousands,
                  "Mark between groups of three digits in text: , or . or ' or _ or a blank, "
                  "whatever "
                  "its width")
                .value("MARK"),
            field("skip_lines", &CsvRules::skip_lines, "Lines of text before the table",
                  kNonNegative),
            field("header", &CsvRules::header,
                  "Whether the first line of a table in text names its columns", one_of(+[] {
                      return std::vector<std::string>{"auto", "yes", "no"};
                  }))};
    }
    bool operator==(const CsvRules&) const = default;
};

/// A table as it was understood.
struct CsvTable {
    Samples samples;
    std::string said;                 ///< its rows, columns, names, and what was left out
    std::vector<std::string> doubts;  ///< what looks as if it were meant otherwise
};

/// A table of numbers in text, one sample a line. Cells are separated by tabs, semicolons,
/// commas, bars or runs of blanks, whichever comes first in this list and stands in the first line
/// outside of quotes; a line "sep=;" before it says so itself. Lines end with LF, CR LF or CR.
/// Empty lines and lines that begin with '#' are skipped. A cell in double quotes may hold
/// separators, ends of lines, and quotes that are doubled.
///
/// The first line is a header when none of its cells is a number and one of them does not begin
/// like one. It is one, too, when it is 0, 1, ... as pandas numbers columns that have no names, and
/// some number after it is not whole. A first column without a name ("", "Unnamed: 0", or a header
/// that is one cell short) is the index of pandas or the row names of R and is left out, if it
/// holds words, or whole numbers none of which comes twice.
///
/// Missing values (an empty cell, NA, null, None, #N/A and the like) are NaN where `missing_pass`,
/// else refused. A column of nothing else is refused.
///
/// Throws Failure::data, starting with `name` and the line: "file.csv:12: column 3: 'abc' is
/// not a number". Lines and columns count from 1. Throws Failure::usage for rules that contradict
/// each other.
CsvTable read_csv(std::string_view bytes, std::string_view name, const CsvRules& rules = {},
                  bool missing_pass = false);

/// read_csv() as people hope that it goes.
Samples parse_csv(std::string_view bytes, std::string_view name);

/// How a table is written.
struct CsvStyle {
    std::vector<std::string> header = {};  ///< names of the columns; empty for no header
    char separator = ',';
    ElementType type = ElementType::f64;  ///< f32 writes the digits that a float32 needs
};

/// Writes one line a sample, with the fewest digits that read back as the same number,
/// atomically. Without a header, a first line 0, 1, ... begins with 0.0, so that it is none. Throws
/// as AtomicFile, Failure::check for numbers that float32 cannot hold, and Failure::usage for names
/// that would not read back.
void write_csv(const std::string& file, ConstMatrix values, const CsvStyle& style = {});

}  // namespace si
