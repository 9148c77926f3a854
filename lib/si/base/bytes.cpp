#include "si/base/bytes.hpp"

#include <cmath>

namespace si {
namespace {

constexpr std::string_view kLetters = "KMGT";

}  // namespace

std::optional<std::int64_t> parse_bytes(std::string_view word) {
    double unit = 1;
    if (const auto letter = kLetters.find(word.empty() ? '\0' : word.back());
        letter != std::string_view::npos) {
        unit = std::ldexp(1.0, static_cast<int>(10 * (letter + 1)));
        word.remove_suffix(1);
    }
    const auto number = parse_real(word);
    constexpr double kMost = 0x1p62;
    if (!number || !(*number >= 0) || *number * unit > kMost) return {};
    return static_cast<std::int64_t>(*number * unit);
}

std::string bytes_text(std::int64_t bytes) {
    std::size_t letters = 0;
    for (; bytes > 0 && bytes % 1024 == 0 && letters < kLetters.size(); ++letters) bytes /= 1024;
    std::string word = std::to_string(bytes);
    if (letters > 0) word += kLetters[letters - 1];
    return word;
}

}  // namespace si
