#pragma once

#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "si/base/text.hpp"

// The exception of the library, whose kind is the exit status of the program that it ends, and
// checks that throw it.

namespace si {

/// Why a program stopped, as its caller needs to know it. The value is the exit status
/// (sysexits.h, and 75 for "run me again").
enum class Failure : int {
    check = 1,      ///< a requested check failed, or a computation left the finite numbers
    usage = 64,     ///< the command line asks for something that does not exist
    data = 65,      ///< an input could be read but does not fit
    input = 66,     ///< an input is missing or unreadable
    internal = 70,  ///< a bug
    resource = 71,  ///< the system refused memory or threads
    create = 73,    ///< an output could not be created
    io = 74,        ///< writing failed part of the way
    again = 75,     ///< stopped early after a checkpoint; run again to go on
    config = 78,    ///< a configuration file or variable is wrong
};

/// The one exception type of the library. Its text reads from the outside in:
/// "model.json: /net/width: must be positive, is -3".
class Error : public std::runtime_error {
  public:
    Error(Failure kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}

    Failure kind() const noexcept { return kind_; }

    /// The same error seen from one level further out. JSON pointers join up: "/net" around
    /// "/width: must be positive" is "/net/width: must be positive".
    Error within(std::string_view place) const {
        const bool joins = place.starts_with('/') && *what() == '/';
        return {kind_, text(place, joins ? "" : ": ", what())};
    }

    /// The same text under another kind: a name that nobody knows is `usage` on a command
    /// line and `data` in a file, and only the reader of the file knows which.
    Error as(Failure kind) const { return {kind, what()}; }

  private:
    Failure kind_;
};

/// Throws unless `ok`. The message is put together only when it is needed.
template <class... Parts>
void require(bool ok, Failure kind, const Parts&... parts) {
    if (!ok) [[unlikely]] {
        throw Error(kind, text(parts...));
    }
}

/// Runs `body`; an Error that leaves it gains `place` in front of its text.
template <class Body>
decltype(auto) in_context(std::string_view place, Body&& body) {
    try {
        return body();
    } catch (const Error& error) {
        throw error.within(place);
    }
}

/// As in_context, for the contents of a file: a usage error inside becomes a data error, and a
/// JSON pointer inside stays apart from a file name that begins with '/'. Memory that ends is an
/// Error too, as the contents say how much is asked for.
template <class Body>
decltype(auto) in_file(std::string_view file, Body&& body) {
    try {
        return body();
    } catch (const Error& error) {
        const bool contents = error.kind() == Failure::usage;
        throw Error(contents ? Failure::data : error.kind(), text(file, ": ", error.what()));
    } catch (const std::bad_alloc&) {
        throw Error(Failure::resource, text(file, ": out of memory"));
    }
}

}  // namespace si
