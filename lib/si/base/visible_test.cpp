#include "si/base/visible.hpp"

#include <doctest/doctest.h>

namespace si {

TEST_CASE("control characters are written out, and all else stays") {
    CHECK(visible("a\x1b[31mb\x7f") == "a\\x1b[31mb\\x7f");
    CHECK(visible("one\r\n\ttwo") == "one\\r\\n\\ttwo");
    CHECK(visible("\xc2\x9b"
                  "31m") == "\\x9b31m");  // CSI as one character of C1
    CHECK(visible("M\xc3\xbcller \xce\xb3 \xff") == "M\xc3\xbcller \xce\xb3 \xff");
    CHECK(visible(std::string_view("a\0b", 3)) == "a\\x00b");
    CHECK(visible("") == "");
}

}  // namespace si
