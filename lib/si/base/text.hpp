#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// Numbers to text and back without a locale, and without a conversion that loses something.

namespace si {

/// The shortest decimal that reads back as the same number; "nan", "inf", "-inf" otherwise.
std::string to_text(double value);
std::string to_text(float value);

template <std::integral T>
std::string to_text(T value) {
    return std::to_string(value);
}
inline std::string to_text(bool value) { return value ? "true" : "false"; }
inline std::string to_text(char value) { return {value}; }
inline std::string to_text(std::string_view value) { return std::string(value); }
inline std::string to_text(const char* value) { return value; }

/// Joins its arguments into one string.
template <class... Parts>
std::string text(const Parts&... parts) {
    std::string out;
    (out.append(to_text(parts)), ...);
    return out;
}

/// `value` with `digits` significant digits, for tables and progress lines.
std::string rounded(double value, int digits);

/// A number written in decimal, in full: no spaces, no sign but '-', no octal, no hex, nothing
/// left over. Integers also take an exponent and the factors k, M, G (1000s), as in "1e6" or
/// "100k"; a value that does not fit the type, or is not whole, is refused.
std::optional<double> parse_real(std::string_view word);
std::optional<std::int64_t> parse_integer(std::string_view word);
std::optional<std::uint64_t> parse_unsigned(std::string_view word);

/// Seconds from "90", "90s", "1.5m", "2h", "1d", "1h30m", "2:30" (min:s), "1:02:03", "1-00:00:00".
std::optional<double> parse_duration(std::string_view word);

/// Seconds as "0:02:10", for people.
std::string clock_text(double seconds);

/// Single edits (insert, delete, replace, swap neighbours) that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// "; did you mean 'X'?" for the nearest of `names`, or "" when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

/// The pieces of `line` between separators; an empty line has one empty piece.
std::vector<std::string_view> split(std::string_view line, char separator);

/// The pieces joined with `glue` between them.
std::string join(const std::vector<std::string>& pieces, std::string_view glue);

/// At most `limit` characters of `value`, with "..." where it was cut.
std::string shortened(std::string value, std::size_t limit = 80);

}  // namespace si
