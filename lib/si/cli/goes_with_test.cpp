#include <array>
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

struct Tenor {
    bool loud = false;
    double hall = 1, pitch = 1;
    static constexpr auto fields() {
        return std::tuple{field("loud", &Tenor::loud, "Volume"),
                          field("hall", &Tenor::hall, "Echo of a loud voice"),
                          field("pitch", &Tenor::pitch, "Pitch")};
    }
    static GoesWithTable goes_with() {
        return {
            {"hall", "loud=on", [](const Asked& asked) { return asked.value("loud") == true; }}};
    }
};
struct Voice {
    std::string_view name, summary;
    SpecInfo spec;
};
constexpr std::array kVoices{Voice{"tenor", "A high voice", spec_of<Tenor>}};
Catalogue<Voice> voices() { return {"voice", kVoices}; }

struct Choir {
    Choice<voices> voice{"tenor"};
    bool alone = false;
    static constexpr auto fields() {
        return std::tuple{field("voice", &Choir::voice, "Voice"),
                          field("alone", &Choir::alone, "Sing alone")};
    }
    static GoesWithTable goes_with() {
        return {{"voice.pitch", "others, not with --alone",
                 [](const Asked& asked) { return asked.value("alone") == false; }}};
    }
};

/// What is said on standard error.
std::string sing(Choir& choir, std::vector<std::string> words) {
    choir = {};
    words.insert(words.begin(), "si-sing");
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    std::ostringstream out, err;
    cli::Program("si-sing", "sing", out, err)
        .options("Choir", choir)
        .run(static_cast<int>(words.size()), argv.data(), [](cli::Console&) {});
    return err.str();
}

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
    const Trip alone = with("feet = \"bare\"\nflag = true");
    CHECK(alone.status == 78);
    CHECK(alone.err ==
          "si-walk: goes_with_test.toml: line 2, column 1: flag: goes with --boat, "
          "which is not given\n");
    CHECK(with("{\"flag\": true}").err ==
          "si-walk: goes_with_test.toml: /flag: goes with --boat, which is not given\n");
    CHECK(with("flag = false\nsail = 1").status == 0);
    CHECK(with("sail = 2").status == 78);
    const Trip on_foot = with("boat = \"ketch\"\nsail = 2\nflag = true", {"--feet", "boots"});
    CHECK(on_foot.status == 0);
    CHECK_FALSE(on_foot.walk.boat);
    CHECK(on_foot.walk.sail == 1);
    CHECK(with("flag = true", {"--feet", "boots"}).status == 78);
    // The command line wins over a value that it replaces, and over a wrong one.
    CHECK(with("sail = 2", {"--boat", "ketch"}).walk.sail == 2);
    CHECK(with("boat = \"ketch\"\nsail = \"torn\"", {"--sail", "3"}).walk.sail == 3);
    // What a program prints of itself is read again.
    CHECK(with(Trip({"--print-config"}).out).status == 0);
    std::remove(file.c_str());
}

TEST_CASE("a setting of a choice that would do nothing beside the others is refused") {
    Choir choir;
    CHECK(sing(choir, {"--voice", "tenor,loud=on,hall=3"}).empty());
    CHECK(sing(choir, {"--voice", "tenor,hall=3"}) ==
          "si-sing: --voice: tenor: hall: goes with loud=on\n");
    CHECK(sing(choir, {"--voice", "tenor,hall=1"}) ==
          "si-sing: --voice: tenor: hall: goes with loud=on\n");
    // What a program prints of a choice has all settings, and is read again.
    CHECK(sing(choir, {"--voice", "tenor,loud=off,hall=1,pitch=2"}).empty());
    CHECK(choir.voice.asked() == std::vector<std::string>{"pitch"});
    // A table of the program speaks of settings as well.
    CHECK(sing(choir, {"--voice", "tenor,pitch=2", "--alone"}) ==
          "si-sing: --voice: pitch: goes with others, not with --alone\n");
    CHECK(sing(choir, {"--alone"}).empty());
}

TEST_CASE("a table that speaks of no option is a bug, and says so") {
    CHECK(Trip({}, {{"oar", "--boat", [](const Asked&) { return true; }}}).status == 70);
}
