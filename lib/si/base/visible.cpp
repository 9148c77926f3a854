#include "si/base/visible.hpp"

namespace si {

std::string visible(std::string_view words) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    const auto write_out = [&](unsigned char byte) {
        out += "\\x";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    };
    for (const char c : words) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n' || c == '\r' || c == '\t') {
            out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            write_out(byte);
        } else if (byte >= 0x80 && byte < 0xa0 && out.ends_with('\xc2')) {
            out.pop_back();  // C1 in UTF-8
            write_out(byte);
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace si
