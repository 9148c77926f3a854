#include "si/cli/config.hpp"

#include <doctest/doctest.h>

using namespace si;
using namespace si::cli;

namespace {

std::string refusal(std::string_view toml) {
    try {
        parse_toml(toml);
    } catch (const Error& error) {
        return text(static_cast<int>(error.kind()), " ", error.what());
    }
    return "none";
}

std::string environment(std::vector<const char*> variables) {
    variables.push_back(nullptr);
    std::string out;
    try {
        for (const auto& [name, value] : environment_options(variables.data())) {
            out += text(name, "=", value, ";");
        }
    } catch (const Error& error) {
        return text(static_cast<int>(error.kind()), " ", error.what());
    }
    return out;
}

}  // namespace

TEST_CASE("TOML without sections is read as what would be typed") {
    const auto entries = parse_toml(
        "# a comment\n\nsteps = 100   # another\r\nnet=\"mlp,width=64\"\n"
        "quiet = true\nrate = 1e-3\nname = 'a\\b'\nlist = [1, 2, \"x\"]\nnone = []\nq = "
        "\"\\\"#\\n\"\n");
    std::string all;
    for (const auto& [key, value] : entries) all += text(key, "=", value, ";");
    CHECK(all ==
          "steps=100;net=mlp,width=64;quiet=true;rate=1e-3;name=a\\b;list=1,2,x;none=;q=\"#\n;");
}

TEST_CASE("everything else is refused with its line") {
    CHECK(refusal("a = 1\n[train]\n") == "78 line 2: there are no sections; write key = value");
    CHECK(refusal("a = 1\na = 2\n") == "78 line 2: 'a' is given twice");
    CHECK(refusal("\x89HDF\r\n") == "78 line 1: expected key = value");
    CHECK(refusal("a\n") == "78 line 1: expected '=' after the key");
    CHECK(refusal("a =\n") == "78 line 1: expected a value");
    CHECK(refusal("a = # 1\n") == "78 line 1: expected a value");
    CHECK(refusal("a = fast\n") ==
          "78 line 1: expected a number, true, false or a string in quotes, got fast");
    CHECK(refusal("a = \"x\n") == "78 line 1: a string does not end");
    CHECK(refusal("a = \"\\x\"\n") ==
          "78 line 1: expected \\\", \\\\, \\n or \\t after a backslash");
    CHECK(refusal("a = 1 2\n") == "78 line 1: there is something after the value");
    CHECK(refusal("a = [1 2]\n") == "78 line 1: expected ',' or ']'");
    CHECK(refusal("a = [1,\n2]\n") == "78 line 1: expected a value");
}

TEST_CASE("the environment gives shared options, and no others") {
    CHECK(environment({"HOME=/", "SI_THREADS=4", "SI_SEED=7", "SIX=1"}) == "threads=4;seed=7;");
    CHECK(environment({"SI_LOG=a=b"}) == "log=a=b;");
    CHECK(environment({"SI_THREDS=4"}) ==
          "78 SI_THREDS: no such variable; did you mean 'SI_THREADS'?");
}
