#pragma once

#include <string>

#include "si/base/progress.hpp"
#include "si/io/posix.hpp"

// Files that one process at a time may use.

namespace si {

/// Holds FILE for this process, by a lock on FILE.lock, which says who holds it and goes with the
/// object. What a killed process leaves of it holds nothing.
///
/// The lock is one of fcntl(), which is that of the process, so that nothing else in it may open
/// FILE.lock, and which hosts that share a disk see of each other. Where the disk has
/// none, that is said as an aside and nothing is held.
class FileLock {
  public:
    FileLock() = default;
    /// Throws Failure::resource when another process holds the file, naming it, and Failure::create
    /// when FILE.lock cannot be made or is something else.
    FileLock(const std::string& file, Progress& progress);
    FileLock(FileLock&&) noexcept = default;
    FileLock& operator=(FileLock&&) noexcept = default;

  private:
    Descriptor lock_;
    Leftover name_;  ///< removed first, while the lock still holds
};

}  // namespace si
