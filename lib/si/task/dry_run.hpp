#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/bridge/method.hpp"
#include "si/task/log_density.hpp"
#include "si/task/sample.hpp"
#include "si/train/data.hpp"
#include "si/train/spec.hpp"

// The task of --dry-run: time and memory that a run would take, measured on a small part of it.
//
// Every forecast has "seconds" (of the whole run by the clock, with these threads), "memory_bytes"
// (resident) and "output_bytes".

namespace si {

struct DryRunSpec {
    bool dry_run = false;
    static constexpr auto fields() {
        return std::tuple{field("dry_run", &DryRunSpec::dry_run,
                                "Print an estimate of the time, memory and output of the run, as "
                                "one JSON object, and stop")};
    }
};

/// Also "samples", "parameters" and "steps". With a time limit, the steps that fit into it.
/// Throws as train().
Json dry_run_training(const TrainData& data, const InterpolantSpec& interpolant, TrainSpec spec,
                      std::uint64_t seed, double max_seconds, Threads& threads);

/// Also "samples" and "nfe", the mean number of evaluations of the field. Throws as sample_to().
Json dry_run_sampling(const Model& model, const Field& field, const SampleTask& task,
                      Threads& threads, Progress& progress);

/// Also "samples". With Keep::samples there is an output. Throws as log_densities_of_file(), and
/// Failure::usage for standard input, whose length is not known.
Json dry_run_log_density(const Model& model, const std::string& data, const LogDensitySpec& spec,
                         const LogDensityRun& run, Threads& threads, Progress& progress);

/// Also "samples" of both sides and "method", which is not auto. What a method does in steps and in
/// rounds is timed with few of them; one that has none is timed whole. Throws as make_bridge().
Json dry_run_bridge(const Choice<bridge_methods>& asked, const BridgeTask& task, Threads& threads);

}  // namespace si
