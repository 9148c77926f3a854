#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/io/model_file.hpp"
#include "si/task/synthetic.hpp"

using si::cli::Console;
using si::cli::Messages;
using si::cli::Output;
using si::cli::Program;

int exact_command(int argc, char** argv) {
    si::Choice<si::generators> generator("mixture");
    si::ExactSpec spec;
    si::InterpolantSpec interpolant;
    Messages messages;
    Output output;
    return Program("si-data exact",
                   "write the model that training without error would find (mixtures)")
        .input("NAME", generator, "synthetic data set that is a mixture of Gaussians")
        .options("Base", spec)
        .options("Interpolant", interpolant)
        .output(output)
        .common(messages)
        .example("si-data exact mixture,dim=128 --gamma brownian -o exact.json",
                 "The exact model for samples of si-data mixture,dim=128.")
        .run(argc, argv, [&](Console& console) {
            auto model = si::exact_model(generator, spec.base, interpolant);
            model.about["command"] = console.command();
            si::write_model(output.output, model);
        });
}
