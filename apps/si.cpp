#include <string>
#include <string_view>

#include "si/cli/program.hpp"
#include "si/cli/suite.hpp"

// si NAME ...: runs si-NAME, as git does with its commands.

int main(int argc, char** argv) {
    const si::cli::Suite suite;
    std::string name;
    si::cli::Program program("si", "stochastic interpolants, from samples to models and back");
    program.input("NAME", name, "one of the programs below, followed by its own arguments")
        .example("si train --help", "The same as si-train --help.");

    const std::string_view first = argc > 1 ? argv[1] : "";
    if (first == "-h" || first == "--help") {
        for (const auto& one : suite.programs()) program.command(one.name, one.summary, nullptr);
    }
    // What follows the name belongs to the program of that name.
    const bool named = !first.starts_with('-') && argc > 1;
    return program.run(named ? 2 : argc, argv,
                       [&](si::cli::Console&) { suite.become(name, argv + 1); });
}
