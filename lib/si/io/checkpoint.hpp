#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "si/base/clock.hpp"
#include "si/base/progress.hpp"
#include "si/base/spec.hpp"
#include "si/io/file_lock.hpp"
#include "si/train/trainer.hpp"

// States of a training run in a file.
//
// A checkpoint is text: a line "si-checkpoint 1 CRC32C" with the checksum of all that follows, and
// a JSON object with the identity of the run, its numbers, and its weights as tensors. It is
// replaced whole; the one before stays beside it as FILE.prev.

namespace si {

/// How long a process may take: a time, or the end of the job that it is part of.
struct TimeLimit {
    Seconds fixed;
    bool of_job = false;

    /// From now; 0 is no limit. The job is Slurm's, which tells by SLURM_JOB_END_TIME: outside of
    /// one there is no limit, and one that is over leaves next to nothing.
    double seconds() const;
    friend bool operator==(const TimeLimit&, const TimeLimit&) = default;
};
template <>
struct Setting<TimeLimit> {
    static std::string value() { return "T|auto"; }
    static TimeLimit from_text(std::string_view word) {
        if (word == "auto") return {{}, true};
        return {Setting<Seconds>::from_text(word), false};
    }
    static TimeLimit from_json(const Json& node) {
        if (node == "auto") return {{}, true};
        const auto fixed = Setting<Seconds>::from_json(node);
        require(fixed.value >= 0, Failure::data, "must not be negative, is ", fixed.value);
        return {fixed, false};
    }
    static Json to_json(const TimeLimit& v) {
        return v.of_job ? Json("auto") : Setting<Seconds>::to_json(v.fixed);
    }
};

struct CheckpointSpec {
    std::string checkpoint;
    Seconds checkpoint_interval{600};
    std::string resume = "no";

    static constexpr auto fields() {
        return std::tuple{field("checkpoint", &CheckpointSpec::checkpoint,
                                "Save the state of the run in this file, at intervals and when a "
                                "signal or --max-time stops it (exit status 75)")
                              .value("FILE"),
                          field("checkpoint_interval", &CheckpointSpec::checkpoint_interval,
                                "Time between checkpoints", kPositive),
                          field("resume", &CheckpointSpec::resume,
                                "Continue from the checkpoint: auto continues if there is one, yes "
                                "fails if there is none",
                                one_of(+[] {
                                    return std::vector<std::string>{"no", "auto", "yes"};
                                }))};
    }
};

/// What determines the result of a training run: its settings, its seed, and checksums of its data.
Json identity_of_run(const TrainData& data, const InterpolantSpec& interpolant,
                     const TrainSpec& spec, std::uint64_t seed);

/// Checkpoints in a file. `request` tells what signals have asked for; the interval between
/// checkpoints and `max_seconds` since `start` (0 is no limit) are added to it. Times are those of
/// seconds_now().
class FileCheckpoints : public Checkpoints {
  public:
    /// The run holds the checkpoint as long as this lives. Throws Failure::resource when another
    /// run holds it, Failure::create when its folder cannot be written to, and Failure::usage when
    /// the file is there already and is not to be resumed, and when there is nothing to resume that
    /// must be.
    FileCheckpoints(CheckpointSpec spec, Json identity, double start, double max_seconds,
                    std::function<Request()> request, Progress& progress);

    /// Throws Failure::usage when the checkpoint is of another run, naming what differs. One that
    /// is damaged is passed over for the one before, with a warning; Failure::data when that is
    /// none either.
    std::optional<TrainState> resume() override;
    Request request() override;
    void save(const TrainState& state) override;

  private:
    TrainState read(const std::string& file) const;
    TrainState read_newest();
    Request own_request();
    std::string previous() const { return spec_.checkpoint + ".prev"; }

    CheckpointSpec spec_;
    Json identity_;
    double start_, max_seconds_;
    std::function<Request()> request_;
    Progress& progress_;
    double saved_at_, longest_save_ = 0;
    bool exists_ = false, damaged_ = false;
    FileLock lock_;
};

}  // namespace si
