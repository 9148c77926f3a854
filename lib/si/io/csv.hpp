#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "si/io/samples.hpp"

// Tables of numbers as text, with line and column in every error.

namespace si {

/// A table of numbers in text, one sample a line. Cells are separated by tabs, semicolons,
/// commas or runs of blanks, whichever the first line has. That line is a header when none of
/// its cells begins like a number. Empty lines and lines that begin with '#' are skipped.
///
/// Throws Failure::data, starting with `name` and the line: "file.csv:12: column 3: 'abc' is
/// not a number". Lines and columns count from 1.
Samples parse_csv(std::string_view bytes, std::string_view name);

/// How a table is written.
struct CsvStyle {
    std::vector<std::string> header = {};  ///< names of the columns; empty for no header
    char separator = ',';
    ElementType type = ElementType::f64;  ///< f32 writes the digits that a float32 needs
};

/// Writes one line a sample, with the fewest digits that read back as the same number,
/// atomically. Throws as AtomicFile, and Failure::check for numbers that float32 cannot
/// hold.
void write_csv(const std::string& file, ConstMatrix values, const CsvStyle& style = {});

}  // namespace si
