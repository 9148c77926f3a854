#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "si/io/posix.hpp"

// Output files that appear whole or not at all.

namespace si {

enum class Content { text, binary };

/// An output that appears whole or not at all: bytes go to a temporary file in the same
/// directory, and commit() puts it in place of the old one. Until then, and after any failure,
/// what was there before is untouched; without commit() nothing is left.
///
/// "-" is standard output. It and other things that cannot be renamed over (devices, named
/// pipes) receive all bytes in commit(), from a temporary file in $TMPDIR.
/// A symbolic link stays, and what it points to is replaced; permissions stay too, but for setuid,
/// setgid and sticky bits.
///
/// Throws Failure::create when the file cannot be made, Failure::io when writing fails,
/// Failure::resource when there are no more descriptors, and Failure::usage for binary content on a
/// terminal.
class AtomicFile {
  public:
    explicit AtomicFile(const std::string& destination, Content content = Content::text);
    AtomicFile(AtomicFile&&) = default;
    AtomicFile& operator=(AtomicFile&&) = delete;

    /// What messages call it: the destination, or "standard output".
    const std::string& name() const { return name_; }

    void write(std::string_view bytes);

    /// Writes bytes to their place, instead of write(), in any order but each place once and none
    /// left out. Standard output, devices and pipes get them at once as far as they follow what was
    /// sent, and the others wait in the temporary file; so a reader can begin before the end, and
    /// the end is missing when there is no commit().
    void write_at(std::uint64_t place, std::string_view bytes);

    void commit();

  private:
    bool sends() const { return to_stdout_ || target_; }
    int receiver() const;
    void send_what_waits();
    void copy_to_target();
    void put_in_place();

    std::string name_, destination_;
    Leftover temporary_;  ///< as long as it has a name
    Descriptor file_, target_;
    bool to_stdout_ = false, placed_ = false;
    std::uint64_t sent_ = 0;                          ///< by write_at()
    std::map<std::uint64_t, std::uint64_t> waiting_;  ///< begin and end of what comes later
};

/// An AtomicFile with this content, written and committed.
void write_file(const std::string& destination, std::string_view bytes,
                Content content = Content::text);

}  // namespace si
