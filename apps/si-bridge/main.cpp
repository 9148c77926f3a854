#include <iostream>

#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/io/model_file.hpp"
#include "si/task/bridge.hpp"
#include "si/task/dry_run.hpp"

int main(int argc, char** argv) {
    std::string x0, x1;
    si::BridgeSpec spec;
    si::DryRunSpec dry;
    si::cli::Common common;
    si::cli::Output output;
    return si::cli::Program("si-bridge",
                            "Schroedinger bridges and couplings between two sets of samples")
        .about(
            "Makes the model of a Schroedinger bridge from the samples X0 at t = 0 to the samples "
            "X1 at t = 1: the process with these ends that is nearest to dX = sigma dW. si-sample "
            "runs it forward and backward, by its noise or as a flow (--ode dopri5).")
        .command("couple", "pair the samples of two sets", couple_command)
        .command("draw", "draw paths of a bridge from its plan, without the error of a solver",
                 draw_command)
        .command("bench", "benchmarks with a known bridge", bench_command)
        .input("X0", x0, kStart)
        .input("X1", x1, kEnd)
        .options("Bridge", spec)
        .alternatives("sigma", "epsilon")
        .unrecorded_options("Dry run", dry)
        .output(output)
        .common(common)
        .example("si-bridge a.h5 b.h5 --sigma 0.5 -o bridge.json", "")
        .example("si-sample bridge.json --x0 a.h5 -o b2.h5",
                 "Carry the samples of a along the bridge.")
        .run(argc, argv, [&](si::cli::Console& console) {
            si::Threads threads(common.threads);
            const auto task = si::read_task(x0, x1, spec, common.seed);
            if (dry.dry_run) {
                std::cout << si::dry_run_bridge(spec.method, task, threads) << '\n';
                return;
            }
            auto model = si::make_bridge(spec.method, task, threads, console);
            model.about["command"] = console.command();
            si::write_model(output.output, model);
        });
}
