#include <cstdio>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "si/cli/program.hpp"

namespace {

using namespace si;

/// A walk by feet or by a boat, which alone has a sail.
struct Walk {
    std::string feet = "bare";
    std::optional<std::string> boat;
    double sail = 1;
    bool flag = false;

    static constexpr auto fields() {
        return std::tuple{field("feet", &Walk::feet, "Shoes"), field("boat", &Walk::boat, "Boat"),
                          field("sail", &Walk::sail, "Its sail"),
                          field("flag", &Walk::flag, "Its flag")};
    }
    static GoesWithTable goes_with() {
        constexpr auto afloat = [](const Asked& asked) { return !asked.value("boat").is_null(); };
        return {{"sail", "--boat, not with --feet", afloat},
                {"flag", "--boat, which is not given", afloat}};
    }
};

struct Trip {
    Walk walk;
    std::string err, out;
    int status = -1;

    explicit Trip(std::vector<std::string> words, const GoesWithTable& more = {}) {
        words.insert(words.begin(), "si-walk");
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        std::ostringstream out_stream, err_stream;
        cli::Messages messages;
        cli::Program program("si-walk", "walk", out_stream, err_stream);
        status = program.options("Walk", walk)
                     .common(messages)
                     .alternatives("feet", "boat")
                     .goes_with(more)
                     .run(static_cast<int>(words.size()), argv.data(), [](cli::Console&) {});
        err = err_stream.str();
        out = out_stream.str();
    }
};

}  // namespace

TEST_CASE("an option that would do nothing is refused, and says what it goes with") {
    CHECK(Trip({}).status == 0);
    CHECK(Trip({"--flag", "--boat", "ketch"}).status == 0);
    const Trip alone({"--flag"});
    CHECK(alone.status == 64);
    CHECK(alone.err == "si-walk: --flag: goes with --boat, which is not given\n");
    CHECK(Trip({"--flag=off"}).status == 64);  // be it for its default
    CHECK(Trip({"--sail", "2", "--feet", "boots"}).err ==
          "si-walk: --sail: goes with --boat, not with --feet\n");
}

TEST_CASE("in a configuration a default asks for nothing, and what is put aside goes together") {
    const std::string file = "goes_with_test.toml";
    const auto with = [&](const std::string& content, std::vector<std::string> words = {}) {
        std::ofstream(file) << content;
        words.insert(words.end(), {"--config", file});
        return Trip(words);
    };
    CHECK(with("flag = true").err == "si-walk: --flag: goes with --boat, which is not given\n");
    CHECK(with("flag = false\nsail = 1").status == 0);
    CHECK(with("sail = 2").status == 64);
    const Trip on_foot = with("boat = \"ketch\"\nsail = 2\nflag = true", {"--feet", "boots"});
    CHECK(on_foot.status == 0);
    CHECK_FALSE(on_foot.walk.boat);
    CHECK(with("flag = true", {"--feet", "boots"}).status == 64);
    // What a program prints of itself is read again.
    CHECK(with(Trip({"--print-config"}).out).status == 0);
    std::remove(file.c_str());
}

TEST_CASE("a table that speaks of no option is a bug, and says so") {
    CHECK(Trip({}, {{"oar", "--boat", [](const Asked&) { return true; }}}).status == 70);
}
