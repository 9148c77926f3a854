#include "si/io/base64.hpp"

#include <array>
#include <cstdint>

#include "si/base/error.hpp"

namespace si {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Values above 63 mark what is not in the alphabet, so that one test judges four characters.
constexpr std::uint8_t kOutside = 0x80;

constexpr auto kValues = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(kOutside);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
        values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}();

std::uint32_t value_of(char c) { return kValues[static_cast<unsigned char>(c)]; }
char byte_of(std::uint32_t bits) { return static_cast<char>(bits & 0xff); }

[[noreturn]] void fail_at(std::string_view word, std::size_t from) {
    while (from < word.size() && value_of(word[from]) < 64) ++from;
    throw Error(Failure::data, text("not base64 at character ", from + 1));
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
    std::string out((bytes.size() + 2) / 3 * 4, '=');
    const auto at = [&](std::size_t i) -> std::uint32_t {
        return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
    };
    char* to = out.data();
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::uint32_t bits = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        const std::size_t given = bytes.size() - i;
        to[0] = kAlphabet[bits >> 18];
        to[1] = kAlphabet[bits >> 12 & 63];
        if (given > 1) to[2] = kAlphabet[bits >> 6 & 63];
        if (given > 2) to[3] = kAlphabet[bits & 63];
        to += 4;
    }
    return out;
}

std::string base64_decode(std::string_view word) {
    require(word.size() % 4 == 0, Failure::data, "not base64: ", word.size(),
            " characters, which is no multiple of 4");
    const std::size_t padding = word.ends_with("==") ? 2 : word.ends_with('=') ? 1 : 0;
    const std::size_t whole = padding > 0 ? word.size() - 4 : word.size();
    std::string out(word.size() / 4 * 3 - padding, '\0');
    char* to = out.data();
    for (std::size_t i = 0; i < whole; i += 4) {
        const std::uint32_t a = value_of(word[i]), b = value_of(word[i + 1]);
        const std::uint32_t c = value_of(word[i + 2]), d = value_of(word[i + 3]);
        if (((a | b | c | d) & kOutside) != 0) fail_at(word, i);
        const std::uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        to[0] = byte_of(bits >> 16);
        to[1] = byte_of(bits >> 8);
        to[2] = byte_of(bits);
        to += 3;
    }
    if (padding > 0) {
        const auto last = word.substr(whole, 4 - padding);
        std::uint32_t bits = 0;
        for (const char c : last) {
            if (value_of(c) == kOutside) fail_at(word, whole);
            bits = bits << 6 | value_of(c);
        }
        // Bits that no byte takes must be zero, or two spellings would mean the same bytes.
        const std::uint32_t spare = padding == 1 ? 2 : 4;
        require((bits & ((1U << spare) - 1)) == 0, Failure::data,
                "not base64: bits are left over at the end");
        bits >>= spare;
        if (padding == 1) *to++ = byte_of(bits >> 8);
        *to = byte_of(bits);
    }
    return out;
}

}  // namespace si
