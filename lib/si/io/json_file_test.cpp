#include "si/io/json_file.hpp"

#include <limits>

#include <doctest/doctest.h>

#include "scratch.hpp"

using namespace si;

namespace {

std::string parsing(std::string_view text) {
    return failure([&] { parse_json(text); });
}

}  // namespace

TEST_CASE("a document is read with its keys in order and its numbers exact") {
    const auto json = parse_json(
        R"( {"z": [1, -2, 3.5, 1e-3], "a": {"s": "\u00e9\n", "t": true, "n": null},
             "big": 18446744073709551615, "small": -9223372036854775808} )");
    CHECK(json.dump() ==
          "{\"z\":[1,-2,3.5,0.001],\"a\":{\"s\":\"é\\n\",\"t\":true,\"n\":null},"
          "\"big\":18446744073709551615,\"small\":-9223372036854775808}");
    CHECK(exactly<std::uint64_t>(json["big"]) == 18446744073709551615U);
}

TEST_CASE("a wrong document is refused with its place") {
    CHECK(parsing("{\"a\": 1,\n \"b\": [NaN]}") ==
          "65 line 2, column 8: syntax error while parsing value - invalid literal; last read: "
          "'\"b\": [N'");
    CHECK(parsing("{\"a\": 1") ==
          "65 line 1, column 8: syntax error while parsing object - unexpected end of input; "
          "expected '}'");
    CHECK(parsing("{} x").starts_with("65 line 1, column 4: syntax error"));
    CHECK(parsing("{\"a\": \"\xff\"}").starts_with("65 line 1, column 8: syntax error"));
    CHECK(parsing("[1e999]") == "65 line 1, column 6: number overflow parsing '1e999'");
    CHECK(parsing("{\"net\": {\"width\": 1, \"depth\": 2, \"width\": 3}}") ==
          "65 /net/width: given twice");
    CHECK(parsing("{\"a/b\": [0, 18446744073709551616]}") ==
          "65 /a~1b/1: the integer 18446744073709551616 does not fit into 64 bits");
    CHECK(parsing("[-9223372036854775809]") ==
          "65 /0: the integer -9223372036854775809 does not fit into 64 bits");
    using namespace std::string_view_literals;
    CHECK(parsing("{\"a\": 1,\n \"b\": 2}\n\0{}"sv) ==
          "65 line 3, column 1: a zero byte, which JSON does not have");
    CHECK(parsing("{}\0"sv) == "65 line 1, column 3: a zero byte, which JSON does not have");
    CHECK(parsing("{\"a\0\": 1}"sv).starts_with("65 line 1, column 4: syntax error"));
    const std::string deep(200000, '[');
    CHECK(parsing(deep).ends_with("/0: nested deeper than 64"));
    CHECK(parsing(std::string(64, '[') + std::string(64, ']')) == "no error");
    CHECK(parsing("\"" + std::string(100000, 'x')).size() < 300);
}

TEST_CASE("the file is named once, in one line") {
    const Scratch scratch;
    const auto file = spill(scratch / "model.json", "{\"a\": 1,\n \"b\": }\n");
    const auto reading = [&] { read_json(file); };
    CHECK(failure(reading) == "65 " + file +
                                  ": line 2, column 7: syntax error while parsing value - "
                                  "unexpected '}'; expected '[', '{', or a literal");
    spill(file, "{\"a\": 1, \"a\": 2}");
    CHECK(failure(reading) == "65 " + file + ": /a: given twice");
    spill(file, "");
    CHECK(failure(reading) == "65 " + file + ": is empty");
    CHECK(failure([] { read_json("no.json"); }) == "66 no.json: No such file or directory");
    spill(file, "[1, 2, 3]");
    CHECK(failure([&] { read_json(file, 8); }) == "65 " + file + ": larger than 8 bytes");
    CHECK(in_child([&] {
              ::dup2(::fileno(std::fopen(file.c_str(), "r")), STDIN_FILENO);
              return read_json("-") == Json{1, 2, 3} ? 0 : 1;
          }) == 0);
}

TEST_CASE("a document is printed as people read it") {
    Json json;
    json["format"] = "si-model";
    json["version"] = {1, 0};
    json["gamma"] = {{"kind", "brownian"}, {"a", 1.0}};
    json["net"] = {{"inner", {{"width", 256}}}, {"empty", Json::object()}};
    json["A"] = {{0.3, -0.2}, {0.1, -0.5}};
    json["long"] = std::vector<double>(40, 0.25);
    json["rows"] = {std::vector<int>(30, 1), std::vector<int>(30, 2)};
    json["name"] = "é \"quoted\"";
    json["data"] = std::string(120, 'x');
    std::string rows, quarters;
    for (const char digit : {'1', '2'}) {
        rows += std::string(digit == '1' ? "    [" : ",\n    [") + digit;
        for (int i = 1; i < 30; ++i) rows += std::string(", ") + digit;
        rows += "]";
    }
    for (int i = 0; i < 40; ++i) quarters += i == 0 ? "0.25" : ", 0.25";
    const std::string expected = R"({
  "format": "si-model",
  "version": [1, 0],
  "gamma": {"kind": "brownian", "a": 1.0},
  "net": {
    "inner": {"width": 256},
    "empty": {}
  },
  "A": [[0.3, -0.2], [0.1, -0.5]],
  "long": [)" + quarters + R"(],
  "rows": [
)" + rows + R"(
  ],
  "name": "\u00e9 \"quoted\"",
  "data": ")" + std::string(120, 'x') +
                                 "\"\n}\n";
    CHECK(json_text(json) == expected);
    CHECK(parse_json(json_text(json)) == json);
    CHECK(json_text(json) == json_text(parse_json(json_text(json))));
    CHECK(json_text(Json{{"a", "x"}}) == "{\"a\": \"x\"}\n");
    CHECK(json_text(3.0) == "3.0\n");
}

TEST_CASE("numbers come back bit by bit") {
    const double numbers[] = {0.1, -0.0, 5e-324, 1.7976931348623157e308, 1.0 / 3, 1e21, 123456789};
    for (const double number : numbers) {
        const auto back = parse_json(json_text(number));
        CHECK(back.is_number_float());
        CHECK(back.get<double>() == number);
        CHECK(std::signbit(back.get<double>()) == std::signbit(number));
    }
}

TEST_CASE("what JSON cannot hold is not written, and named") {
    const Scratch scratch;
    const auto file = spill(scratch / "model.json", "old");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto writing = [&](const Json& json) { return failure([&] { write_json(file, json); }); };
    CHECK(writing({{"net", {{"rate", nan}}}}) ==
          "1 " + file + ": /net/rate: is nan, which JSON cannot hold");
    CHECK(writing({{"a", {1, 2, -INFINITY}}}) ==
          "1 " + file + ": /a/2: is -inf, which JSON cannot hold");
    CHECK(writing({{"s", "\xff"}}) == "65 " + file + ": holds text that is not UTF-8");
    Json deep = 1;
    for (int i = 0; i < 65; ++i) deep = Json::array({deep});
    CHECK(writing(deep).ends_with("nested deeper than 64"));
    CHECK(slurp(file) == "old");
    write_json(file, {{"a", 1}});
    CHECK(slurp(file) == "{\"a\": 1}\n");
    CHECK(scratch.count() == 1);
}

TEST_CASE("every cut and every flipped bit is read or refused") {
    const std::string text = "{\"a\": [1, -2.5e3, \"\\u00e9\xc3\xa9\"], \"b\": {\"c\": null}}";
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
        CHECK(parsing(text.substr(0, cut)).starts_with("65 "));
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string broken = text;
            broken[at] = static_cast<char>(broken[at] ^ 1 << bit);
            const auto outcome = parsing(broken);
            CHECK((outcome == "no error" || outcome.starts_with("65 ")));
        }
    }
}
