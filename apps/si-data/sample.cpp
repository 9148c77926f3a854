#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/task/draw_potential.hpp"

using si::cli::Console;
using si::cli::Messages;
using si::cli::Output;
using si::cli::Program;

int sample_command(int argc, char** argv) {
    si::DrawPotentialSpec spec;
    Messages messages;
    Output output;
    return Program("si-data sample", "draw samples of a potential by Hamiltonian Monte Carlo")
        .about(
            "Writes samples of the density e^-U to /x, chain after chain, and the number of each "
            "one's chain to /chain. Chains that disagree are told.")
        .options("Samples", spec)
        .required("potential")
        .required("dim")
        .output(output)
        .common(messages)
        .example("si-data sample --potential double-well --dim 4 -n 10000 -o well.h5", "")
        .run(argc, argv, [&](Console& console) {
            si::draw_potential(spec, output.output, console.command(), console);
        });
}
