#pragma once

#include <cstddef>
#include <string>

#include "si/io/posix.hpp"

// Inputs, be they files or the one standard input, read from the front or at any place.

namespace si {

/// An opened input: a file, or "-" for standard input. Only one input of a process may be "-".
///
/// Throws Failure::input when it cannot be opened or read ("nofile.h5: No such file or
/// directory"), and Failure::usage for a second "-".
class InputFile {
  public:
    explicit InputFile(const std::string& spelling);
    InputFile(InputFile&& from) noexcept;
    InputFile& operator=(InputFile&&) = delete;
    ~InputFile();

    /// What messages call it: the file, or "standard input".
    const std::string& name() const { return name_; }

    /// All bytes. Throws Failure::data when there are more than `limit`.
    std::string read_all(std::size_t limit);

    /// True for a pipe, a device and standard input: bytes come once and in order.
    bool arrives() const;

    /// The first bytes of what arrives: kFront of them, or all there are. They stay to be read.
    static constexpr std::size_t kFront = 1 << 16;
    const std::string& front();

    /// The next bytes of what arrives, fewer than `count` only at its end: how many.
    std::size_t read(char* to, std::size_t count);

    /// Makes the input one that can be read at any place and again: a pipe is copied to a file in
    /// $TMPDIR that has no name and that nobody else may read.
    void make_seekable();

    /// After make_seekable(): bytes from `offset` on, at most `count`.
    std::string peek(std::size_t offset, std::size_t count) const;
    /// peek() to `to`; throws Failure::data when the file has become shorter.
    void read_at(std::uint64_t place, char* to, std::size_t count) const;
    std::size_t size() const;

    /// After make_seekable(): the name by which libraries can open it; empty for what was copied.
    const std::string& path() const { return path_; }
    /// For libraries that read what has no name. It stays the input's own.
    int descriptor() const { return file_.get(); }

  private:
    std::string name_, path_;
    Descriptor file_;
    std::string front_;      ///< read from what arrives
    std::size_t taken_ = 0;  ///< of front_, by read()
};

/// All bytes of a file or of "-".
std::string read_file(const std::string& spelling, std::size_t limit);

}  // namespace si
