#include "si/io/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "si/io/atomic_file.hpp"

namespace si {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view cell) {
    while (!cell.empty() && is_blank(cell.front())) cell.remove_prefix(1);
    while (!cell.empty() && is_blank(cell.back())) cell.remove_suffix(1);
    return cell;
}

std::string_view unquoted(std::string_view cell) {
    const bool quoted = cell.size() >= 2 && cell.front() == '"' && cell.back() == '"';
    return quoted ? cell.substr(1, cell.size() - 2) : cell;
}

char separator_of(std::string_view line) {
    for (const char c : {'\t', ';', ','}) {
        if (line.find(c) != std::string_view::npos) return c;
    }
    return ' ';
}

/// Cuts the next cell off the front of `line`. `more` says whether another one follows.
std::string_view next_cell(std::string_view& line, char separator, bool& more) {
    std::size_t end = 0;
    if (!line.empty() && line.front() == '"') end = std::min(line.find('"', 1), line.size());
    const auto separators =
        separator == ' ' ? std::string_view(" \t") : std::string_view(&separator, 1);
    end = std::min(line.find_first_of(separators, end), line.size());
    const auto cell = line.substr(0, end);
    more = end < line.size();
    line.remove_prefix(std::min(end + 1, line.size()));
    if (separator == ' ') line = trimmed(line);
    return unquoted(trimmed(cell));
}

bool read_number(std::string_view cell, double& value) {
    if (cell.starts_with('+') && !cell.starts_with("+-")) cell.remove_prefix(1);
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (end != cell.data() + cell.size()) return false;
    // Too small for a double is zero for every purpose here; too large is infinite.
    if (error == std::errc::result_out_of_range) {
        const auto mark = cell.find_first_of("eE");
        const bool tiny = mark != std::string_view::npos && cell.substr(mark + 1).starts_with('-');
        value = tiny ? 0 : HUGE_VAL;
        return true;
    }
    return error == std::errc();
}

/// A name may not begin like a number, or a damaged first row would pass for a header.
bool is_name(std::string_view cell) {
    const auto first = cell.find_first_not_of("+-.");
    const bool digit = first != std::string_view::npos && cell[first] >= '0' && cell[first] <= '9';
    double value = 0;
    return !digit && !read_number(cell, value);
}

/// The state of one pass over the text.
class Parser {
  public:
    explicit Parser(std::string_view name) : name_(name) {}

    void line(std::string_view line) {
        ++line_;
        if (line.ends_with('\r')) line.remove_suffix(1);
        const auto inner = trimmed(line);
        if (inner.empty() || inner.front() == '#') return;
        if (columns_ == 0) {
            separator_ = separator_of(inner);
            spaced_ = separator_ == ' ';
        }
        // A tab at an end of the line is an empty cell, unless blanks are what separates.
        const auto cells = spaced_ ? inner : line;
        if (columns_ == 0 && is_header(cells)) return;
        row(cells);
    }

    Samples result() {
        require(columns_ > 0 && !values_.empty(), Failure::data, name_,
                ": no rows of numbers, and neither HDF5 nor NPY");
        const auto d = static_cast<Index>(columns_);
        const auto n = static_cast<Index>(values_.size() / columns_);
        Samples samples;
        samples.values = allocate(d, n);
        std::copy(values_.begin(), values_.end(), samples.values.data());
        samples.shape = {d};
        samples.columns = std::move(header_);
        return samples;
    }

  private:
    [[noreturn]] void fail(const std::string& what) const {
        throw Error(Failure::data, text(name_, ":", line_, ": ", what));
    }

    bool is_header(std::string_view line) {
        std::vector<std::string> names;
        bool more = true;
        while (more) {
            const auto cell = next_cell(line, separator_, more);
            if (!is_name(cell)) return false;
            names.emplace_back(cell);
        }
        columns_ = names.size();
        first_line_ = line_;
        header_ = std::move(names);
        return true;
    }

    void row(std::string_view line) {
        std::size_t count = 0;
        bool more = true;
        while (more) {
            const auto cell = next_cell(line, separator_, more);
            double value = 0;
            ++count;
            if (!read_number(cell, value)) {
                fail(cell.empty() ? text("column ", count, ": empty cell")
                                  : text("column ", count, ": '", shortened(std::string(cell), 40),
                                         "' is not a number"));
            }
            values_.push_back(value);
        }
        if (columns_ == 0) {
            columns_ = count;
            first_line_ = line_;
        }
        if (count != columns_) {
            fail(text(count, count == 1 ? " column" : " columns", " where line ", first_line_,
                      " has ", columns_));
        }
    }

    std::string_view name_;
    std::size_t line_ = 0, first_line_ = 0, columns_ = 0;
    char separator_ = ',';
    bool spaced_ = false;
    std::vector<std::string> header_;
    std::vector<double> values_;
};

/// A name as a cell: quoted where it would be cut or be taken for a comment.
std::string quoted(const std::string& name, char separator) {
    require(is_name(name) && name.find_first_of("\"\n\r") == std::string::npos, Failure::usage,
            "column name '", name, "' would not read back");
    const bool plain = name.find(separator) == std::string::npos && !name.starts_with('#');
    return plain ? name : '"' + name + '"';
}

template <class T>
void append_number(std::string& out, T value) {
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

Samples parse_csv(std::string_view bytes, std::string_view name) {
    if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
    Parser parser(name);
    while (!bytes.empty()) {
        const auto end = std::min(bytes.find('\n'), bytes.size());
        parser.line(bytes.substr(0, end));
        bytes.remove_prefix(std::min(end + 1, bytes.size()));
    }
    return parser.result();
}

void write_csv(const std::string& file, ConstMatrix values, const CsvStyle& style) {
    in_context(file, [&] { require_representable(values, Failure::check, style.type); });
    AtomicFile out(file);
    std::string lines;
    for (std::size_t i = 0; i < style.header.size(); ++i) {
        if (i > 0) lines += style.separator;
        lines += quoted(style.header[i], style.separator);
    }
    if (!style.header.empty()) lines += '\n';
    for (Index j = 0; j < values.cols(); ++j) {
        for (Index i = 0; i < values.rows(); ++i) {
            if (i > 0) lines += style.separator;
            if (style.type == ElementType::f32) {
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
