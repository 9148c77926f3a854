#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "si/io/csv.hpp"

// Lines, cells and numbers of a table in text, before anything is made of them.

namespace si {

/// A cell without its quotes, as long as the line that it comes from is the last one read.
struct CsvCell {
    std::string_view text;
    bool quoted = false;
};

/// Reads a text line by line, with the number of each line.
class CsvLines {
  public:
    explicit CsvLines(std::string_view bytes) : rest_(bytes) {}

    /// Goes to the next line that is neither empty nor a comment; false at the end.
    bool find();
    /// The line that was found, which reaches beyond its end where a quoted cell does.
    std::string_view line() const;
    /// Cuts the line that was found into cells.
    void cut(char separator, std::vector<CsvCell>& cells);
    /// Passes over one line, whatever it holds.
    void skip();

    Index number() const { return number_; }      ///< of the line that was found, from 1
    Index comments() const { return comments_; }  ///< lines that begin with '#'

  private:
    std::string_view cell(char separator, std::string_view& line, bool& quoted);

    std::string_view rest_;
    Index number_ = 0, next_ = 1, comments_ = 0;
    std::deque<std::string> undoubled_;  ///< cells with quotes inside
};

/// Which of the known separators a line has outside of quotes; a blank when it has none.
char csv_separator(std::string_view line, const CsvRules& rules);

/// "semicolons", for messages.
std::string_view csv_separator_name(char separator);

/// The number that a cell spells: nan and inf are numbers here, too.
std::optional<double> csv_number(std::string_view cell, const CsvRules& rules);

/// Whether a cell spells a missing value: "", NA, null, None, #N/A, ...
bool csv_missing(std::string_view cell);

/// Whether a cell is a whole number in digits, which double precision does not hold.
bool csv_loses_digits(std::string_view cell, double value);

/// Whether a cell cannot be mistaken for a number, as a header must have one.
bool csv_is_name(std::string_view cell);

/// 0, 1, ... up to the last cell.
bool csv_counts_from_zero(const std::vector<CsvCell>& cells);

/// A cell or name in quotes for messages: short, with control characters as \x1b.
std::string csv_shown(std::string_view cell);

/// The options under which a cell would be a number, or another thing that helps: "; ...". Empty
/// where nothing is known.
std::string csv_advice(std::string_view cell, char separator, const CsvRules& rules);

}  // namespace si
