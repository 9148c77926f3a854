#pragma once

#include <chrono>

// Time for progress lines and time limits; no result may depend on it.

namespace si {

/// Seconds since some fixed moment, by a clock that never goes back. For pace and patience: no
/// result depends on it.
inline double seconds_now() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(since).count();
}

}  // namespace si
