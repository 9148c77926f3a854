#include "si/cli/program.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <new>
#include <sstream>
#include <tuple>

#include <doctest/doctest.h>

#include "scratch.hpp"
#include "si/base/catalogue.hpp"
#include "si/base/leftover.hpp"

namespace {

using namespace si;

struct Wheel {
    Index spokes = 3;
    static constexpr auto fields() {
        return std::tuple{field("spokes", &Wheel::spokes, "How many", kPositive)};
    }
};
struct Row {
    std::string_view name, summary;
    SpecInfo spec;
};
constexpr auto kWheels = std::to_array<Row>(
    {{"wood", "an old wheel", spec_of<Wheel>}, {"steel", "a newer wheel", spec_of<NoSettings>}});
Catalogue<Row> wheels() { return {"wheel", kWheels}; }

struct Demo {
    std::uint64_t n = 1;
    Index steps = 10;
    double rate = 0.5;
    bool fast = false;
    std::string title;
    Seconds limit{60};
    Choice<wheels> wheel{"wood"};
    static constexpr auto fields() {
        return std::tuple{field("n", &Demo::n, "Number of things", kPositive),
                          field("steps", &Demo::steps, "Steps", kPositive).letter('s'),
                          field("rate", &Demo::rate, "Rate", kPositive),
                          field("fast", &Demo::fast, "Be fast").letter('f'),
                          field("title", &Demo::title, "Title"),
                          field("limit", &Demo::limit, "Time allowed"),
                          field("wheel", &Demo::wheel, "Wheel to use")};
    }
};

/// One run of a program with one positional, and what became of it.
struct Run {
    Demo demo;
    cli::Common common;
    std::string file, command, out, err;
    int status = -1;

    explicit Run(
        std::vector<std::string> words,
        const std::function<void(cli::Console&)>& body = [](cli::Console&) {}) {
        words.insert(words.begin(), "/usr/bin/si-demo");
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        std::ostringstream out_stream, err_stream;
        cli::Program program("si-demo", "show how it is done", out_stream, err_stream);
        status = program.input("X1", file, "the input")
                     .options("Demo", demo)
                     .alternatives("rate", "limit")
                     .common(common)
                     .example("si-demo x.h5", "nothing much")
                     .run(static_cast<int>(words.size()), argv.data(), body);
        command = program.command();
        out = out_stream.str();
        err = err_stream.str();
    }
};

void refused(const std::vector<std::string>& words, const std::string& message, int status = 64) {
    const Run run(words);
    CHECK(run.err == "si-demo: " + message + "\n");
    CHECK(run.status == status);
    CHECK(run.out.empty());
}

}  // namespace

TEST_CASE("values reach their fields in every spelling") {
    CHECK(Run({"x", "-n", "5"}).demo.n == 5);
    CHECK(Run({"x", "-n5"}).demo.n == 5);
    CHECK(Run({"x", "-n=5"}).demo.n == 5);
    CHECK(Run({"x", "-n", "010"}).demo.n == 10);
    CHECK(Run({"x", "-n", "1e6"}).demo.n == 1000000);
    CHECK(Run({"--steps=7", "x"}).demo.steps == 7);
    CHECK(Run({"-s", "7", "x"}).demo.steps == 7);
    CHECK(Run({"-fqs7", "x"}).demo.steps == 7);
    CHECK(Run({"--fast", "x"}).demo.fast);
    CHECK(Run({"--fast", "x"}).file == "x");
    CHECK_FALSE(Run({"--fast=off", "x"}).demo.fast);
    CHECK(Run({"x", "--title", ""}).demo.title.empty());
    CHECK(Run({"x", "--title", "-"}).demo.title == "-");
    CHECK(Run({"x", "--title", "-n"}).demo.title == "-n");
    CHECK(Run({"x", "--title", "[a,b]"}).demo.title == "[a,b]");
    CHECK(Run({"x", "--title", "{}"}).demo.title == "{}");
    CHECK(Run({"x", "--title==5"}).demo.title == "=5");
    CHECK(Run({"x", "--limit", "1h30m"}).demo.limit == Seconds{5400});
    CHECK(spelled(Run({"x", "--wheel", "wood,spokes=4"}).demo.wheel.json()) == "wood,spokes=4");
    CHECK(Run({"-"}).file == "-");
    CHECK(Run({"--", "-x.json"}).file == "-x.json");
    CHECK(Run({"x", "--seed", "18446744073709551615"}).common.seed == 18446744073709551615ULL);
    CHECK(Run({"x"}).status == 0);
    CHECK(Run({"x", "--title", "it's"}).command == "si-demo x --title 'it'\\''s'");
}

TEST_CASE("what a parser might take for a number is refused in one line") {
    refused({"x", "-n", "-5"}, "-n: expected an integer from 0 to 18446744073709551615, got '-5'");
    refused({"x", "-n=-5"}, "-n: expected an integer from 0 to 18446744073709551615, got '-5'");
    refused({"x", "-s", "-5"}, "--steps: must be positive, is -5");
    refused({"x", "-n", "0"}, "-n: must be positive, is 0");
    refused({"x", "-n", ""}, "-n: expected an integer from 0 to 18446744073709551615, got ''");
    refused({"x", "-n", "1000000000000000000000"},
            "-n: expected an integer from 0 to 18446744073709551615, got "
            "'1000000000000000000000'");
    refused({"x", "--rate", "nan"}, "--rate: expected a number, got 'nan'");
    refused({"x", "--rate", "-1"}, "--rate: must be positive, is -1");
    refused({"x", "--rate=1_000"}, "--rate: expected a number, got '1_000'");
    refused({"x", "--fast=maybe"}, "--fast: expected on or off, got 'maybe'");
}

TEST_CASE("a misspelt command is told from a misspelt option") {
    const auto said = [](std::string word) {
        std::string name = "si-demo";
        char* argv[] = {name.data(), word.data(), nullptr};
        std::ostringstream out, err;
        cli::Common common;
        cli::Program("si-demo", "show how it is done", out, err)
            .command("make", "make something", [](int, char**) { return 0; })
            .command("score", "measure something", [](int, char**) { return 0; })
            .common(common)
            .run(2, argv, [](cli::Console&) {});
        return err.str();
    };
    CHECK(said("mkae") == "si-demo: unexpected argument 'mkae'; did you mean 'make'?\n");
    CHECK(said("scores") == "si-demo: unexpected argument 'scores'; did you mean 'score'?\n");
    CHECK(said("thread") == "si-demo: unexpected argument 'thread'; did you mean '--threads'?\n");
    CHECK(said("zebra") == "si-demo: unexpected argument 'zebra'\n");
}

TEST_CASE("a command line that asks for something else is helped") {
    refused({"x", "--stepz", "3"}, "unknown option '--stepz'; did you mean '--steps'?");
    refused({"--stepz=3", "x"}, "unknown option '--stepz'; did you mean '--steps'?");
    refused({"x", "-z"}, "unknown option '-z'");
    refused({"x", "y"}, "unexpected argument 'y'");
    refused({"x", "--", "-n"}, "unexpected argument '-n'");
    refused({"x", "steps"}, "unexpected argument 'steps'; did you mean '--steps'?");
    refused({}, "missing X1; see si-demo --help");
    refused({"x", "--steps"}, "--steps: needs a value");
    refused({"x", "--steps", "1", "-s", "2"}, "--steps: given twice");
    refused({"x", "-f", "--fast"}, "--fast: given twice");
    refused({"x", "--wheel", "wod"}, "--wheel: no wheel is called 'wod'; did you mean 'wood'?");
    refused({"x", "--wheel", "ox"}, "--wheel: no wheel is called 'ox' (there are: wood, steel)");
    refused({"x", "--limit", "5s", "--rate", "1"}, "--rate and --limit: give one of them");
    refused({"x", "--progress", "line"},
            "--progress: 'line' is not one of auto, bar, lines, none; did you mean 'lines'?");
    refused({"x", "--log", "/nonexistent/log"}, "/nonexistent/log: cannot open the log for writing",
            73);
}

TEST_CASE("what is thrown decides the exit status") {
    const auto status = [](auto exception) {
        return Run({"x"}, [&](cli::Console&) { throw exception; });
    };
    CHECK(status(Error(Failure::data, "a.h5: row 3: is NaN")).err ==
          "si-demo: a.h5: row 3: is NaN\n");
    CHECK(status(Error(Failure::data, "x")).status == 65);
    CHECK(status(Error(Failure::again, "x")).status == 75);
    CHECK(status(Error(Failure::data, "two\nlines")).err == "si-demo: two lines\n");
    CHECK(status(std::bad_alloc()).status == 71);
    CHECK(status(std::bad_alloc()).err == "si-demo: out of memory\n");
    CHECK(status(std::logic_error("no")).status == 70);
    CHECK(status(std::logic_error("no")).err.find("this is a bug") != std::string::npos);
}

TEST_CASE("where nothing may be thrown memory ends in a line, and no temporary file is left") {
    const Scratch scratch;
    const auto last = [](const std::function<void()>& f) noexcept { f(); };
    const auto ends = [&](const std::function<void()>& f) {
        return in_child([&] {
            const Leftover file(spill(scratch / "a", "begun"));
            last(f);
            return 0;
        });
    };
    CHECK(ends([] { throw std::bad_alloc(); }) == 71);
    CHECK(scratch.count() == 0);
    CHECK(ends([] { throw std::logic_error("no"); }) == 70);
    CHECK(scratch.count() == 0);
}

TEST_CASE("help, version and manual say every option") {
    const Run help({"--help", "--stepz"});
    CHECK(help.status == 0);
    CHECK(help.err.empty());
    CHECK(Run({"-h"}).out == help.out);
    const Run manual({"--help-mdoc"});
    for (const char* name : {"steps", "rate", "fast", "wheel", "seed", "log", "spokes", "steel"}) {
        CAPTURE(name);
        CHECK(help.out.find(name) != std::string::npos);
        CHECK(manual.out.find(name) != std::string::npos);
    }
    CHECK(help.out.find("Steps (default 10; positive)") != std::string::npos);
    std::istringstream lines(help.out);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 88);
    CHECK(Run({"--version"}).out.starts_with("si-demo "));
    const auto version = Json::parse(Run({"--version", "--json"}).out);
    CHECK(version["program"] == "si-demo");
    CHECK(version.contains("compiler"));
}

TEST_CASE("a configuration file is read strictly, and the command line wins") {
    const std::string file = "program_test_config.json";
    const auto with = [&](const std::string& content, std::vector<std::string> words = {}) {
        std::ofstream(file) << content;
        words.insert(words.end(), {"x", "--config", file});
        return Run(words);
    };
    const auto both = with(R"({"steps": 3, "rate": 2, "wheel": {"kind": "steel"}})", {"-s", "4"});
    CHECK(both.err.empty());
    CHECK(both.demo.steps == 4);
    CHECK(both.demo.rate == 2);
    CHECK(both.demo.wheel.kind() == "steel");
    CHECK(with(R"({"stepz": 3})").err ==
          "si-demo: program_test_config.json: /stepz: unknown key; did you mean 'steps'?\n");
    CHECK(with(R"({"steps": 3.5})").status == 78);
    CHECK(with(R"({"steps": -3})").status == 78);
    CHECK(with("{\x89HDF").err == "si-demo: program_test_config.json: is not a JSON object\n");
    CHECK(with("\x89HDF").err.starts_with("si-demo: program_test_config.json: line 1, column 1: "));
    const auto toml = with("steps = 3 # few\nwheel = \"steel\"\nrate = 2\n", {"-s", "4"});
    CHECK(toml.err.empty());
    CHECK(toml.demo.steps == 4);
    CHECK(toml.demo.rate == 2);
    CHECK(toml.demo.wheel.kind() == "steel");
    const std::string refused = "si-demo: program_test_config.json: line 1, column 1: ";
    CHECK(with("stepz = 3").err == refused + "stepz: unknown key; did you mean 'steps'?\n");
    CHECK(with("steps = -3").err == refused + "steps: must be positive, is -3\n");
    CHECK(with("steps = 3.0").err == refused + "steps: expected an integer in range, got 3.0\n");
    CHECK(with("rate = [1, 2]").err == refused + "rate: expected a number, got [1,2]\n");
    CHECK(with("config = \"other.toml\"").err == refused + "config: unknown key\n");
    // A section is for one program, or the settings of a choice.
    const auto sections =
        with("rate = 5\nsteps = 3\n[wheel]\nkind = \"steel\"\n[si-demo]\nsteps = 8\n", {"-n", "2"});
    CHECK(sections.err.empty());
    CHECK(sections.demo.steps == 8);
    CHECK(sections.demo.rate == 5);
    CHECK(sections.demo.wheel.kind() == "steel");
    CHECK(with("[si-demo]\nstepz = 3").err ==
          "si-demo: program_test_config.json: line 2, column 1: stepz: unknown key; did you mean "
          "'steps'?\n");
    CHECK(with("[si-dmeo]\nsteps = 3").err ==
          "si-demo: program_test_config.json: line 2, column 1: [si-dmeo]: no such program; did "
          "you mean 'si-demo'?\n");
    CHECK(with(R"({"print_config": true})").err ==
          "si-demo: program_test_config.json: /print_config: unknown key\n");
    const auto typed = with("limit = \"5s\"", {"--rate", "1"});
    CHECK(typed.status == 0);
    CHECK(typed.demo.limit.value == 60);
    CHECK(with("limit = \"5s\"").demo.limit.value == 5);
    // What is printed reads back as itself.
    const auto printed = Run({"-s", "4", "--wheel", "steel", "--print-config"}).out;
    CHECK(printed.find("steps = 4\n") != std::string::npos);
    CHECK(with(printed, {"--print-config"}).out == printed);
    std::remove(file.c_str());
    CHECK(Run({"x", "--config", file}).status == 78);
}

TEST_CASE("an output that cannot be flushed is a failure") {
    std::ofstream full("/dev/full");
    std::ostringstream err;
    std::string name = "si-demo";
    char* argv[] = {name.data(), nullptr};
    const int status =
        cli::Program("si-demo", "", full, err).run(1, argv, [&](cli::Console&) { full << "data"; });
    CHECK(status == 74);
    CHECK(err.str() == "si-demo: cannot write to standard output\n");
}
