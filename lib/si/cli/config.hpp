#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "si/cli/help.hpp"

// Options from configuration files and from the environment, below those of the command line.

namespace si::cli {

/// One key of a configuration in TOML.
struct TomlEntry {
    std::string section;  ///< the program that it is for, as in [si-train]; empty: any
    std::string key;
    Json value;         ///< a table, as in [net], is an object: the settings of a choice
    std::string place;  ///< "line 3, column 1"

    /// The places of the keys inside of a table, each behind its pointer, as in "/width".
    using Places = std::vector<std::pair<std::string, std::string>>;
    Places inside = {};

    /// Strings, and lists of them, are typed on a command line as they stand; what else there is
    /// has a type that must be the option's own. So `steps = 3.0` is refused, `steps = "1e3"` not.
    /// An error names the line of the key that it is about, inside of a table too.
    void give_to(const Option& option) const;

  private:
    const std::string& place_of_error(std::string_view what) const;
};

/// The entries of a configuration in TOML 1.0, in the order of the file: those of the top level
/// and those of the sections whose names begin with "si-". Dates and times are refused, as no
/// option is one. Throws Failure::config: "line 3, column 5: ...".
std::vector<TomlEntry> parse_toml(std::string_view content);

/// The values of options as TOML that parse_toml() reads back; options without a value are left
/// out.
std::string toml_text(const std::vector<Option*>& options);

/// The options that the environment gives, as SI_THREADS=4 gives --threads 4: name and value. All
/// programs take the shared ones, and pass over those that they do not have. Throws Failure::config
/// for another name that begins with SI_.
std::vector<std::pair<std::string, std::string>> environment_options(const char* const* variables);

}  // namespace si::cli
