#include <iostream>

#include "si/base/ranks.hpp"
#include "si/cli/program.hpp"
#include "si/cli/signals.hpp"
#include "si/io/checkpoint.hpp"
#include "si/io/model_file.hpp"
#include "si/task/dry_run.hpp"
#include "si/task/dump_batch.hpp"
#include "si/task/training_data.hpp"
#include "si/train/trainer.hpp"

namespace {

struct Options {
    std::optional<std::string> x0, dump_batch, given;
    si::TimeLimit max_time;

    static constexpr auto fields() {
        return std::tuple{
            si::field("x0", &Options::x0,
                      "Samples of the base; without this option, the base is that of --base")
                .value("FILE"),
            si::field("dump_batch", &Options::dump_batch,
                      "Write t, x0, x1, z, xt and the regression targets of the first batch to "
                      "this file, and stop")
                .value("FILE"),
            si::field("given", &Options::given,
                      "With --dump-batch: take those of t, x0, x1 and z that this file has from it")
                .value("FILE"),
            si::field("max_time", &Options::max_time,
                      "Fit the number of steps into this time; with --checkpoint, save the state "
                      "at this time and stop. 0 means no limit, auto the end of the Slurm job")};
    }
};

si::Checkpoints::Request asked() {
    if (si::cli::asked_to_stop()) return si::Checkpoints::Request::stop;
    return si::cli::asked_to_save() ? si::Checkpoints::Request::save
                                    : si::Checkpoints::Request::none;
}

}  // namespace

int main(int argc, char** argv) {
    std::string file;
    Options options;
    si::TrainFilesSpec files;
    si::InterpolantSpec interpolant;
    si::TrainSpec spec;
    si::CheckpointSpec keep;
    si::DryRunSpec dry;
    si::cli::Output output;
    si::cli::Common common;
    return si::cli::Program("si-train", "train a stochastic interpolant on samples")
        .about(
            "Learns fields of the interpolant x_t = alpha(t) x0 + beta(t) x1 + gamma(t) z, which "
            "joins a base at t = 0 to the samples X1 at t = 1, and writes a model for si-sample "
            "and si-likelihood.")
        .input("X1", file, "samples of the target: HDF5, CSV, TSV or NPY; - reads standard input")
        .options("Data", options)
        .options("Data", files)
        .options("Interpolant", interpolant)
        .options("Training", spec)
        .unrecorded_options("Checkpoints", keep)
        .unrecorded_options("Forecast", dry)
        .output(output)
        .common(common)
        .across_ranks()
        .example("si-train data.h5 -o model.json", "From noise to data, with the defaults.")
        .example("si-train data.h5 -o model.json --checkpoint run.ckpt --resume auto --max-time 4h",
                 "A part of a long run; on exit status 75 give the same command again.")
        .example("si-train b.h5 --x0 a.h5 --gamma brownian --learn b,eta -o bridge.json",
                 "Between two data sets, with the fields that the ODE and SDEs need.")
        .run(argc, argv, [&](si::cli::Console& console) {
            const double start = si::seconds_now();
            si::require(!options.given || options.dump_batch, si::Failure::usage,
                        "--given goes with --dump-batch FILE");
            si::require(!options.dump_batch || !dry.dry_run, si::Failure::usage,
                        "--dump-batch and --dry-run exclude each other");
            si::require(!keep.checkpoint.empty() || keep.resume == "no", si::Failure::usage,
                        "--resume goes with --checkpoint FILE");
            if (!keep.checkpoint.empty()) si::cli::listen_to_signals();
            si::Threads threads(common.threads);
            const auto data = si::read_training_data(file, options.x0, spec, common.seed, threads,
                                                     console, files);
            if (options.dump_batch) {
                if (!si::ranks().first()) return;
                si::write_batch(*options.dump_batch, options.given, data, interpolant, spec,
                                {.command = console.command(), .seed = common.seed});
                return;
            }
            // With a checkpoint, the time stops a run and does not change it.
            const double planned_seconds = keep.checkpoint.empty() ? options.max_time.seconds() : 0;
            if (dry.dry_run) {
                std::cout << si::dry_run_training(data, interpolant, spec, common.seed,
                                                  planned_seconds, threads)
                          << '\n';
                return;
            }
            si::TrainLimits limits{planned_seconds};
            std::optional<si::FileCheckpoints> checkpoints;
            if (!keep.checkpoint.empty()) {
                checkpoints.emplace(keep, si::identity_of_run(data, interpolant, spec, common.seed),
                                    start, options.max_time.seconds(), asked, console);
                limits.checkpoints = &*checkpoints;
            }
            auto model = si::train(data, interpolant, spec, common.seed, limits, threads, console);
            if (!si::ranks().first()) return;
            model.about["command"] = console.command();
            si::write_model(output.output, model);
        });
}
