#include "si/io/csv_cells.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "si/base/visible.hpp"

namespace si {
namespace {

constexpr std::array<std::pair<char, std::string_view>, 5> kSeparators{
    {{'\t', "tabs"}, {';', "semicolons"}, {',', "commas"}, {'|', "bars"}, {' ', "blanks"}}};

/// Errors of spreadsheets are lines of data that begin like comments.
constexpr auto kErrors = std::to_array<std::string_view>(
    {"#N/A", "#NA", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NAME?", "#NULL!"});
constexpr auto kMissing =
    std::to_array<std::string_view>({"", "NA", "N/A", "na", "n/a", "<NA>", "NaT", "null", "NULL",
                                     "Null", "None", "none", "-", "--", ".", "?", "*"});

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_end(char c) { return c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool are_digits(std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), is_digit);
}

std::string_view trimmed(std::string_view cell) {
    while (!cell.empty() && is_blank(cell.front())) cell.remove_prefix(1);
    while (!cell.empty() && is_blank(cell.back())) cell.remove_suffix(1);
    return cell;
}

std::string_view without_sign(std::string_view cell) {
    if (cell.starts_with('+') || cell.starts_with('-')) cell.remove_prefix(1);
    return cell;
}

std::size_t end_of_line(std::string_view text) {
    return std::min(text.find_first_of("\r\n"), text.size());
}

bool is_comment(std::string_view line) {
    return line.starts_with('#') &&
           std::none_of(kErrors.begin(), kErrors.end(),
                        [&](std::string_view error) { return line.starts_with(error); });
}

/// Where the quoted cell at the start of `text` has its last quote; npos when it is not closed.
std::size_t closing_quote(std::string_view text) {
    std::size_t at = text.find('"', 1);
    while (at != std::string_view::npos && text.substr(at + 1).starts_with('"')) {
        at = text.find('"', at + 2);
    }
    return at;
}

bool separates(char c, char separator) { return c == separator || (separator == ' ' && c == '\t'); }

std::string undoubled(std::string_view cell) {
    std::string out;
    for (std::size_t i = 0; i < cell.size(); ++i) {
        out += cell[i];
        if (cell[i] == '"') ++i;
    }
    return out;
}

/// Blanks that do not break lines, of any width, as plain ones.
std::string narrow_blanks(std::string_view cell) {
    std::string out(cell);
    for (const std::string_view blank : {"\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89"}) {
        for (auto at = out.find(blank); at != std::string::npos; at = out.find(blank, at)) {
            out.replace(at, blank.size(), " ");
        }
    }
    return out;
}

/// A number without its marks of thousands and with a point; nothing where the groups are not of
/// three digits.
std::optional<std::string> plain(std::string_view cell, const CsvRules& rules) {
    const std::string_view digits = without_sign(cell);
    const auto whole_end =
        std::min(digits.find_first_not_of("0123456789" + rules.thousands), digits.size());
    std::string out = cell.starts_with('-') ? "-" : "";
    const std::string_view whole = digits.substr(0, whole_end);
    std::size_t group = 0, groups = 0;
    for (const char c : whole) {
        if (is_digit(c)) {
            out += c;
            ++group;
            continue;
        }
        if (groups == 0 ? group < 1 || group > 3 : group != 3) return {};
        ++groups;
        group = 0;
    }
    if (groups > 0 && group != 3) return {};
    std::string_view tail = digits.substr(whole_end);
    if (tail.starts_with(rules.decimal)) {
        out += '.';
        tail.remove_prefix(1);
    } else if (tail.starts_with('.')) {
        return {};
    }
    return out.append(tail);
}

std::optional<double> number(std::string_view cell) {
    if (cell.starts_with('+') && !cell.starts_with("+-")) cell.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (end != cell.data() + cell.size()) return {};
    // Too small for a double is zero for every purpose here; too large is infinite.
    if (error == std::errc::result_out_of_range) {
        const auto mark = cell.find_first_of("eE");
        const bool tiny = mark != std::string_view::npos && cell.substr(mark + 1).starts_with('-');
        return tiny ? 0 : HUGE_VAL;
    }
    if (error != std::errc()) return {};
    return value;
}

}  // namespace

bool CsvLines::find() {
    while (!rest_.empty()) {
        const auto line = trimmed(rest_.substr(0, end_of_line(rest_)));
        number_ = next_;
        if (!line.empty() && !is_comment(line)) return true;
        if (!line.empty()) ++comments_;
        skip();
    }
    return false;
}

void CsvLines::skip() {
    rest_.remove_prefix(end_of_line(rest_));
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (!rest_.empty()) rest_.remove_prefix(1);
    ++next_;
}

std::string_view CsvLines::line() const {
    std::size_t end = 0;
    while (end < rest_.size() && !is_end(rest_[end])) {
        const auto close =
            rest_[end] == '"' ? closing_quote(rest_.substr(end)) : std::string_view::npos;
        end += close == std::string_view::npos ? 1 : close + 1;
    }
    return rest_.substr(0, end);
}

std::string_view CsvLines::cell(char separator, std::string_view& line, bool& quoted) {
    while (!line.empty() && is_blank(line.front()) &&
           (separator == ' ' || line.front() != separator)) {
        line.remove_prefix(1);
    }
    quoted = false;
    if (line.starts_with('"')) {
        const auto close = closing_quote(line);
        if (close != std::string_view::npos) {
            auto after = close + 1;
            while (after < line.size() && is_blank(line[after]) &&
                   !separates(line[after], separator)) {
                ++after;
            }
            quoted =
                after == line.size() || is_end(line[after]) || separates(line[after], separator);
            if (quoted) {
                auto inner = line.substr(1, close - 1);
                if (inner.find('"') != std::string_view::npos) {
                    inner = undoubled_.emplace_back(undoubled(inner));
                }
                line.remove_prefix(after);
                return trimmed(inner);
            }
        }
    }
    std::size_t end = 0;
    while (end < line.size() && !separates(line[end], separator) && !is_end(line[end])) ++end;
    const auto found = trimmed(line.substr(0, end));
    line.remove_prefix(end);
    return found;
}

void CsvLines::cut(char separator, std::vector<CsvCell>& cells) {
    cells.clear();
    undoubled_.clear();
    const auto before = rest_;
    // A tab at an end of the line is an empty cell, unless blanks are what separates.
    while (true) {
        bool quoted = false;
        const auto text = cell(separator, rest_, quoted);
        cells.push_back({text, quoted});
        if (separator == ' ') {
            while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
            if (!rest_.empty() && !is_end(rest_.front())) continue;
        }
        if (rest_.empty() || is_end(rest_.front())) break;
        if (separator != ' ') rest_.remove_prefix(1);
    }
    const auto used = before.substr(0, before.size() - rest_.size());
    for (std::size_t i = 0; i < used.size(); ++i) {
        if (used[i] == '\n' || (used[i] == '\r' && !used.substr(i + 1).starts_with('\n'))) ++next_;
    }
    skip();
}

char csv_separator(std::string_view line, const CsvRules& rules) {
    std::string outside;
    bool inside = false;
    for (const char c : line) {
        if (c == '"') inside = !inside;
        if (!inside) outside += c;
    }
    if (inside) outside = line;  // a quote that is a letter
    // Blanks that group digits separate nothing.
    const bool blanks = rules.thousands != " ";
    for (const auto& [c, name] : kSeparators) {
        const bool free = rules.decimal[0] != c && (c != ' ' || blanks);
        if (free && outside.find(c) != std::string::npos) return c;
    }
    return blanks ? ' ' : '\t';
}

std::string_view csv_separator_name(char separator) {
    for (const auto& [c, name] : kSeparators) {
        if (c == separator) return name;
    }
    return "marks of its own";
}

std::optional<double> csv_number(std::string_view cell, const CsvRules& rules) {
    if (rules.thousands.empty() && rules.decimal == ".") return number(cell);
    const auto spelled =
        rules.thousands == " " ? plain(narrow_blanks(cell), rules) : plain(cell, rules);
    return spelled ? number(*spelled) : std::nullopt;
}

bool csv_missing(std::string_view cell) {
    const auto is = [&](std::string_view word) { return word == cell; };
    return std::any_of(kMissing.begin(), kMissing.end(), is) ||
           std::any_of(kErrors.begin(), kErrors.end(), is);
}

bool csv_loses_digits(std::string_view cell, double value) {
    if (cell.size() < 16 || !are_digits(without_sign(cell)) || !std::isfinite(value)) return false;
    std::string_view digits = without_sign(cell);
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    char held[400];
    const auto [end, error] = std::to_chars(std::begin(held), std::end(held), std::abs(value),
                                            std::chars_format::fixed, 0);
    return error != std::errc() || std::string_view(held, end) != digits;
}

bool csv_is_name(std::string_view cell) {
    const auto first = cell.find_first_not_of("+-.");
    const bool digit = first != std::string_view::npos && is_digit(cell[first]);
    return !digit && !csv_missing(cell) && !number(cell);
}

bool csv_counts_from_zero(const std::vector<CsvCell>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cells[i].text != text(i)) return false;
    }
    return true;
}

std::string csv_shown(std::string_view cell) { return visible(shortened(std::string(cell), 40)); }

std::string csv_advice(std::string_view cell, char separator, const CsvRules& rules) {
    const auto reads = [&](const std::string& decimal, const std::string& thousands) {
        const auto has = [&](const std::string& mark) {
            const std::string narrow = mark == " " ? narrow_blanks(cell) : std::string(cell);
            return mark == "." || mark.empty() || narrow.find(mark) != std::string::npos;
        };
        return has(decimal) && has(thousands) &&
               csv_number(cell, {.decimal = decimal, .thousands = thousands}).has_value();
    };
    std::vector<std::string> ways;
    if (rules.decimal == ",") {
        if (reads(".", "")) ways.emplace_back("--decimal .");
        if (reads(",", ".")) ways.emplace_back("--decimal , --thousands .");
        if (reads(",", " ")) ways.emplace_back("--decimal , --thousands ' '");
    } else {
        if (separator != ',' && reads(",", "")) ways.emplace_back("--decimal ,");
        if (reads(".", ",")) ways.emplace_back("--thousands ,");
        if (separator != ',' && ways.empty() && reads(",", ".")) {
            ways.emplace_back("--decimal , --thousands .");
        }
        if (ways.empty() && reads(".", "'")) ways.emplace_back("--thousands \"'\"");
        if (ways.empty() && reads(".", "_")) ways.emplace_back("--thousands _");
        if (ways.empty() && reads(".", " ")) ways.emplace_back("--thousands ' '");
        if (ways.empty() && separator != ',' && reads(",", " ")) {
            ways.emplace_back("--decimal , --thousands ' '");
        }
    }
    if (!ways.empty()) return "; si-data import " + join(ways, " or ") + " reads it";
    if (separator == ',' && (reads(",", "") || reads(",", "."))) {
        return "; where commas are decimal, separate the cells by semicolons";
    }
    const auto colon = cell.find(':');
    if (separator == ' ' && colon != std::string_view::npos && are_digits(cell.substr(0, colon)) &&
        number(cell.substr(colon + 1))) {
        return "; it looks like sparse rows of libsvm: write all columns of each row instead";
    }
    return "";
}

}  // namespace si
