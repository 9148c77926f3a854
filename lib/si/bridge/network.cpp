#include "si/bridge/network.hpp"

#include "si/bridge/network_parts.hpp"
#include "si/train/rectify.hpp"

namespace si {
namespace {

Model flow_bridge(const NetworkBridgeSpec& spec, const BridgeTask& task, const char* coupling,
                  Threads& threads, Progress& progress) {
    const CommonUnits common(task);
    return in_data_units(
        train(common.data, {},
              training(spec, "b", coupling_of(task, spec, coupling, common.epsilon)), task.seed, {},
              threads, progress),
        common);
}

}  // namespace

Model sf2m_bridge(const NetworkBridgeSpec& spec, const BridgeTask& task, Threads& threads,
                  Progress& progress) {
    const CommonUnits common(task);
    return in_data_units(
        train(common.data, brownian(common.epsilon),
              training(spec, "b,eta", coupling_of(task, spec, "sinkhorn", common.epsilon)),
              task.seed, {}, threads, progress),
        common);
}

Model otcfm_bridge(const NetworkBridgeSpec& spec, const BridgeTask& task, Threads& threads,
                   Progress& progress) {
    return flow_bridge(spec, task, "ot", threads, progress);
}

Model cfm_bridge(const NetworkBridgeSpec& spec, const BridgeTask& task, Threads& threads,
                 Progress& progress) {
    return flow_bridge(spec, task, "independent", threads, progress);
}

Model reflow_bridge(const ReflowSpec& spec, const BridgeTask& task, Threads& threads,
                    Progress& progress) {
    const CommonUnits common(task);
    Model model =
        train(common.data, {}, training(spec, "b", coupling_of(task, spec, "independent", 0)),
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
