#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "si/cli/help.hpp"

// Completion of command lines by shells. Shells ask the program itself, as in
// `si-train --complete data.h5 --net m`, so that nothing can be out of date.

namespace si::cli {

/// The words that may stand in the place of the last of `words`, which is what has been typed of it
/// so far and may be empty; the others stand before it. None where any file may follow.
std::vector<std::string> completions(const Manual& manual, const std::vector<std::string>& words);

/// The lines that make a shell ask `program`: bash, zsh or fish. Throws Failure::usage for others.
std::string completion_script(std::string_view program, std::string_view shell);

}  // namespace si::cli
