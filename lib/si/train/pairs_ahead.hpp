#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "si/coupling/coupling.hpp"

// A thread that draws the pairs of the next step while this one runs.

namespace si {

/// The pairs of one step after another. Where drawing them takes more than a few per cent of the
/// time (optimal transport does), a thread of its own draws those of the next step meanwhile. What
/// is drawn is a function of the step alone, so nothing but the time depends on that.
class PairsAhead {
  public:
    /// `alone`: never start a thread.
    PairsAhead(DrawPairs draw, Index batch, bool alone);
    ~PairsAhead();
    PairsAhead(const PairsAhead&) = delete;
    PairsAhead& operator=(const PairsAhead&) = delete;

    /// Those of `step`, which is one more each time; valid until the next call. Throws what drawing
    /// them threw.
    const Pairs& at(Index step);

    /// Whether the thread is at work.
    bool ahead() const { return drawer_.joinable(); }

  private:
    void draw_on();

    DrawPairs draw_;
    Index batch_;
    bool alone_;
    Index drawn_ = 0;                 // steps, without the thread
    double drawing_ = 0, began_ = 0;  // seconds
    Pairs now_, next_;

    std::thread drawer_;
    std::mutex mutex_;
    std::condition_variable change_;
    Index wanted_ = -1;  // by the thread; -1 once it is drawn
    bool stop_ = false;
    std::exception_ptr failure_;
};

}  // namespace si
