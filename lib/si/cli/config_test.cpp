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

TEST_CASE("TOML is read in the order of the file, section by section") {
    const auto entries = parse_toml(
        "# a comment\n\nsteps = 100   # another\r\nnet=\"mlp,width=64\"\n"
        "quiet = true\nrate = 1e-3\nname = 'a\\b'\nlist = [1,\n 2, \"x\"]\nnone = []\nq = "
        "\"\\\"#\\n\"\n[path]\nkind = \"spline\"\nknots.at = [0.5]\n[si-train]\nb = 0x10\na = "
        "1_000\n[si-train.net]\nkind = 'mlp'\n");
    std::string all;
    for (const auto& [section, key, value, place, inside] : entries) {
        all += text(section, section.empty() ? "" : ".", key, "=", value.dump(), ";");
    }
    CHECK(all ==
          "steps=100;net=\"mlp,width=64\";quiet=true;rate=0.001;name=\"a\\\\b\";list=[1,2,\"x\"];"
          "none=[];q=\"\\\"#\\n\";path={\"kind\":\"spline\",\"knots\":{\"at\":[0.5]}};"
          "si-train.b=16;si-train.a=1000;si-train.net={\"kind\":\"mlp\"};");
    CHECK(entries[1].place == "line 4, column 1");
    CHECK(parse_toml("").empty());
    CHECK(parse_toml("\xEF\xBB\xBF# a mark of UTF-8\n").empty());
}

TEST_CASE("a word is typed, and every other value has the type of its option") {
    std::string got;
    Option option;
    option.assign = [&](std::string_view word) { got = text("typed ", word); };
    option.load = [&](const Json& value) { got = text("loaded ", value.dump()); };
    Json now = 0;
    option.dump = [&] { return now; };
    const auto given = [&](const std::string& value) {
        parse_toml("a = " + value).front().give_to(option);
        return got;
    };
    CHECK(given("\"1e3\"") == "typed 1e3");
    CHECK(given("['x', 'y']") == "typed x,y");
    CHECK(given("[]") == "typed ");
    CHECK(given("3") == "loaded 3");
    CHECK(given("3.0") == "loaded 3.0");
    CHECK(given("true") == "loaded true");
    CHECK(given("[1, 2]") == "loaded [1,2]");
    CHECK(given("{kind = 'x', n = 1}") == "loaded {\"kind\":\"x\",\"n\":1}");
    // One number for an option that is a word or a list is what would be typed.
    now = "0.1";
    CHECK(given("0.2") == "typed 0.2");
    now = Json::array();
    CHECK(given("0.5") == "typed 0.5");
    // An error inside of a table names the line of its own key.
    option.load = [](const Json&) { throw Error(Failure::usage, "/y/z: unknown key"); };
    CHECK_THROWS_WITH_AS(parse_toml("[a]\nx = 1\n[a.y]\nw = 1\nz = 2\n").front().give_to(option),
                         "line 5, column 1: a: /y/z: unknown key", Error);
    now = 0;
    option.load = [](const Json& value) { exactly<int>(value); };
    CHECK_THROWS_WITH_AS(given("3.5"), "line 1, column 1: a: expected an integer in range, got 3.5",
                         Error);
}

TEST_CASE("what is not TOML, and what no option is, is refused with its place") {
    CHECK(refusal("a = 1\nb = 1979-05-27\n") ==
          "78 line 2, column 5: no option is a date or a time of the day");
    CHECK(refusal("a = [07:32:00]\n") ==
          "78 line 1, column 6: no option is a date or a time of the day");
    CHECK(refusal("[x]\na = 1979-05-27T07:32:00Z\n") ==
          "78 line 2, column 5: no option is a date or a time of the day");
    for (const char* wrong :
         {"a = 1\na = 2\n", "\x89HDF\r\n", "a\n", "a =\n", "a = # 1\n", "a = fast\n", "a = \"x\n",
          "a = \"\\x\"\n", "a = 1 2\n", "a = [1 2]\n", "a = 010\n", "a = 100k\n", "[a\n", "= 1\n",
          "a = \"\xFF\"\n", "a = \"\xC0\xAF\"\n", "[a]\n[a]\n", "a = 1\n[a]\n", "a = {\n"}) {
        CAPTURE(wrong);
        CHECK(refusal(wrong).starts_with("78 line "));
    }
    CHECK(refusal("a = 1\nb = fast\n") ==
          "78 line 2, column 7: boolean: expected 'false', saw 'fas'");
    CHECK(refusal("a = \"\xFF\"\n") == "78 line 1, column 5: encountered invalid utf-8 sequence");
    CHECK(refusal("a = " + std::string(100000, '[')).starts_with("78 line 1, column "));
}

TEST_CASE("a large file is read in time that grows with it") {
    std::string many;
    for (int i = 0; i < 20000; ++i) many += text("key_", i, " = ", i, "  # a comment\n");
    CHECK(parse_toml(many).size() == 20000);
}

TEST_CASE("the environment gives shared options, and no others") {
    CHECK(environment({"HOME=/", "SI_THREADS=4", "SI_SEED=7", "SIX=1"}) == "threads=4;seed=7;");
    CHECK(environment({"SI_LOG=a=b"}) == "log=a=b;");
    CHECK(environment({"SI_THREDS=4"}) ==
          "78 SI_THREDS: no such variable; did you mean 'SI_THREADS'?");
    CHECK(environment({"SI_ISA=avx2", "SI_SEED=7"}) == "seed=7;");
    CHECK(environment({"SI_ISA=avx99"}) ==
          "78 SI_ISA=avx99: no such instruction set; there are avx512, avx2, baseline");
}
