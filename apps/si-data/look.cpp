#include <iostream>

#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/task/rows.hpp"

using si::cli::Console;
using si::cli::Messages;
using si::cli::Output;
using si::cli::Program;

int info_command(int argc, char** argv) {
    std::vector<std::string> files;
    si::InfoSpec spec;
    Messages messages;
    return Program("si-data info", "show names, shapes, types and ranges of the datasets in a file")
        .inputs("FILE", files, kData)
        .options("Info", spec)
        .common(messages)
        .run(argc, argv, [&](Console&) {
            for (const auto& file : files) std::cout << si::data_info(file, spec);
        });
}

int head_command(int argc, char** argv) {
    std::string file;
    si::HeadSpec spec;
    Messages messages;
    Output output;
    return Program("si-data head",
                   "print the first samples as text, or write them as HDF5 with -o FILE")
        .input("FILE", file, kData)
        .options("Head", spec)
        .output(output)
        .common(messages)
        .run(argc, argv, [&](Console& console) {
            si::head_data(file, spec, output.output, console.command(), console);
        });
}
