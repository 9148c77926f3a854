#include "si/bridge/network_methods.hpp"

#include "si/bridge/network_parts.hpp"
#include "si/train/rectify.hpp"

namespace si {
namespace {

Model flow_bridge(const LearningSpec& spec, const BridgeTask& task, const Json& coupling,
                  Threads& threads, Progress& progress) {
    const CommonUnits common(task);
    return in_data_units(
        train(common.data, {}, training(spec, "b", coupling), task.seed, {}, threads, progress),
        common);
}

/// Whether paths from held-out x0 end where their pairs say; nothing when too few are held out.
Json kept_pairs(const Model& model, const CommonUnits& common, std::uint64_t seed, Threads& threads,
                Progress& progress) {
    constexpr Index kMost = 2000, kSteps = 100;
    const Index n = std::min(kMost, common.data.x1().valid.cols());
    if (n < 2) return nullptr;
    const Matrix x0 = common.data.x0().valid.leftCols(n), x1 = common.data.x1().valid.leftCols(n);
    const double unit = common.transform.scale[0];
    const auto square = [&](const Matrix& x) {
        return unit * unit * x.squaredNorm() / static_cast<double>(x.size());
    };
    Progress silent;
    const auto ends = [&](std::uint64_t own) {
        return walk(model, x0, Direction::forward, kSteps, own, threads, silent);
    };
    const Matrix one = ends(seed), other = ends(seed + 1);
    Json report{{"held_out", n},
                {"apart", square(x1 - one) / 2},
                {"spread", square(other - one) / 2},
                {"independent", square(x1.colwise() - Vector(x1.rowwise().mean()))}};
    progress.note(text("pairs: held-out x1 are ", rounded(report["apart"], 3),
                       " from ends of paths from their x0, which are ",
                       rounded(report["spread"], 3),
                       " from each other (half the mean square a "
                       "coordinate); ",
                       rounded(report["independent"], 3), " where ends are independent"));
    return report;
}

}  // namespace

Model sf2m_bridge(const Sf2mSpec& spec, const BridgeTask& task, Threads& threads,
                  Progress& progress) {
    const bool from_source = spec.condition == "source" || (spec.condition == "auto" && task.pairs);
    require(task.pairs || !from_source, Failure::usage,
            "sf2m: condition=source keeps given pairs; give --pairs");
    const CommonUnits common(task);
    // The drift from a given x0 is the whole of it, and its loss weighs all times as they enter the
    // divergence of paths; E[x1 | x_t, x0] would lose what differs little between ends.
    TrainSpec how = training(spec, from_source ? "u" : "b,eta",
                             coupling_of(task, "sinkhorn", spec.pool, common.epsilon));
    if (from_source) how.condition = {"x0"};
    Model model =
        train(common.data, brownian(common.epsilon), how, task.seed, {}, threads, progress);
    if (task.pairs) {
        model.about["bridge"]["pairs"] = kept_pairs(model, common, task.seed, threads, progress);
    }
    return in_data_units(std::move(model), common);
}

Model otcfm_bridge(const NetworkBridgeSpec& spec, const BridgeTask& task, Threads& threads,
                   Progress& progress) {
    return flow_bridge(spec, task, coupling_of(task, "ot", spec.pool), threads, progress);
}

Model cfm_bridge(const LearningSpec& spec, const BridgeTask& task, Threads& threads,
                 Progress& progress) {
    return flow_bridge(spec, task, coupling_of(task, "independent"), threads, progress);
}

Model reflow_bridge(const ReflowSpec& spec, const BridgeTask& task, Threads& threads,
                    Progress& progress) {
    const CommonUnits common(task);
    Model model = train(common.data, {}, training(spec, "b", coupling_of(task, "independent")),
                        task.seed, {}, threads, progress);
    for (Index round = 0; round < spec.rounds; ++round) {
        TrainData made = rectified(model, {"", 0, 1e-6}, common.data, task.seed, threads, progress);
        made.teacher.reset();  // its coordinates are the common ones, as are these
        model = train(made, {}, training(spec, "b", {{"kind", "paired"}}), task.seed, {}, threads,
                      progress);
    }
    return in_data_units(std::move(model), common);
}

}  // namespace si
