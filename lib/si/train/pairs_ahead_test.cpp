#include "si/train/pairs_ahead.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>

using namespace si;

namespace {

/// Pairs that tell their step, and take long enough for a thread to be worth it.
Pairs slow(Index step, Index batch) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return {{}, std::vector<Index>(static_cast<std::size_t>(batch), step)};
}

}  // namespace

TEST_CASE("pairs drawn ahead are those of their step") {
    for (const bool alone : {true, false}) {
        CAPTURE(alone);
        PairsAhead pairs(slow, 3, alone);
        for (Index step = 0; step < 40; ++step) {
            CHECK(pairs.at(step).x1().rows == std::vector<Index>(3, step));
        }
        CHECK(pairs.ahead() == !alone);
    }
}

TEST_CASE("what drawing ahead throws arrives with its step") {
    PairsAhead pairs(
        [](Index step, Index batch) {
            if (step == 30) throw std::runtime_error("no pairs");
            return slow(step, batch);
        },
        2, false);
    for (Index step = 0; step < 30; ++step) CHECK(pairs.at(step).x1().rows.front() == step);
    CHECK_THROWS_WITH(pairs.at(30), "no pairs");
}
