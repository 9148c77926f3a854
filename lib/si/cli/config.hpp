#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "si/cli/help.hpp"

// Options from configuration files and from the environment, below those of the command line.

namespace si::cli {

/// The entries of a configuration in TOML, values as they would be typed on a command line. The
/// options of a program have no sections, so neither has this: `key = value` on each line, where a
/// value is a string, a number, a boolean or a list of those on one line; '#' begins a comment.
/// Everything else is refused: "line 3: ...". Throws Failure::config.
std::vector<std::pair<std::string, std::string>> parse_toml(std::string_view text);

/// The values of options as TOML that parse_toml() reads back; options without a value are left
/// out.
std::string toml_text(const std::vector<Option*>& options);

/// The options that the environment gives, as SI_THREADS=4 gives --threads 4: name and value. All
/// programs take the shared ones, and pass over those that they do not have. Throws Failure::config
/// for another name that begins with SI_.
std::vector<std::pair<std::string, std::string>> environment_options(const char* const* variables);

}  // namespace si::cli
