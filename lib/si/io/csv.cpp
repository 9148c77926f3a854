#include "si/io/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "si/io/atomic_file.hpp"
#include "si/io/csv_cells.hpp"

namespace si {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kTrialBytes = 1 << 16;  // of a table that is looked for behind other lines
constexpr Index kTrialLines = 8;
constexpr std::size_t kShownCells = 6;
constexpr Index kFewRows = 3;    // fewer show no pattern
constexpr Index kIndexRows = 5;  // fewer may count by chance

bool is_whole(std::string_view cell) {
    return cell.find_first_not_of("+-0123456789") == std::string_view::npos;
}

bool is_nameless(std::string_view name) {
    return name.empty() || name == "Unnamed: 0" || name == "Unnamed:0";
}

std::string listed(const std::vector<std::string>& words, std::string_view glue = ", ") {
    std::vector<std::string> shown;
    for (const auto& word : words) {
        if (shown.size() == kShownCells) {
            shown.emplace_back("...");
            break;
        }
        shown.push_back(word.empty() ? "\"\"" : csv_shown(word));
    }
    return join(shown, glue);
}

/// True when numbers go up by one from 0 or 1.
bool counts(const std::vector<double>& values) {
    for (std::size_t i = 1; i < values.size(); ++i) {
        if (values[i] != values[i - 1] + 1) return false;
    }
    return !values.empty() && (values[0] == 0 || values[0] == 1);
}

/// The first column of a table whose header has no name for it.
struct LeadColumn {
    bool there = false, short_header = false;
    bool words = false, all_quoted = true;
    std::vector<double> numbers = {};

    bool is_row_names() const {
        if (words) return true;
        if (short_header && !all_quoted) return counts(numbers);
        const bool whole = std::all_of(numbers.begin(), numbers.end(),
                                       [](double v) { return v == std::floor(v); });
        return whole && std::set<double>(numbers.begin(), numbers.end()).size() == numbers.size();
    }
    std::size_t width() const { return there ? 1 : 0; }
    std::string what() const {
        if (words) return "holds names of rows";
        return counts(numbers) ? text("counts ", numbers[0], ", ", numbers[0] + 1, ", ...")
                               : "numbers the rows";
    }
};

/// Whether pairs of columns look like the two sides of decimal commas: the first of a pair is
/// whole, the second only digits, of one length throughout that numbers of their own do not have,
/// or with zeros in front.
class CommaPattern {
  public:
    void row(const std::vector<CsvCell>& cells) {
        possible_ = possible_ && cells.size() % 2 == 0;
        for (std::size_t i = 0; possible_ && i < cells.size(); ++i) {
            const auto cell = cells[i].text;
            if (cells[i].quoted || cell.empty() || !is_whole(cell)) possible_ = false;
            if (possible_ && i % 2 == 1) decimals(cell);
        }
        ++rows_;
    }
    bool found() const {
        if (!possible_ || rows_ < kFewRows) return false;
        return zeros_in_front_ || (one_length_ && length_ >= 3 && leading_.size() >= 5);
    }

  private:
    void decimals(std::string_view cell) {
        if (cell[0] == '-' || cell[0] == '+') {
            possible_ = false;
            return;
        }
        if (length_ == 0) length_ = cell.size();
        one_length_ = one_length_ && cell.size() == length_;
        zeros_in_front_ = zeros_in_front_ || (cell.size() > 1 && cell[0] == '0');
        leading_.insert(cell[0]);
    }

    bool possible_ = true, one_length_ = true, zeros_in_front_ = false;
    std::size_t length_ = 0;
    Index rows_ = 0;
    std::set<char> leading_;
};

/// The state of one pass over the text.
class Parser {
  public:
    Parser(std::string_view bytes, std::string_view name, CsvRules rules, bool missing_pass)
        : bytes_(bytes),
          name_(name),
          rules_(std::move(rules)),
          missing_pass_(missing_pass),
          lines_(bytes) {}

    CsvTable table() {
        for (Index i = 0; i < rules_.skip_lines; ++i) lines_.skip();
        while (lines_.find()) {
            if (columns_ == 0 && !begun_ && begin()) continue;
            lines_.cut(separator_, cells_);
            ++records_;
            if (records_ == 1 && take_header()) continue;
            if (rows_ == 0) begin_rows();
            row();
        }
        return finished();
    }

  private:
    [[noreturn]] void fail_at(Index line, const std::string& what) const {
        throw Error(Failure::data, text(name_, ":", line, ": ", what));
    }
    [[noreturn]] void fail(const std::string& what) const {
        fail_at(lines_.number(), what + advice_of_others());
    }

    /// Advice for a table of other rules or in another place.
    std::string advice_of_others() const {
        const std::string advice = advice_about_commas();
        return advice.empty() ? advice_about_lines() : advice;
    }

    /// Finds the separator; true for a line that only says it.
    bool begin() {
        const auto line = lines_.line();
        begun_ = true;
        if (line.size() == 5 && line.starts_with("sep=")) {
            separator_ = line[4];
            lines_.skip();
            return true;
        }
        separator_ = csv_separator(line, rules_);
        return false;
    }

    bool take_header() {
        first_line_ = lines_.number();
        named_ = std::any_of(cells_.begin(), cells_.end(),
                             [](const CsvCell& cell) { return csv_is_name(cell.text); });
        if (rules_.header == "no") return false;
        const bool nameless = is_nameless(cells_[0].text) && cells_.size() > 1;
        if (counts_as_header(nameless)) return true;
        const auto is_number = [&](const CsvCell& cell) {
            return csv_number(cell.text, rules_).has_value();
        };
        const auto is_name = [](const CsvCell& cell) { return csv_is_name(cell.text); };
        if (rules_.header == "auto" &&
            (std::any_of(cells_.begin(), cells_.end(), is_number) ||
             std::none_of(cells_.begin() + (nameless ? 1 : 0), cells_.end(), is_name))) {
            return false;
        }
        lead_.there = nameless;
        for (const auto& cell : cells_) names_.emplace_back(cell.text);
        if (nameless) names_.erase(names_.begin());
        columns_ = names_.size();
        return true;
    }

    /// A header 0, 1, ..., certain when it is quoted or begins with a cell without a name.
    bool counts_as_header(bool nameless) {
        auto counted = cells_;
        if (nameless) counted.erase(counted.begin());
        if (!csv_counts_from_zero(counted)) return false;
        const bool certain =
            nameless || rules_.header == "yes" ||
            (counted.size() > 1 && std::all_of(counted.begin(), counted.end(),
                                               [](const CsvCell& cell) { return cell.quoted; }));
        if (!certain && counted.size() < 2) return false;
        numbered_ = true;
        numbered_surely_ = certain;
        lead_.there = nameless;
        columns_ = counted.size();
        return true;
    }

    /// Settles how many cells a row has, at the first of them.
    void begin_rows() {
        comments_before_ = lines_.comments();
        if (columns_ == 0) columns_ = cells_.size();
        const bool one_more = cells_.size() == columns_ + 1 && !cells_.back().text.empty();
        if (!names_.empty() && !lead_.there && one_more) lead_.there = lead_.short_header = true;
        first_ = cells_.size() > lead_.width() ? words_of_row() : std::vector<std::string>();
    }

    std::vector<std::string> words_of_row() const {
        std::vector<std::string> words;
        for (std::size_t i = lead_.width(); i < cells_.size(); ++i) {
            words.emplace_back(cells_[i].text);
        }
        return words;
    }

    void row() {
        if (lead_.there) take_lead(cells_[0]);
        for (std::size_t i = lead_.width(); i < cells_.size(); ++i) values_.push_back(number(i));
        if (cells_.size() != columns_ + lead_.width()) wrong_count();
        if (separator_ == ',' && rules_.decimal == ".") commas_.row(cells_);
        if (rows_ == 0) steps_ = steps_by_one();
        ++rows_;
    }

    [[noreturn]] void wrong_count() const {
        const std::size_t wanted = columns_ + (lead_.there && !lead_.short_header ? 1 : 0);
        fail(text(counted(std::ssize(cells_), "column", "columns"), " where line ", first_line_,
                  " has ", wanted));
    }

    /// Of the first row: whether its whole numbers go up by one.
    bool steps_by_one() const {
        for (std::size_t i = 1; i < values_.size(); ++i) {
            if (values_[i] != values_[i - 1] + 1) return false;
        }
        return columns_ > 1 && std::all_of(first_.begin(), first_.end(), is_whole);
    }

    void take_lead(const CsvCell& cell) {
        const auto value = csv_number(cell.text, rules_);
        if (rows_ == 0) lead_.words = !value;
        lead_.all_quoted = lead_.all_quoted && cell.quoted;
        if (lead_.words) return;
        if (!value) no_number(0);
        lead_.numbers.push_back(*value);
    }

    double number(std::size_t i) {
        const auto cell = cells_[i].text;
        const auto value = csv_number(cell, rules_);
        if (!value) {
            if (!csv_missing(cell) || !missing_pass_) no_number(i);
            ++missing_;
            return std::nan("");
        }
        if (!is_whole(cell)) {
            fractions_ = true;
        } else {
            later_whole_ = later_whole_ || rows_ > 0;
            if (lost_.empty() && csv_loses_digits(cell, *value)) lose(i, *value);
        }
        return *value;
    }

    void lose(std::size_t i, double value) {
        char digits[32];
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        lost_ = text("line ", lines_.number(), ": column ", i + 1, ": ", csv_shown(cells_[i].text),
                     " is beyond 2^53, where a double does not hold ",
                     "every whole number, and was read as ", std::string_view(digits, end));
    }

    [[noreturn]] void no_number(std::size_t i) const {
        const auto cell = cells_[i].text;
        const std::string place = text("column ", i + 1, ": ");
        if (csv_missing(cell)) {
            fail_at(lines_.number(),
                    text(place,
                         cell.empty() ? "empty cell"
                                      : text("'", csv_shown(cell), "' is a missing value"),
                         "; si-data import --allow-nonfinite drop leaves such rows out"));
        }
        const std::string what = text(place, "'", csv_shown(cell), "' is not a number");
        const std::string advice = csv_advice(cell, separator_, rules_);
        if (!advice.empty()) fail_at(lines_.number(), what + advice);
        if (trial_) fail(what);
        const std::string of_others = advice_of_others();
        fail_at(lines_.number(), what + (of_others.empty() ? advice_about_words(i) : of_others));
    }

    /// Whether the beginning of the text is a table under other rules: nothing if not.
    std::optional<Parser> tried(const CsvRules& rules) const {
        auto bytes = bytes_.substr(0, kTrialBytes);
        if (bytes.size() < bytes_.size()) bytes = bytes.substr(0, bytes.find_last_of("\r\n"));
        Parser other(bytes, name_, rules, true);
        other.trial_ = true;
        try {
            other.table();
        } catch (const Error&) {
            return {};
        }
        return other;
    }

    std::string advice_about_commas() const {
        if (trial_ || separator_ != ',') return "";
        CsvRules rules = rules_;
        rules.decimal = ",";
        rules.thousands = "";
        const auto other = tried(rules);
        return other && other->rows_ >= kFewRows
                   ? "; if commas are decimal, si-data import --decimal , reads it"
                   : "";
    }

    /// Advice when the first lines are of another kind than a table behind them.
    std::string advice_about_lines() const {
        if (trial_ || records_ > 2 || !named_) return "";
        const bool names_only = std::all_of(cells_.begin(), cells_.end(), [](const CsvCell& cell) {
            return csv_is_name(cell.text) &&
                   cell.text.find_first_of("\",;") == std::string_view::npos;
        });
        const bool same_count = cells_.size() == columns_ + lead_.width();
        if (records_ == 2 && names_only && same_count) {
            return "; if this line holds units, begin it with #";
        }
        const std::string behind = table_behind(rules_, "");
        if (!behind.empty() || rules_ != CsvRules()) return behind;
        return table_behind({.decimal = ","}, " --decimal ,");
    }

    /// Where a table begins behind the first lines by these rules, whose options are `options`.
    std::string table_behind(CsvRules rules, std::string_view options) const {
        for (Index skip = first_line_; skip < first_line_ + kTrialLines; ++skip) {
            rules.skip_lines = skip;
            const auto behind = tried(rules);
            if (!behind || behind->rows_ < 2) continue;
            if (!behind->named_ && behind->columns_ == cells_.size()) continue;
            return text("; a table begins at line ", behind->first_line_,
                        ", which si-data import --skip-lines ", behind->first_line_ - 1, options,
                        " reads");
        }
        return "";
    }

    /// Advice for a column that holds words from its first row on.
    std::string advice_about_words(std::size_t i) const {
        const std::size_t at = i - lead_.width();
        if (rows_ > 0 || names_.empty() || at >= names_.size()) return "";
        return text("; column ", csv_shown(names_[at]),
                    " holds words or dates: leave it out, or number them");
    }

    /// A first line 0, 1, ... is a row like others where nothing but whole numbers follows.
    void settle_numbered() {
        if (!numbered_ || numbered_surely_) return;
        const std::string line = text("line ", first_line_, " is 0, 1, ... as pandas numbers ",
                                      "columns without names, and was read as ");
        if (fractions_) {
            doubts_.push_back(line +
                              "a header; if it is a row, si-data import --header no reads "
                              "it");
            return;
        }
        std::vector<double> first(columns_);
        first_.clear();
        for (std::size_t i = 0; i < columns_; ++i) {
            first[i] = static_cast<double>(i);
            first_.push_back(text(i));
        }
        values_.insert(values_.begin(), first.begin(), first.end());
        if (rows_ > 0 && columns_ > 2) {
            doubts_.push_back(line +
                              "a row; if it is a header, si-data import --header yes "
                              "leaves it out");
        }
    }

    void settle_lead() const {
        if (!lead_.there || lead_.is_row_names()) return;
        if (lead_.short_header) {
            fail_at(first_line_, text(counted(std::ssize(names_), "name", "names"), " for ",
                                      columns_ + 1, " columns; name the first, or remove it"));
        }
        fail_at(first_line_, "column 1: has no name and is no index; name it, or remove it");
    }

    void look_for_empty_columns() const {
        if (missing_ == 0) return;
        for (std::size_t i = 0; i < columns_; ++i) {
            bool all = true;
            for (std::size_t k = i; k < values_.size(); k += columns_) {
                all = all && std::isnan(values_[k]);
            }
            if (all) {
                throw Error(Failure::data, text(name_, ": column ", i + 1 + lead_.width(),
                                                " holds no numbers; remove it"));
            }
        }
    }

    void find_doubts() {
        if (!lost_.empty()) doubts_.push_back(lost_);
        if (commas_.found()) {
            doubts_.push_back(
                "its commas look like decimal commas; if they are, si-data import "
                "--decimal , reads the table");
        }
        const bool header_row = !numbered_ && names_.empty() && steps_ && rows_ >= kFewRows;
        if (header_row && !later_whole_ && rules_.header == "auto") {
            doubts_.push_back(text("line ", first_line_, " looks like a header of numbers; if it ",
                                   "is one, si-data import --header yes leaves it out"));
        }
        for (auto& one : doubts_) one = text(name_, ": ", one);
    }

    /// Whether the first column that was read counts rows.
    bool looks_like_index() const {
        if (columns_ < 2 || values_.size() < kIndexRows * columns_) return false;
        std::vector<double> first;
        for (std::size_t i = 0; i < values_.size(); i += columns_) {
            first.push_back(values_[i]);
            if (first.size() > 1 && first.back() != first[first.size() - 2] + 1) return false;
        }
        return counts(first);
    }

    std::string said(Index n) const {
        std::string out = text(name_, ": ", counted(n, "row", "rows"), " of ",
                               counted(static_cast<Index>(columns_), "column", "columns"));
        if (!names_.empty()) out += text(" (", listed(names_), ")");
        const bool commas = rules_.decimal == "," || rules_.thousands == ",";
        out += text(", the first ", listed(first_, commas ? "; " : ", "));
        if (columns_ > 1 && separator_ != ',') {
            out += text("; separated by ", csv_separator_name(separator_));
        }
        if (numbered_surely_) {
            out += "; left out a header that numbers columns";
        }
        if (lead_.there) {
            out += text("; left out column 1, which has no name and ", lead_.what());
        } else if (looks_like_index()) {
            out += text("; column 1 counts ", values_[0], ", ", values_[columns_],
                        ", ... like an index");
        }
        if (missing_ > 0)
            out += text("; ", counted(missing_, "value is", "values are"), " missing");
        const Index comments = rows_ > 0 ? lines_.comments() - comments_before_ : 0;
        if (comments > 0) {
            out += text("; left out ", counted(comments, "line that begins", "lines that begin"),
                        " with #");
        }
        return out;
    }

    CsvTable finished() {
        settle_numbered();
        require(columns_ > 0 && !values_.empty(), Failure::data, name_,
                ": no rows of numbers, and neither HDF5 nor NPY");
        settle_lead();
        look_for_empty_columns();
        find_doubts();
        const auto d = static_cast<Index>(columns_);
        const auto n = static_cast<Index>(values_.size() / columns_);
        CsvTable table;
        table.said = said(n);
        table.doubts = std::move(doubts_);
        table.samples.values = allocate(d, n);
        std::copy(values_.begin(), values_.end(), table.samples.values.data());
        table.samples.shape = {d};
        table.samples.columns = std::move(names_);
        return table;
    }

    std::string_view bytes_, name_;
    CsvRules rules_;
    bool missing_pass_, trial_ = false;
    CsvLines lines_;
    std::vector<CsvCell> cells_;
    char separator_ = ',';
    bool begun_ = false, named_ = false;
    std::size_t columns_ = 0;
    Index records_ = 0, rows_ = 0, first_line_ = 0, comments_before_ = 0, missing_ = 0;
    std::vector<std::string> names_, first_, doubts_;
    bool numbered_ = false, numbered_surely_ = false;
    LeadColumn lead_;
    bool fractions_ = false, later_whole_ = false, steps_ = false;
    std::string lost_;
    CommaPattern commas_;
    std::vector<double> values_;
};

/// Throws unless a header reads back as the names that it was made of.
void require_names(const std::vector<std::string>& header) {
    const auto fails = [](const std::string& name) {
        throw Error(Failure::usage,
                    text("column name '", csv_shown(name), "' would not read back"));
    };
    if (header.empty()) return;
    if (header.size() > 1 && is_nameless(header[0])) fails(header[0]);
    const auto trimmed = [](const std::string& name) {
        const auto blank = [](char c) { return c == ' ' || c == '\t'; };
        return name.empty() || (!blank(name.front()) && !blank(name.back()));
    };
    for (const auto& name : header) {
        if (csv_number(name, {}) || !trimmed(name)) fails(name);
    }
    if (std::none_of(header.begin(), header.end(), csv_is_name)) fails(header[0]);
}

/// A name as a cell: quoted where it would be cut or be taken for a comment.
std::string quoted(const std::string& name, char separator, bool alone) {
    const bool plain = name.find(separator) == std::string::npos && !name.starts_with('#') &&
                       name.find_first_of("\"\n\r\t;,|") == std::string::npos &&
                       (!alone || name.find(' ') == std::string::npos) &&
                       (!name.empty() || separator != ' ') && !name.starts_with("sep=");
    if (plain) return name;
    std::string out = "\"";
    for (const char c : name) out.append(c == '"' ? 2 : 1, c);
    return out + '"';
}

template <class T>
void append_number(std::string& out, T value) {
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// Whether a first line of numbers would be read as a header: see read_csv().
bool looks_like_header(ConstMatrix values) {
    if (values.rows() < 2 || values.cols() < 2) return false;
    for (Index i = 0; i < values.rows(); ++i) {
        if (values(i, 0) != static_cast<double>(i)) return false;
    }
    const auto broken = [](double value) {
        std::string digits;
        append_number(digits, value);
        return !is_whole(digits);
    };
    const auto later = values.rightCols(values.cols() - 1).reshaped();
    return !std::signbit(values(0, 0)) && std::any_of(later.begin(), later.end(), broken);
}

}  // namespace

CsvTable read_csv(std::string_view bytes, std::string_view name, const CsvRules& rules,
                  bool missing_pass) {
    require(rules.thousands.empty() ||
                (rules.thousands.size() == 1 &&
                 std::string_view(",.'_ ").find(rules.thousands[0]) != std::string_view::npos),
            Failure::usage, "--thousands: must be , or . or ' or _ or a blank, is '",
            rules.thousands, "'");
    require(rules.thousands != rules.decimal, Failure::usage,
            "--thousands: is the mark of decimals, too; give --decimal as well");
    if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
    return Parser(bytes, name, rules, missing_pass).table();
}

Samples parse_csv(std::string_view bytes, std::string_view name) {
    return read_csv(bytes, name).samples;
}

void write_csv(const std::string& file, ConstMatrix values, const CsvStyle& style) {
    in_context(file, [&] { require_representable(values, Failure::check, style.type); });
    require_names(style.header);
    const bool no_header = style.header.empty() && looks_like_header(values);
    AtomicFile out(file);
    std::string lines;
    for (std::size_t i = 0; i < style.header.size(); ++i) {
        if (i > 0) lines += style.separator;
        lines += quoted(style.header[i], style.separator, style.header.size() == 1);
    }
    if (!style.header.empty()) lines += '\n';
    for (Index j = 0; j < values.cols(); ++j) {
        for (Index i = 0; i < values.rows(); ++i) {
            if (i > 0) lines += style.separator;
            if (no_header && i == 0 && j == 0) {
                lines += "0.0";
            } else if (style.type == ElementType::f32) {
                append_number(lines, static_cast<float>(values(i, j)));
            } else {
                append_number(lines, values(i, j));
            }
        }
        lines += '\n';
        if (lines.size() > 1 << 20) {
            out.write(lines);
            lines.clear();
        }
    }
    out.write(lines);
    out.commit();
}

}  // namespace si
