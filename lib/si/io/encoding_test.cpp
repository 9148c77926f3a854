#include <doctest/doctest.h>

#include "scratch.hpp"
#include "si/io/base64.hpp"
#include "si/io/crc32c.hpp"

using namespace si;

TEST_CASE("base64 gives the vectors of RFC 4648, section 10") {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, word] : vectors) {
        CHECK(base64_encode(bytes) == word);
        CHECK(base64_decode(word) == bytes);
    }
}

TEST_CASE("base64 returns all bytes at all lengths") {
    std::string bytes;
    for (int i = 0; i < 600; ++i) {
        CHECK(base64_decode(base64_encode(bytes)) == bytes);
        bytes += static_cast<char>(i * 37 % 256);
    }
}

TEST_CASE("base64 accepts one spelling only") {
    const auto decoding = [](std::string_view word) {
        return failure([&] { base64_decode(word); });
    };
    CHECK(decoding("Zg=") == "65 not base64: 3 characters, which is no multiple of 4");
    CHECK(decoding("Zm9v!m8=") == "65 not base64 at character 5");
    CHECK(decoding("Zm9vZm8\n") == "65 not base64 at character 8");
    CHECK(decoding("Z===") == "65 not base64 at character 2");
    CHECK(decoding("====") == "65 not base64 at character 1");
    CHECK(decoding("Zg==Zg==") == "65 not base64 at character 3");
    CHECK(decoding("Zh==") == "65 not base64: bits are left over at the end");
    CHECK(decoding("Zm9=") == "65 not base64: bits are left over at the end");
    CHECK(decoding("Zm-_") == "65 not base64 at character 3");
}

TEST_CASE("CRC-32C gives the published check values") {
    CHECK(crc32c("123456789") == 0xe3069283);
    CHECK(crc32c("") == 0);
    // RFC 3720, appendix B.4: 32 bytes of zeros, of ones, rising, and falling.
    std::string rising, falling;
    for (int i = 0; i < 32; ++i) {
        rising += static_cast<char>(i);
        falling += static_cast<char>(31 - i);
    }
    CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
    CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
    CHECK(crc32c(rising) == 0x46dd794e);
    CHECK(crc32c(falling) == 0x113fdb5c);
    CHECK(crc32c_text(0x0a9136ab) == "0a9136ab");
}

TEST_CASE("CRC-32C can be taken in pieces, cut anywhere") {
    const std::string bytes = "stochastic interpolants bridge any two densities";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        const auto first = crc32c(bytes.substr(0, cut));
        CHECK(crc32c(bytes.substr(cut), first) == crc32c(bytes));
        CHECK(crc32c_by_tables(bytes.substr(cut), first) == crc32c(bytes));
    }
}
