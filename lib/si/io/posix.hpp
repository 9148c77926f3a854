#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "si/base/error.hpp"
#include "si/base/leftover.hpp"

// The few calls of the operating system that files need, with every result looked at.

namespace si {

/// What the system says of error `number`: "No space left on device".
std::string errno_text(int number);

/// The kind of failure that error `number` is: Failure::resource when the system has no more
/// descriptors or memory to give, which says nothing about the file, and `otherwise` for all else.
Failure kind_of(int number, Failure otherwise);

/// Owns one file descriptor, always above 2: a program that was started with standard output
/// closed must not get a data file in its place.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd);
    Descriptor(Descriptor&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& from) noexcept {
        std::swap(fd_, from.fd_);
        return *this;
    }
    ~Descriptor();

    explicit operator bool() const { return fd_ >= 0; }
    int get() const { return fd_; }

    /// Closes now. False, with errno set, when the system could not store what was written.
    bool close();

  private:
    int fd_ = -1;
};

/// Writes all of the bytes, however many calls it takes. False with errno set on failure.
bool write_all(int fd, std::string_view bytes);

/// write_all() to a place of a file.
bool write_all_at(int fd, std::uint64_t place, std::string_view bytes);

/// Reads `count` bytes to `to`, fewer only at the end of the file: how many, or -1 with errno set.
std::ptrdiff_t read_fully(int fd, char* to, std::size_t count);

/// read_fully() from a place of a file.
std::ptrdiff_t read_fully_at(int fd, std::uint64_t place, char* to, std::size_t count);

/// Lets a pipe hold 1 MiB, as far as the system allows it, so that both ends work at a time.
void widen_pipe(int fd);

/// Reads up to `limit` bytes into the end of `out`, until the end of the file. False with
/// errno set on failure.
bool read_up_to(int fd, std::size_t limit, std::string& out);

/// Copies the rest of one descriptor to another. Which of the two failed is in `reading`.
bool copy_all(int from, int to, bool& reading);

/// Copies `count` bytes; it is a failure of reading, with errno EIO, when there are not as many.
bool copy_some(int from, int to, std::uint64_t count, bool& reading);

/// A new file with a unique name that begins with `prefix`, and mode 0666 less the umask.
/// `name` receives it. An empty Descriptor with errno set on failure.
Descriptor create_unique(const std::string& prefix, Leftover& name);

/// A new file in temporary_directory() for what passes through: its name is gone already, so that
/// nothing is left however the process ends, and its mode is 0600, so that nobody else reads it.
/// An empty Descriptor with errno set on failure.
Descriptor create_nameless();

/// What `body` returns in a child process, so that a library which fails by ending the process does
/// not end this one. Throws Failure::data when it does, or when `body` throws an Error.
std::string in_child(const std::function<std::string()>& body);

/// Where large intermediate files go: $TMPDIR, or /tmp.
std::string temporary_directory();

}  // namespace si
