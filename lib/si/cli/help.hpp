#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "si/base/spec.hpp"

// The description of a program, and the two ways to print it: help and manual.

namespace si::cli {

/// A setting on the command line, and how a word of the command line or a value of a
/// configuration file reaches it.
struct Option {
    FieldInfo info;
    std::function<void(std::string_view)> assign;
    std::function<void(const Json&)> load;
    std::function<Json()> dump;  ///< its value now
    /// Settings that are asked for inside of its value, a choice: "width" of "mlp,width=64".
    std::function<std::vector<std::string>()> settings;
    /// Remembers the value; the function that it returns brings it back.
    std::function<std::function<void()>()> remember;
    bool required = false;
    bool recorded = true;  ///< it can change a result, so provenance names it

    /// "--steps", or "-n" for a name of one letter.
    std::string spelling() const;
};

/// A positional argument.
struct Input {
    std::string name, help;
    bool required, repeated;
    std::function<void(std::string_view)> assign;
    std::vector<RowInfo> rows = {};  ///< of the family it chooses from
};

struct Group {
    std::string title;
    std::vector<Option> options;
};

struct Example {
    std::string command, meaning;
};

struct Command {
    std::string name, summary;
};

struct Manual {
    std::string name, summary, about;
    std::vector<Input> inputs;
    std::vector<Group> groups;
    std::vector<Command> commands;
    std::vector<Example> examples;
};

/// The page of --help, in 88 columns.
std::string help_text(const Manual& manual);

/// Inputs and options as mdoc(7), for the OPTIONS section of a manual page.
std::string help_mdoc(const Manual& manual);

/// `words` broken into lines of at most `width` characters, each after `indent` spaces.
std::string wrapped(std::string_view words, std::size_t indent, std::size_t width);

}  // namespace si::cli
