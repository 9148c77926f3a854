#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "si/base/goes_with.hpp"
#include "si/io/checkpoint.hpp"
#include "si/task/dry_run.hpp"
#include "si/task/training_data.hpp"

// A training run from files to a model in a file: what si-train is asked.

namespace si {

struct TrainOptions {
    std::optional<std::string> x0, dump_batch, given;
    TimeLimit max_time;

    static constexpr auto fields() {
        return std::tuple{
            field("x0", &TrainOptions::x0,
                  "Samples of the base; without this option, the base is that of --base")
                .value("FILE"),
            field("dump_batch", &TrainOptions::dump_batch,
                  "Write t, x0, x1, z, xt and the regression targets of the first batch to "
                  "this file, and stop")
                .value("FILE"),
            field("given", &TrainOptions::given,
                  "With --dump-batch: take those of t, x0, x1 and z that this file has from it")
                .value("FILE"),
            field("max_time", &TrainOptions::max_time,
                  "Fit the number of steps into this time; with --checkpoint, save the state "
                  "at this time and stop. 0 means no limit, auto the end of the Slurm job")};
    }
};

/// All that a run is made of, but its seed.
struct TrainRun {
    std::string x1;
    TrainOptions options;
    TrainFilesSpec files;
    InterpolantSpec interpolant;
    TrainSpec spec;
    CheckpointSpec keep;
    DryRunSpec dry;

    bool resumable() const { return !keep.checkpoint.empty(); }
};

/// What the options of a TrainRun go with.
GoesWithTable train_goes_with();

/// Trains and writes the model to `output`, or writes the first batch, or returns what the run
/// would take (--dry-run; null otherwise). `start` is when the process began, by seconds_now(), and
/// `request` says what somebody outside asks of a run with a checkpoint. All ranks; the first
/// writes. Throws as read_training_data(), write_batch(), FileCheckpoints and train().
Json run_training(const TrainRun& run, const Provenance& provenance, const std::string& output,
                  double start, std::function<Checkpoints::Request()> request, Threads& threads,
                  Progress& progress);

}  // namespace si
