#include <iostream>

#include "si/cli/program.hpp"
#include "si/cli/signals.hpp"
#include "si/task/train.hpp"

namespace {

si::Checkpoints::Request asked() {
    if (si::cli::asked_to_stop()) return si::Checkpoints::Request::stop;
    return si::cli::asked_to_save() ? si::Checkpoints::Request::save
                                    : si::Checkpoints::Request::none;
}

}  // namespace

int main(int argc, char** argv) {
    si::TrainRun run;
    si::cli::Output output;
    si::cli::Common common;
    return si::cli::Program("si-train", "train a stochastic interpolant on samples")
        .about(
            "Learns fields of the interpolant x_t = alpha(t) x0 + beta(t) x1 + gamma(t) z, which "
            "joins a base at t = 0 to the samples X1 at t = 1, and writes a model for si-sample "
            "and si-likelihood.")
        .input("X1", run.x1, "samples of the target: HDF5, CSV, TSV or NPY; - reads standard input")
        .options("Data", run.options)
        .options("Data", run.files)
        .options("Interpolant", run.interpolant)
        .options("Training", run.spec)
        .unrecorded_options("Checkpoints", run.keep)
        .unrecorded_options("Dry run", run.dry)
        .writes("checkpoint")
        .writes("dump-batch")
        .output(output)
        .common(common)
        .alternatives("dump-batch", "dry-run")
        .goes_with(si::train_goes_with())
        .across_ranks()
        .example("si-train data.h5 -o model.json", "From noise to data, with the defaults.")
        .example("si-train data.h5 -o model.json --checkpoint run.ckpt --resume auto --max-time 4h",
                 "A part of a long run; on exit status 75 give the same command again.")
        .example("si-train b.h5 --x0 a.h5 --gamma brownian --learn b,eta -o bridge.json",
                 "Between two data sets, with the fields that the ODE and SDEs need.")
        .run(argc, argv, [&](si::cli::Console& console) {
            const double start = si::seconds_now();
            if (run.resumable()) si::cli::listen_to_signals();
            si::Threads threads(common.threads);
            const auto report =
                si::run_training(run, {.command = console.command(), .seed = common.seed},
                                 output.output, start, asked, threads, console);
            if (!report.is_null()) std::cout << report << '\n';
        });
}
