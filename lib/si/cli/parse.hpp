#pragma once

#include <string>
#include <vector>

#include "si/cli/help.hpp"

// The grammar of command lines: options, their values and inputs are told apart here, and
// nothing else is.

namespace si::cli {

/// A command line taken apart, with no value converted.
struct Words {
    std::vector<std::vector<std::string>> values;  ///< per option: every value it was given
    std::vector<std::string> rest;                 ///< positional arguments, in order
    std::string unknown;                           ///< the first option nobody knows, or empty
    bool help = false, version = false, mdoc = false;
};

/// Throws Failure::usage when the last option lacks its value.
Words parse(int argc, const char* const* argv, const std::vector<Option*>& options);

}  // namespace si::cli
