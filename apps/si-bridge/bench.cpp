#include <iostream>

#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/task/bridge.hpp"

using si::cli::Common;
using si::cli::Console;
using si::cli::Output;
using si::cli::Program;

namespace {

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

}  // namespace

int bench_command(int argc, char** argv) {
    Common common;
    return Program("si-bridge bench", "benchmarks with a known bridge")
        .command("make", "make two sets of samples whose bridge is known", make)
        .command("score", "measure how far a model is from the known bridge", score)
        .common(common)
        .run(argc, argv,
             [](Console&) { throw si::Error(si::Failure::usage, "what to do? make or score"); });
}
