#include <doctest/doctest.h>

#include "si/base/catalogue.hpp"
#include "si/base/threads.hpp"

namespace {

using namespace si;

struct Small {
    Index width = 8;
    double rate = 0.5;
    bool warm = true;
    std::string colour = "red";
    std::optional<double> limit;

    static constexpr auto fields() {
        return std::tuple{field("width", &Small::width, "Units", kPositive),
                          field("rate", &Small::rate, "Rate"), field("warm", &Small::warm, "Warm"),
                          field("colour", &Small::colour, "Colour", one_of(+[] {
                                    return std::vector<std::string>{"red", "green"};
                                })),
                          field("limit", &Small::limit, "Limit", kPositive)};
    }
};

double area(const Small& s, double height) { return static_cast<double>(s.width) * height; }

struct Row {
    std::string_view name, summary;
    SpecInfo spec;
    double (*make)(const Json&, double);
    std::string_view aliases = "";
};

constexpr auto kRows = std::to_array<Row>({
    {"small", "a small thing", spec_of<Small>, from_json<area>, "little tiny"},
    {"plain", "nothing to set", spec_of<NoSettings>, nullptr},
});
Catalogue<Row> things() { return {"thing", kRows}; }

std::string message(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("a spec reads back what it wrote, and fills in what is missing") {
    Small s;
    s.width = 3;
    s.limit = 2.5;
    CHECK(write_spec(read_spec<Small>(write_spec(s))) == write_spec(s));
    CHECK(read_spec<Small>(Json::object()).width == 8);
}

TEST_CASE("a wrong JSON value is refused with its place") {
    const auto reading = [](const char* json) {
        return message([&] { read_spec<Small>(Json::parse(json)); });
    };
    CHECK(reading(R"({"width": 3.7})") == "/width: expected an integer in range, got 3.7");
    CHECK(reading(R"({"width": -3})") == "/width: must be positive, is -3");
    CHECK(reading(R"({"widht": 3})") == "/widht: unknown key; did you mean 'width'?");
    CHECK(reading(R"({"rate": "x"})") == "/rate: expected a number, got \"x\"");
    CHECK(reading(R"({"colour": "gren"})") ==
          "/colour: 'gren' is not one of red, green; did you mean 'green'?");
    CHECK(reading("[]") == "expected an object");
}

TEST_CASE("a choice has two spellings and one meaning") {
    using Thing = Choice<things>;
    const Thing by_text("small,width=3,warm=off,limit=2");
    const auto by_json = Thing::from_json(
        Json::parse(R"({"kind": "small", "width": 3, "warm": false, "limit": 2.0})"));
    CHECK(by_text == by_json);
    CHECK(Thing(spelled(Thing("small,width=9").json())) == Thing("small,width=9"));
    CHECK(by_text.make(2.0) == 6.0);
    const auto making = [](const char* word) { return message([&] { Thing t(word); }); };
    CHECK(making("smal") == "no thing is called 'smal'; did you mean 'small'?");
    CHECK(making("small,widht=3") == "small: no setting is called 'widht'; did you mean 'width'?");
    CHECK(making("small,width=-3") == "small: width: must be positive, is -3");
    CHECK(making("small,width=x") == "small: width: expected an integer, got 'x'");
    CHECK(making("small,width=3,width=4") == "small: width: given twice");
    CHECK(making("small,width") == "small: expected key=value, got 'width'");
}

TEST_CASE("an alias is another way to type a name, and is not stored") {
    using Thing = Choice<things>;
    CHECK(Thing("tiny,width=3") == Thing("small,width=3"));
    CHECK(Thing("little").json()["kind"] == "small");
    CHECK(Thing::from_json(Json::parse(R"({"kind": "tiny"})")) == Thing("small"));
    CHECK(message([] { Thing t("litle"); }) ==
          "no thing is called 'litle'; did you mean 'little'?");
    CHECK(message([] { Thing t("xyzzy"); }) ==
          "no thing is called 'xyzzy' (there are: small, plain)");
    CHECK(things().info()[0].summary == "a small thing (also little, tiny)");
    CHECK(things().info()[1].summary == "nothing to set");
}

namespace {

struct Long {
    Index steps = 5;
    static constexpr auto fields() {
        return std::tuple{field("steps", &Long::steps, "How far", kPositive)};
    }
};

struct Longer : Long {
    Longer() { steps = 8; }
    static constexpr auto fields() { return Long::fields(); }
};

}  // namespace

TEST_CASE("a spec that takes its fields from another one describes its own defaults") {
    CHECK(describe<Long>()[0].fallback == "5");
    CHECK(describe<Longer>()[0].fallback == "8");
}

TEST_CASE("numbers are read in full or not at all") {
    CHECK(parse_integer("010") == 10);
    CHECK(parse_integer("1e6") == 1000000);
    CHECK(parse_integer("100k") == 100000);
    CHECK(parse_integer("-5") == -5);
    for (const char* word : {"", "1.5", "x", "5x", "0x10", "1e30", "99999999999999999999", "1 "}) {
        CAPTURE(word);
        CHECK_FALSE(parse_integer(word).has_value());
    }
    CHECK_FALSE(parse_unsigned("-5").has_value());
    CHECK(parse_unsigned("18446744073709551615") == 18446744073709551615ULL);
    CHECK(parse_real("-1.5e-3") == -1.5e-3);
    for (const char* word : {"", "nan", "inf", "-inf", "1.5x", "+1", "--1"}) {
        CAPTURE(word);
        CHECK_FALSE(parse_real(word).has_value());
    }
    CHECK(parse_duration("90") == 90);
    CHECK(parse_duration("1h30m") == 5400);
    CHECK(parse_duration("1:02:03") == 3723);
    CHECK(parse_duration("1-00:00:01") == 86401);
    for (const char* word : {"", "5x", "30m1h", "-5", "m"}) {
        CAPTURE(word);
        CHECK_FALSE(parse_duration(word).has_value());
    }
}

TEST_CASE("a word is taken for another that is most of it, and for no other") {
    CHECK_EQ(edit_distance("abcd", "abdc"), 1);
    CHECK_EQ(edit_distance("inf", "sine"), 2);
    CHECK_EQ(edit_distance("", "abc"), 3);
    const std::vector<std::string> names{"sine", "linear", "dopri5", "b"};
    CHECK_EQ(did_you_mean("linaer", names), "; did you mean 'linear'?");
    CHECK_EQ(did_you_mean("dopri", names), "; did you mean 'dopri5'?");
    CHECK_EQ(did_you_mean("sien", names), "; did you mean 'sine'?");
    CHECK_EQ(did_you_mean("c", names), "; did you mean 'b'?");
    CHECK_EQ(did_you_mean("inf", names), "");
    CHECK_EQ(did_you_mean("uniform", names), "");
    CHECK_EQ(did_you_mean("word", {}), "");
}

TEST_CASE("errors read from the outside in, and JSON pointers join up") {
    const Error inner(Failure::usage, "/width: must be positive");
    CHECK(std::string(inner.within("/net").within("m.json").what()) ==
          "m.json: /net/width: must be positive");
    CHECK_THROWS_WITH_AS(in_file("m.json", [&] { throw inner; }),
                         "m.json: /width: must be positive", Error);
    CHECK_THROWS_WITH_AS(in_file("m.json", [] { throw std::bad_alloc(); }), "m.json: out of memory",
                         Error);
}

TEST_CASE("threads run every item once, and the first error wins") {
    for (const int count : {1, 2, 5}) {
        Threads threads(count);
        std::vector<int> seen(1000, 0);
        for (int repeat = 0; repeat < 20; ++repeat) {
            threads.for_each(1000, [&](Index i, int) { ++seen[static_cast<std::size_t>(i)]; });
        }
        CHECK(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 20; }));
        const auto failing = [&] {
            threads.for_each(
                100, [](Index i, int) { require(i % 10 != 7, Failure::check, "item ", i); });
        };
        CHECK_THROWS_WITH_AS(failing(), "item 7", Error);
    }
}
