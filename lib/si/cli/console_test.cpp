#include "si/cli/console.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "si/base/json.hpp"

namespace {

using namespace si;

/// A console with a clock that is turned by hand.
struct Bench {
    std::ostringstream err;
    double now = 100;
    cli::Console console;

    explicit Bench(const cli::Messages& messages, bool terminal = false)
        : console("si-train", "si-train x", messages, {err, terminal, [this] { return now; }}) {}

    void step(Index done, double loss = -3.412) {
        console.update({"train", done, 20000, "steps", {{"loss", loss}}});
    }
};

cli::Messages style(const std::string& progress) {
    cli::Messages messages;
    messages.progress = progress;
    return messages;
}

}  // namespace

TEST_CASE("plain lines come at the start, every 30 seconds and at the end") {
    Bench bench(style("lines"));
    bench.step(0);
    for (int second = 1; second <= 59; ++second) {
        bench.now += 1;
        bench.step(20 * second);
    }
    bench.now += 71;
    bench.step(20000);
    bench.step(20000);
    CHECK(bench.err.str() ==
          "si-train: step 0/20000 0.0% loss -3.412 elapsed 0:00:00\n"
          "si-train: step 600/20000 3.0% loss -3.412 20 steps/s elapsed 0:00:30 eta 0:16:10\n"
          "si-train: step 20000/20000 100.0% loss -3.412 154 steps/s elapsed 0:02:10\n");
}

TEST_CASE("a run that is over at once says nothing by itself") {
    Bench bench(style("auto"));
    bench.step(0);
    bench.now += 0.5;
    bench.step(20000);
    CHECK(bench.err.str().empty());
}

TEST_CASE("a terminal sees one line, redrawn at most ten times a second") {
    Bench bench(style("bar"), true);
    for (int i = 0; i < 1000; ++i) {
        bench.step(i);
        bench.now += 0.001;
    }
    const auto shown = bench.err.str();
    CHECK(std::count(shown.begin(), shown.end(), '\r') == 10);
    CHECK(std::count(shown.begin(), shown.end(), '\n') == 0);
    bench.console.warn("the loss is rising");
    CHECK(bench.err.str().ends_with("\nsi-train: warning: the loss is rising\n"));
}

TEST_CASE("-q leaves errors and warnings") {
    cli::Messages messages = style("lines");
    messages.quiet = true;
    Bench bench(messages);
    bench.step(0);
    bench.console.note("nothing to see");
    CHECK(bench.err.str().empty());
    bench.console.warn("look");
    CHECK(bench.err.str() == "si-train: warning: look\n");
}

TEST_CASE("the log is JSON on every line, whatever the figures") {
    const std::string file = "console_test_log.jsonl";
    std::remove(file.c_str());
    cli::Messages messages = style("none");
    messages.log = file;
    {
        Bench bench(messages);
        bench.step(1);
        bench.console.record({"train", 2, 0, "steps", {{"loss", std::nan("")}, {"rate", 1e-3}}});
        bench.console.warn("bytes \xff");
        CHECK(bench.err.str() == "si-train: warning: bytes \xff\n");
    }
    std::ifstream stream(file);
    std::vector<Json> objects;
    for (std::string line; std::getline(stream, line);) objects.push_back(Json::parse(line));
    REQUIRE(objects.size() == 3);  // what is shown when time has passed is not logged
    CHECK(objects[0]["command"] == "si-train x");
    CHECK(objects[1]["event"] == "record");
    CHECK(objects[1]["loss"].is_null());
    CHECK(objects[1]["rate"] == 1e-3);
    CHECK(objects[1]["done"] == 2);
    CHECK(objects[2]["event"] == "warning");
    std::remove(file.c_str());
}

TEST_CASE("a run that goes on from the middle leaves the log of one that was never stopped") {
    const std::string file = "console_test_resumed.jsonl";
    std::remove(file.c_str());
    cli::Messages messages = style("none");
    messages.log = file;
    const auto record = [](Bench& bench, Index done) {
        bench.console.record({"train", done, 3, "steps", {}});
    };
    const auto contents = [&] {
        std::ifstream stream(file);
        return std::string(std::istreambuf_iterator<char>(stream), {});
    };
    {
        Bench whole(messages);
        for (const Index done : {1, 2, 3}) record(whole, done);
    }
    const std::string wanted = contents();
    std::remove(file.c_str());
    Index mark = 0;
    { Bench stopped_before_it_came_to_anything(messages); }
    {
        Bench first(messages);
        record(first, 1);
        mark = first.console.mark();
        record(first, 2);  // after the state was saved, and lost with the process
        first.console.aside("saved");
        CHECK(first.err.str() == "si-train: saved\n");
    }
    {
        Bench second(messages);
        second.console.rewind(mark);
        record(second, 2);
        record(second, 3);
    }
    CHECK(contents() == wanted);
    std::remove(file.c_str());
    {  // another log: nothing of it is taken away
        Bench elsewhere(messages);
        elsewhere.console.rewind(mark);
        record(elsewhere, 2);
    }
    const auto lines = contents();
    CHECK(std::count(lines.begin(), lines.end(), '\n') == 2);
    std::remove(file.c_str());
}
