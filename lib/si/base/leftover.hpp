#pragma once

#include <memory>
#include <string>

// Temporary files that disappear with their owner, or with the process when a signal ends it.

namespace si {

/// The name of a file that must not outlive its use: it goes with the object. Also when the process
/// ends where no destructor runs, if that end calls remove_leftovers().
class Leftover {
  public:
    Leftover() = default;
    /// The file need not be there yet.
    explicit Leftover(const std::string& path);
    Leftover(Leftover&& other) noexcept;
    Leftover& operator=(Leftover&& other) noexcept;
    ~Leftover() { remove(); }

    /// Empty when there is none.
    const char* path() const { return path_ ? path_.get() : ""; }
    explicit operator bool() const { return path_ != nullptr; }

    void remove() noexcept;
    /// It has another name now, or is not ours.
    void release() noexcept;

  private:
    std::unique_ptr<char[]> path_;  // where the table points
};

/// Removes the files of all Leftovers there are, without allocating and from anywhere.
void remove_leftovers() noexcept;

}  // namespace si
