#include <iostream>

#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/io/model_file.hpp"
#include "si/task/describe.hpp"
#include "si/task/straightness.hpp"

using si::cli::Console;
using si::cli::Program;

int field_command(int argc, char** argv) {
    std::string file;
    si::PointsSpec points;
    si::TimesSpec times;
    si::cli::Messages messages;
    si::cli::Output output;
    return Program("si-info field", "evaluate the fields of a model at given points and times")
        .input("MODEL", file, "model")
        .options("Points", points)
        .required("at")
        .options("Points", times)
        .required("t")
        .output(output)
        .common(messages)
        .example("si-info field model.json --at points.h5 -t 0.1,0.5 -o fields.h5", "")
        .run(argc, argv, [&](Console& console) {
            si::write_fields(output.output, si::read_model(file), points, times.t,
                             {.command = console.command(), .seed = 0});
        });
}

int straightness_command(int argc, char** argv) {
    std::string file;
    si::StartSpec spec;
    si::cli::Common common;
    return Program("si-info straightness",
                   "measure how straight the paths of a model's flow are, as JSON")
        .about(
            "Prints the mean energy of the paths, the integral of |dX/dt|^2, the mean squared "
            "displacement |X_1 - X_0|^2, and their difference, which is zero for straight paths at "
            "constant speed; each with its standard error, in the units of the data.")
        .input("MODEL", file, "model")
        .options("Paths", spec)
        .alternatives("n", "x0")
        .alternatives("n", "observed")
        .common(common)
        .example("si-info straightness model.json -n 10000", "")
        .run(argc, argv, [&](Console& console) {
            si::Threads threads(common.threads);
            const auto report = si::straightness_report(file, spec, common.seed, threads, console);
            std::cout << report.dump() << '\n';
        });
}
