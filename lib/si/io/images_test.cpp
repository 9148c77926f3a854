#include "si/io/images.hpp"

#include <string>

#include <doctest/doctest.h>

#include "scratch.hpp"

using namespace si;

namespace {

// Two by two pixels of grey, 64, 128, 192 and 255, with a gamma of one.
constexpr std::string_view kGrey =
    "89504e470d0a1a0a0000000d494844520000000200000002080000000057dd52f80000000467414d41000186"
    "a031e8965f0000000e49444154789c6370686038f01f0005c5028058963acb0000000049454e44ae426082";
// Two pixels with colours, 10, 20, 30 and 40, 50, 60, the second transparent.
constexpr std::string_view kColour =
    "89504e470d0a1a0a0000000d4948445200000002000000010806000000f4227f8a0000001149444154789c63"
    "e01291fbaf6164c30000084201d246b531130000000049454e44ae426082";
// One pixel of 16 bits.
constexpr std::string_view kDeep =
    "89504e470d0a1a0a0000000d49484452000000010000000110000000006aee47160000000b49444154789c63"
    "706000000083004153ff51580000000049454e44ae426082";

std::string bytes_of(std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
    }
    return bytes;
}

}  // namespace

TEST_CASE("the numbers of a PNG picture are the bytes in it") {
    const Scratch scratch;
    const auto read = [&](std::string_view digits) {
        return read_images({spill(scratch / "p.png", bytes_of(digits))});
    };
    const Samples grey = read(kGrey);
    CHECK(grey.shape == std::vector<Index>{1, 2, 2});
    CHECK(grey.values == Eigen::Vector4d(64, 128, 192, 255));
    const Samples colour = read(kColour);
    CHECK(colour.shape == std::vector<Index>{3, 1, 2});
    Vector want(6);
    want << 10, 0, 20, 0, 30, 0;
    CHECK(colour.values == want);
    const auto why = failure([&] { read(kDeep); });
    CHECK(why.ends_with("p.png: is a PNG picture of 65536 levels; 256 are wanted"));
}

TEST_CASE("every cut and every flipped bit of a picture is read or refused") {
    const Scratch scratch;
    const auto refused = [&](const std::string& bytes) {
        const auto file = spill(scratch / "p.png", bytes);
        const auto said = failure([&] { read_images({file}); });
        CHECK((said == "no error" || said.starts_with("65 " + file + ": ")));
        return said != "no error";
    };
    for (const std::string_view picture : {kGrey, kColour, kDeep}) {
        const auto whole = bytes_of(picture);
        // What follows the pixels is 12 bytes that say so.
        for (std::size_t cut = 1; cut + 12 < whole.size(); ++cut) {
            CHECK(refused(whole.substr(0, cut)));
        }
        for (std::size_t at = 0; at < whole.size(); ++at) {
            for (int bit = 0; bit < 8; ++bit) {
                std::string broken = whole;
                broken[at] = static_cast<char>(broken[at] ^ 1 << bit);
                refused(broken);
            }
        }
    }
}
