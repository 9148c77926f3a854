#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "si/base/types.hpp"

// Reports of long computations. The library never prints: it calls this interface, and a program
// shows or logs what it hears.

namespace si {

/// What a long computation says of itself at one moment.
struct Report {
    std::string_view task;      ///< "train", "sample", ...
    Index done = 0, total = 0;  ///< steps or rows; total may be 0 when unknown
    std::string_view unit;      ///< "steps", "rows"
    std::vector<std::pair<std::string_view, double>> figures;  ///< "loss", "validation", ...
};

/// Who listens to a long computation. The library never prints; a program passes one of
/// these, and the default hears nothing.
class Progress {
  public:
    virtual ~Progress() = default;

    /// Called often, from one thread at a time: shown when enough time has passed.
    virtual void update(const Report& report) { static_cast<void>(report); }

    /// Called at fixed points of the computation: goes into the log.
    virtual void record(const Report& report) { static_cast<void>(report); }

    /// A sentence that a person should see.
    virtual void warn(const std::string& sentence) { static_cast<void>(sentence); }
    virtual void note(const std::string& sentence) { static_cast<void>(sentence); }
    /// As note(), about this process and not about the computation: no part of the log.
    virtual void aside(const std::string& sentence) { static_cast<void>(sentence); }

    /// The length of the log so far, and a return to that length: a computation that goes on from
    /// where it was then takes away what had been logged after it.
    virtual Index mark() { return 0; }
    virtual void rewind(Index mark) { static_cast<void>(mark); }
};

}  // namespace si
