#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/task/bridge.hpp"

using si::cli::Common;
using si::cli::Console;
using si::cli::Output;
using si::cli::Program;

int couple_command(int argc, char** argv) {
    std::string x0, x1;
    si::CoupleSpec spec;
    Common common;
    Output output;
    return Program("si-bridge couple", "pair the samples of two sets")
        .input("X0", x0, kStart)
        .input("X1", x1, kEnd)
        .options("Coupling", spec)
        .output(output)
        .common(common)
        .example("si-bridge couple a.h5 b.h5 --plan sinkhorn,epsilon=0.1 -o pairs.h5", "")
        .run(argc, argv, [&](Console& console) {
            si::Threads threads(common.threads);
            console.note(si::couple(x0, x1, spec, output.output,
                                    {.command = console.command(), .seed = common.seed}, threads,
                                    console)
                             .dump());
        });
}

int draw_command(int argc, char** argv) {
    std::string model;
    si::DrawSpec spec;
    Common common;
    Output output;
    return Program("si-bridge draw",
                   "draw paths of a bridge from its plan, without the error of a solver")
        .input("MODEL", model, "a bridge in closed form: gaussian, lightsb or sinkhorn")
        .options("Paths", spec)
        .output(output)
        .common(common)
        .run(argc, argv, [&](Console& console) {
            si::Threads threads(common.threads);
            si::draw_paths(model, spec, console.command(), common.seed, output.output, threads);
        });
}
