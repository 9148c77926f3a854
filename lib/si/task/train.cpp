#include "si/task/train.hpp"

#include <algorithm>

#include "si/base/ranks.hpp"
#include "si/io/model_file.hpp"
#include "si/task/dump_batch.hpp"

namespace si {
namespace {

bool with_checkpoint(const Asked& asked) { return asked.value("checkpoint") != ""; }

bool conditioned_on_labels(const Asked& asked) {
    const Json& condition = asked.value("condition");
    return std::find(condition.begin(), condition.end(), "label") != condition.end();
}

bool holds_out(const Asked& asked) {
    return parse_real(asked.value("valid").get_ref<const std::string&>()) != 0.0;
}

/// Neither a model nor the target makes x0.
bool draws_x0(const Asked& asked) {
    const Json& kind = asked.value("coupling").at("kind");
    const CouplingRow& row = couplings().at(kind.get_ref<const std::string&>());
    return row.made_from_x1() == nullptr && row.made_by_model() == nullptr;
}

/// Between two data sets without a latent nothing has a sign to turn.
bool has_signs(const Asked& asked) {
    return asked.value("antithetic") != "on" || !asked.given("x0") ||
           asked.value("gamma").at("kind") != "none";
}

}  // namespace

GoesWithTable train_goes_with() {
    GoesWithTable table{
        {"given", "--dump-batch FILE, which is not given",
         [](const Asked& asked) { return asked.given("dump-batch"); }},
        {"resume", "--checkpoint FILE, which is not given",
         [](const Asked& asked) {
             return asked.value("resume") == "no" || with_checkpoint(asked);
         }},
        {"checkpoint-interval", "--checkpoint FILE, which is not given", with_checkpoint},
        {"label-dropout", "--condition label, which is not given", conditioned_on_labels},
        {"valid-interval", "held-out samples, and --valid 0 leaves none", holds_out},
        {"antithetic", "--gamma, which is none between two data sets", has_signs},
        {"base", "an x0 that is drawn, not with --x0",
         [](const Asked& asked) { return asked.value("x0").is_null(); }},
        {"base", "an x0 that is drawn, not with --path mirror",
         [](const Asked& asked) { return asked.value("path").at("kind") != "mirror"; }},
        {"base", "an x0 that is drawn; this --coupling makes x0", draws_x0},
        {"net.label_features", "--condition label, which is not given", conditioned_on_labels},
    };
    for (const char* option :
         {"output", "max-time", "checkpoint", "checkpoint-interval", "resume", "weights",
          "weighting", "learn-path", "label-dropout", "steps", "optimizer", "schedule", "precision",
          "ema", "clip", "valid-interval", "errors"}) {
        table.push_back({option, "training, and --dump-batch stops before it",
                         [](const Asked& asked) { return asked.value("dump-batch").is_null(); }});
    }
    return table;
}

namespace {

/// What depends on the number of samples.
void require_several_pools(const Choice<couplings>& coupling, const TrainData& data) {
    require(!coupling.asks("reuse") || !in_one_pool(coupling, data.x0().n(), data.x1().n()),
            Failure::usage, "--coupling: reuse: goes with several pools; one pool has all ",
            std::max(data.x0().n(), data.x1().n()), " samples");
}

}  // namespace

Json run_training(const TrainRun& run, const Provenance& provenance, const std::string& output,
                  double start, std::function<Checkpoints::Request()> request, Threads& threads,
                  Progress& progress) {
    const std::uint64_t seed = provenance.seed;
    const auto& options = run.options;
    const auto data =
        read_training_data(run.x1, options.x0, run.spec, seed, threads, progress, run.files);
    require_several_pools(run.spec.coupling, data);
    if (options.dump_batch) {
        if (ranks().first()) {
            write_batch(*options.dump_batch, options.given, data, run.interpolant, run.spec,
                        provenance);
        }
        return {};
    }
    // With a checkpoint, the time stops a run and does not change it.
    const double max_seconds = options.max_time.seconds();
    TrainLimits limits{run.resumable() ? 0 : max_seconds};
    if (run.dry.dry_run) {
        return dry_run_training(data, run.interpolant, run.spec, seed, limits.max_seconds, threads);
    }
    std::optional<FileCheckpoints> checkpoints;
    if (run.resumable()) {
        checkpoints.emplace(run.keep, identity_of_run(data, run.interpolant, run.spec, seed), start,
                            max_seconds, std::move(request), progress);
        limits.checkpoints = &*checkpoints;
    }
    auto model = train(data, run.interpolant, run.spec, seed, limits, threads, progress);
    if (!ranks().first()) return {};
    model.about["command"] = provenance.command;
    write_model(output, model);
    return {};
}

}  // namespace si
