#include "si/cli/files.hpp"

#include <filesystem>

#include <doctest/doctest.h>

#include "scratch.hpp"

using namespace si;
using namespace si::cli;

TEST_CASE("no output is an input or another output, by whatever name") {
    const Scratch scratch;
    const auto data = spill(scratch / "data.h5", "x"), other = spill(scratch / "other.h5", "x");
    const auto link = scratch / "link.h5", hard = scratch / "hard.h5";
    std::filesystem::create_symlink(data, link);
    std::filesystem::create_hard_link(data, hard);
    const auto asked = [&](const std::string& output, const std::string& input) {
        return failure([&] {
            require_different({{"--output", output}}, {{"the input X1", input}});
        });
    };
    const auto refused = [](const std::string& output) {
        return "64 --output would replace the input X1, " + output + "; write to another file";
    };
    for (const auto& name : {data, link, hard, scratch.path() + "/./data.h5"}) {
        CHECK(asked(name, data) == refused(name));
        CHECK(asked(name, data + ":/x") == refused(name));
        CHECK(asked(name, other) == "no error");
    }
    for (const std::string free : {"-", "/dev/null", ""}) CHECK(asked(free, free) == "no error");
    const auto both = [&](const std::string& a, const std::string& b) {
        return failure([&] { require_different({{"--output", a}, {"--checkpoint", b}}, {}); });
    };
    CHECK(both(data, other) == "no error");
    CHECK(both(data, link) == "64 --checkpoint and --output are one file");
    // Also before either is there.
    CHECK(both(scratch / "new", scratch.path() + "/./new") ==
          "64 --checkpoint and --output are one file");
    CHECK(both(scratch / "new", scratch / "old") == "no error");
}
