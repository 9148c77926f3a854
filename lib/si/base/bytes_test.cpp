#include "si/base/bytes.hpp"

#include <doctest/doctest.h>

using namespace si;

TEST_CASE("sizes as people write them") {
    CHECK(parse_bytes("4096") == 4096);
    CHECK(parse_bytes("64K") == 65536);
    CHECK(parse_bytes("1.5G") == 1'610'612'736);
    for (const char* word : {"", "G", "5x", "-1M", "5GB", "nan", "9999999T"}) {
        CAPTURE(word);
        CHECK_FALSE(parse_bytes(word).has_value());
    }
    for (const char* word : {"1", "4097", "64K", "1536M", "1G", "3000T"}) {
        CHECK(bytes_text(*parse_bytes(word)) == word);
    }
    CHECK_THROWS_WITH_AS(Setting<Bytes>::from_text("0"),
                         "expected a size such as 512M or 4G, is '0'", Error);
}
