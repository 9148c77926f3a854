#pragma once

#include <map>
#include <string>
#include <vector>

#include "si/cli/help.hpp"

// The family of programs behind `si NAME`: where they are found and how one is started.

namespace si::cli {

/// The programs si-NAME of the toolkit: those beside the running program, then those on PATH.
/// So one that somebody else adds to the path joins by being there.
class Suite {
  public:
    Suite();

    /// "si-NAME" of each program.
    std::vector<std::string> names() const;

    /// NAME of each program and the summary it gives of itself, by running its --help.
    std::vector<Command> programs() const;

    /// Replaces this process by si-NAME with `argv` after its name; argv[0] is ignored. Throws
    /// Failure::usage when there is no such program.
    [[noreturn]] void become(const std::string& name, char** argv) const;

  private:
    std::map<std::string, std::string> paths_;
};

}  // namespace si::cli
