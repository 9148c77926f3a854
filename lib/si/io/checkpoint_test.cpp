#include "si/io/checkpoint.hpp"

#include <fstream>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "scratch.hpp"
#include "si/io/input_file.hpp"

using namespace si;

namespace {

/// Remembers what it is told, and where the log was to be cut.
struct Listener : Progress {
    std::string said;
    Index rewound = -1;
    void aside(const std::string& sentence) override { said += sentence + "\n"; }
    Index mark() override { return 1234; }
    void rewind(Index mark) override { rewound = mark; }
};

TrainState some_state(Index done) {
    TrainState state;
    state.done = done;
    state.steps = 100;
    state.machine.parameters = Eigen::VectorXf::LinSpaced(50, -1, 1);
    state.machine.average = state.machine.parameters * 0.1F;
    state.machine.first = Eigen::VectorXf::Constant(50, 1e-38F);
    state.machine.second = Eigen::VectorXf::Zero(50);
    state.form = {-0.1, 0.3};
    state.square = {1.0 / 3, 0.7};
    state.history.push_back({{"step", 1}, {"loss", 0.1}});
    return state;
}

Json identity(Index steps) { return {{"training", {{"steps", steps}, {"batch", 7}}}}; }

CheckpointSpec in(const std::string& file, const std::string& resume = "auto") {
    return {file, {600}, resume};
}

FileCheckpoints open(const CheckpointSpec& spec, Progress& progress, double max_seconds = 0,
                     Checkpoints::Request outside = Checkpoints::Request::none, Index steps = 100) {
    return {spec, identity(steps), seconds_now(), max_seconds, [=] { return outside; }, progress};
}

void write(const std::string& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
}

std::string bytes_of(const std::string& file) { return read_file(file, 1 << 20); }

}  // namespace

TEST_CASE("a checkpoint gives back what was saved, and where the log was") {
    const Scratch scratch;
    const auto file = scratch / "run.ckpt";
    Listener listener;
    TrainState state = some_state(17);
    for (const bool validated : {false, true}) {
        if (validated) {
            state.held_out = 0.1;
            state.held_out_square = 0.2;
            state.best = 0.05;
            state.best_step = 9;
            state.best_parameters = state.machine.parameters * 3;
            state.machine.path = Vector::LinSpaced(6, 0, 1);
        }
        auto keeper = open(in(file), listener);
        keeper.save(state);
        const auto back = open(in(file), listener).resume();
        REQUIRE(back.has_value());
        CHECK(back->done == state.done);
        CHECK(back->steps == state.steps);
        CHECK(back->machine.parameters == state.machine.parameters);
        CHECK(back->machine.average == state.machine.average);
        CHECK(back->machine.first == state.machine.first);
        CHECK(back->machine.second == state.machine.second);
        CHECK(back->machine.path == state.machine.path);
        CHECK(back->form.sum == state.form.sum);
        CHECK(back->square.mean() == state.square.mean());
        CHECK(back->held_out == state.held_out);
        CHECK(back->best == state.best);
        CHECK(back->best_step == state.best_step);
        CHECK(back->best_parameters == state.best_parameters);
        CHECK(back->history == state.history);
        CHECK(listener.rewound == 1234);
    }
}

TEST_CASE("of another run, there already, or not there: said before anything is computed") {
    const Scratch scratch;
    const auto file = scratch / "run.ckpt";
    Listener listener;
    CHECK_THROWS_WITH_AS(open(in(file, "yes"), listener),
                         (file + ": there is no checkpoint to resume").c_str(), Error);
    CHECK_FALSE(open(in(file), listener).resume().has_value());
    open(in(file), listener).save(some_state(3));
    CHECK_THROWS_AS(open(in(file, "no"), listener), Error);
    auto other = open(in(file), listener, 0, Checkpoints::Request::none, 200);
    CHECK_THROWS_WITH_AS(other.resume(),
                         (file + ": is of another run: /training/steps was 100, is 200").c_str(),
                         Error);
}

TEST_CASE("no damaged checkpoint is taken for a whole one; the one before is") {
    const Scratch scratch;
    const auto file = scratch / "run.ckpt";
    Listener listener;
    auto keeper = open(in(file), listener);
    keeper.save(some_state(10));
    keeper.save(some_state(20));
    const std::string whole = bytes_of(file);
    CHECK(open(in(file), listener).resume()->done == 20);
    for (std::size_t i = 0; i < whole.size();
         i += 1 + i / 40) {  // the header, then some of the rest
        std::string flipped = whole;
        flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
        write(file, flipped);
        CHECK(open(in(file), listener).resume()->done == 10);
    }
    for (std::size_t size = 0; size < whole.size(); size += 1 + size / 10) {
        write(file, whole.substr(0, size));
        CHECK(open(in(file), listener).resume()->done == 10);
    }
    // What is damaged does not take the place of the good one when the next is saved.
    auto resumed = open(in(file), listener);
    CHECK(resumed.resume()->done == 10);
    resumed.save(some_state(30));
    write(file, "x");
    CHECK(open(in(file), listener).resume()->done == 10);
    write(file + ".prev", "x");
    CHECK_THROWS_AS(open(in(file), listener).resume(), Error);
}

TEST_CASE("a time limit is a time, or the end of a job; never negative") {
    CHECK(Setting<TimeLimit>::from_text("5m").seconds() == 300);
    CHECK(Setting<TimeLimit>::from_text("auto") == Setting<TimeLimit>::from_json("auto"));
    CHECK_THROWS_AS(Setting<TimeLimit>::from_text("-5s"), Error);
    CHECK_THROWS_AS(Setting<TimeLimit>::from_json(-5), Error);
}

TEST_CASE("time that is up, the interval, and a request from outside") {
    const Scratch scratch;
    using enum Checkpoints::Request;
    Progress quiet;
    CHECK(open(in(scratch / "a"), quiet).request() == none);
    CHECK(open(in(scratch / "a"), quiet, 0, save).request() == save);
    CHECK(open(in(scratch / "a"), quiet, 0, stop).request() == stop);
    CHECK(open(in(scratch / "a"), quiet, 1e-9, save).request() == stop);
    CHECK(open(in(scratch / "a"), quiet, 1e6).request() == none);
    CHECK(open({scratch / "a", {1e-9}, "auto"}, quiet).request() == save);
}
