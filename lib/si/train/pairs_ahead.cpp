#include "si/train/pairs_ahead.hpp"

#include <system_error>
#include <utility>

#include "si/base/clock.hpp"

namespace si {
namespace {

constexpr Index kTrial = 8;      // steps that are timed
constexpr double kWorth = 0.03;  // of the time

}  // namespace

PairsAhead::PairsAhead(DrawPairs draw, Index batch, bool alone)
    : draw_(std::move(draw)), batch_(batch), alone_(alone) {}

PairsAhead::~PairsAhead() {
    if (!drawer_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    change_.notify_all();
    drawer_.join();
}

const Pairs& PairsAhead::at(Index step) {
    if (drawer_.joinable()) {
        std::unique_lock lock(mutex_);
        change_.wait(lock, [&] { return wanted_ < 0; });
        if (failure_) std::rethrow_exception(failure_);
        std::swap(now_, next_);
        wanted_ = step + 1;
        change_.notify_all();
        return now_;
    }
    const double start = seconds_now();
    if (drawn_ == 0) began_ = start;
    const bool worth = drawn_++ == kTrial && drawing_ > kWorth * (start - began_);
    now_ = draw_(step, batch_);
    drawing_ += seconds_now() - start;
    if (worth && !alone_) {
        wanted_ = step + 1;
        try {
            drawer_ = std::thread([this] { draw_on(); });
        } catch (const std::system_error&) {  // then it goes on as before
            alone_ = true;
        }
    }
    return now_;
}

void PairsAhead::draw_on() {
    std::unique_lock lock(mutex_);
    for (;;) {
        change_.wait(lock, [&] { return stop_ || wanted_ >= 0; });
        if (stop_) return;
        const Index step = wanted_;
        lock.unlock();
        Pairs pairs;
        std::exception_ptr failure;
        try {
            pairs = draw_(step, batch_);
        } catch (...) {
            failure = std::current_exception();
        }
        lock.lock();
        next_ = std::move(pairs);
        failure_ = failure;
        wanted_ = -1;
        change_.notify_all();
    }
}

}  // namespace si
