#include <iostream>

#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/task/describe.hpp"

int main(int argc, char** argv) {
    std::string file;
    si::ModelInfoSpec spec;
    si::cli::Messages messages;
    return si::cli::Program("si-info", "show what is in a model")
        .command("interpolant", "print the coefficients of an interpolant", interpolant_command)
        .command("straightness", "measure how straight the paths of the flow are",
                 straightness_command)
        .command("field", "evaluate the fields of a model at given points", field_command)
        .command("export", "export a model with networks to other formats", export_command)
        .input("MODEL", file, "model; for data sets use si-data info")
        .options("Info", spec)
        .common(messages)
        .example("si-info model.json", "")
        .run(argc, argv, [&](si::cli::Console&) { std::cout << si::model_info(file, spec); });
}
