#include <iostream>

#include "si/cli/program.hpp"
#include "si/io/model_file.hpp"
#include "si/task/bridge.hpp"
#include "si/task/dry_run.hpp"

using si::cli::Common;
using si::cli::Console;
using si::cli::Output;
using si::cli::Program;

namespace {

constexpr const char* kStart = "samples at t = 0: HDF5, CSV, TSV or NPY; - reads standard input";
constexpr const char* kEnd = "samples at t = 1";

int couple(int argc, char** argv) {
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
            console.note(si::couple(x0, x1, spec, console.command(), common.seed, output.output,
                                    threads, console)
                             .dump());
        });
}

int draw(int argc, char** argv) {
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

int make(int argc, char** argv) {
    si::Choice<si::truths> truth("mixture");
    si::PairSpec spec;
    Common common;
    Output output;
    return Program("si-bridge bench make", "make two sets of samples whose bridge is known")
        .input("PAIR", truth, "kind of pair, as in mixture or gaussian,dim=20")
        .choices(si::truths().info())
        .options("Samples", spec)
        .output(output)
        .common(common)
        .run(argc, argv, [&](Console& console) {
            si::write_pair(output.output, truth, spec, console.command(), common.seed);
        });
}

int score(int argc, char** argv) {
    std::string model, pair;
    si::BridgeBenchSpec spec;
    Common common;
    return Program("si-bridge bench score", "measure how far a model is from the known bridge")
        .input("MODEL", model, "a bridge between the samples of the pair")
        .input("PAIR", pair, "file that si-bridge bench make wrote")
        .options("Score", spec)
        .common(common)
        .run(argc, argv, [&](Console& console) {
            si::Threads threads(common.threads);
            const auto report = si::bench_bridge(model, pair, spec, common.seed, threads, console);
            std::cout << report.dump() << '\n';
        });
}

int bench(int argc, char** argv) {
    Common common;
    return Program("si-bridge bench", "benchmarks with a known bridge")
        .command("make", "make two sets of samples whose bridge is known", make)
        .command("score", "measure how far a model is from the known bridge", score)
        .common(common)
        .run(argc, argv,
             [](Console&) { throw si::Error(si::Failure::usage, "what to do? make or score"); });
}

}  // namespace

int main(int argc, char** argv) {
    std::string x0, x1;
    si::BridgeSpec spec;
    si::DryRunSpec dry;
    Common common;
    Output output;
    return Program("si-bridge", "Schroedinger bridges and couplings between two sets of samples")
        .about(
            "Makes the model of a Schroedinger bridge from the samples X0 at t = 0 to the samples "
            "X1 at t = 1: the process with these ends that is nearest to dX = sigma dW. si-sample "
            "runs it forward and backward, as an SDE (--epsilon bridge) and as an ODE.")
        .command("couple", "pair the samples of two sets", couple)
        .command("draw", "draw paths of a bridge from its plan, without the error of a solver",
                 draw)
        .command("bench", "benchmarks with a known bridge", bench)
        .input("X0", x0, kStart)
        .input("X1", x1, kEnd)
        .options("Bridge", spec)
        .unrecorded_options("Forecast", dry)
        .output(output)
        .common(common)
        .example("si-bridge a.h5 b.h5 --sigma 0.5 -o bridge.json", "")
        .example("si-sample bridge.json --x0 a.h5 --sde heun --epsilon bridge -o b2.h5",
                 "Carry the samples of a along the bridge.")
        .run(argc, argv, [&](Console& console) {
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
