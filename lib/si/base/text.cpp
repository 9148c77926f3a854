#include "si/base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

namespace si {
namespace {

template <class T>
std::string shortest(T value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    return {buffer.data(), end};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whole digits only, for the fields of a clock.
std::optional<double> parse_digits(std::string_view word) {
    if (word.empty() || !std::all_of(word.begin(), word.end(), is_digit)) return {};
    return parse_real(word);
}

std::optional<double> parse_clock(std::string_view word) {  // [D-]H:M:S or M:S
    double days = 0;
    if (const auto dash = word.find('-'); dash != std::string_view::npos) {
        const auto d = parse_digits(word.substr(0, dash));
        if (!d) return {};
        days = *d;
        word.remove_prefix(dash + 1);
    }
    const auto pieces = split(word, ':');
    if (pieces.size() < 2 || pieces.size() > 3) return {};
    double seconds = 0;
    for (const auto piece : pieces) {
        const auto part = parse_digits(piece);
        if (!part) return {};
        seconds = 60 * seconds + *part;
    }
    return 86400 * days + seconds;
}

double unit_seconds(char unit) {
    switch (unit) {
        case 's':
            return 1;
        case 'm':
            return 60;
        case 'h':
            return 3600;
        case 'd':
            return 86400;
        default:
            return 0;
    }
}

}  // namespace

std::string to_text(double value) { return shortest(value); }
std::string to_text(float value) { return shortest(value); }

std::string rounded(double value, int digits) {
    if (!std::isfinite(value)) return shortest(value);
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   std::chars_format::general, digits)
                         .ptr;
    return {buffer.data(), end};
}

std::optional<double> parse_real(std::string_view word) {
    const auto body = word.starts_with('-') ? word.substr(1) : word;
    if (body.empty() || !(is_digit(body[0]) || body[0] == '.')) return {};  // no inf, no nan
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) return {};
    return value;
}

std::optional<std::int64_t> parse_integer(std::string_view word) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error == std::errc{} && end == word.data() + word.size()) return value;
    if (error == std::errc::result_out_of_range || word.empty()) return {};
    double factor = 1;
    switch (word.back()) {
        case 'k':
            factor = 1e3;
            break;
        case 'M':
            factor = 1e6;
            break;
        case 'G':
            factor = 1e9;
            break;
        default:
            break;
    }
    const auto number = parse_real(factor > 1 ? word.substr(0, word.size() - 1) : word);
    if (!number) return {};
    const double whole = *number * factor;
    if (std::abs(whole) > 9e15 || whole != std::floor(whole)) return {};  // exact in a double
    return static_cast<std::int64_t>(whole);
}

std::optional<std::uint64_t> parse_unsigned(std::string_view word) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error == std::errc{} && end == word.data() + word.size()) return value;
    const auto number = parse_integer(word);
    if (!number || *number < 0) return {};
    return static_cast<std::uint64_t>(*number);
}

std::optional<double> parse_duration(std::string_view word) {
    if (word.find(':') != std::string_view::npos) return parse_clock(word);
    if (const auto seconds = parse_real(word)) {
        return *seconds >= 0 ? seconds : std::nullopt;
    }
    double total = 0, last = std::numeric_limits<double>::infinity();
    while (!word.empty()) {
        const auto at = word.find_first_of("smhd");
        if (at == std::string_view::npos) return {};
        const auto number = parse_real(word.substr(0, at));
        const double unit = unit_seconds(word[at]);
        if (!number || *number < 0 || unit >= last) return {};  // "1h30m", never "30m1h"
        total += *number * unit;
        last = unit;
        word.remove_prefix(at + 1);
    }
    return std::isinf(last) ? std::nullopt : std::optional(total);
}

std::string clock_text(double seconds) {
    const auto s = static_cast<long long>(std::llround(std::max(seconds, 0.0)));
    std::array<char, 40> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%lld:%02lld:%02lld", s / 3600, s / 60 % 60,
                  s % 60);
    return buffer.data();
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            next[j] = std::min(
                {row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                next[j] = std::min(next[j], before[j - 2] + 1);
            }
        }
        std::swap(before, row);
        std::swap(row, next);
    }
    return row[b.size()];
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
    const auto nearest = std::min_element(names.begin(), names.end(), [&](auto& a, auto& b) {
        return edit_distance(a, word) < edit_distance(b, word);
    });
    if (nearest == names.end()) return "";
    const auto limit = std::max<std::size_t>(2, nearest->size() / 3);
    const bool begins = word.size() >= 2 && nearest->starts_with(word);
    const auto distance = edit_distance(*nearest, word);
    // Two edits of a short word leave too little of it: 'inf' is not 'sine'.
    const auto longer = std::max(nearest->size(), word.size());
    const bool near = distance <= 1 || (distance <= limit && 2 * distance < longer);
    if (!begins && !near) return "";
    return text("; did you mean '", *nearest, "'?");
}

std::vector<std::string_view> split(std::string_view line, char separator) {
    std::vector<std::string_view> pieces;
    for (;;) {
        const auto at = line.find(separator);
        pieces.push_back(line.substr(0, at));
        if (at == std::string_view::npos) return pieces;
        line.remove_prefix(at + 1);
    }
}

std::string join(const std::vector<std::string>& pieces, std::string_view glue) {
    std::string out;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (i > 0) out += glue;
        out += pieces[i];
    }
    return out;
}

std::string shortened(std::string value, std::size_t limit) {
    if (value.size() > limit) {
        value.resize(limit - 3);
        value += "...";
    }
    return value;
}

}  // namespace si
