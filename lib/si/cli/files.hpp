#pragma once

#include <string>
#include <vector>

#include "si/cli/help.hpp"

// Files that a command line names, so that no output takes the place of an input.

namespace si::cli {

/// A file and what named it: "--checkpoint", or "the input X1".
struct NamedFile {
    std::string by, file;
};

/// Throws Failure::usage when one of the outputs is another of them or one of the inputs, by
/// whatever name. "-", devices and pipes are never the same. An input may have a dataset behind its
/// name, as in FILE:/x.
void require_different(const std::vector<NamedFile>& outputs, const std::vector<NamedFile>& inputs);

/// The files that the value of an option names, also those inside of choices from families:
/// FILE of "model,model=FILE".
std::vector<NamedFile> files_in(const Option& option);

}  // namespace si::cli
