#include "si/bridge/network.hpp"

#include <cmath>

#include "si/flow/transport.hpp"
#include "si/train/rectify.hpp"
#include "si/train/trainer.hpp"

namespace si {
namespace {

/// The task in coordinates that are common to both sides, of mean 0 and variance about 1, and the
/// way back. Trained there without any further map, the noise of a model is that of the task.
struct CommonUnits {
    Transform transform;
    TrainData data;
    double epsilon;

    explicit CommonUnits(const BridgeTask& task) {
        const Index d = task.x0.rows();
        transform = Transform::identity(d);
        const Vector mean0 = task.x0.rowwise().mean(), mean1 = task.x1.rowwise().mean();
        transform.shift = (mean0 + mean1) / 2;
        const auto variance = [](const Matrix& x, const Vector& mean) {
            return (x.colwise() - mean).squaredNorm() / static_cast<double>(x.size());
        };
        const double both = (variance(task.x0, mean0) + variance(task.x1, mean1)) / 2;
        if (both > 0) transform.scale.setConstant(std::sqrt(both));
        const double scale = transform.scale[0];
        epsilon = task.noise.epsilon / (scale * scale);
        data.x0 = transform.from_data(task.x0);
        data.x1 = transform.from_data(task.x1);
        data.shape = task.shape;
        hold_out(data, 0.1, task.seed);
    }
};

TrainSpec training(const NetworkBridgeSpec& spec, const char* learn, const Json& coupling) {
    TrainSpec train;
    train.learn = learn;
    train.net = Choice<networks>(text("mlp,width=", spec.width, ",depth=", spec.depth));
    train.coupling = Choice<couplings>::from_json(coupling);
    train.steps = spec.steps;
    train.batch = spec.batch;
    train.optimizer = Choice<optimizers>(text("adam,lr=", spec.rate));
    train.standardize = "none";
    return train;
}

InterpolantSpec brownian(double epsilon) {
    InterpolantSpec interpolant;
    interpolant.gamma = Choice<gammas>::from_json({{"kind", "brownian"}, {"a", epsilon}});
    return interpolant;
}

Json coupling_of(const BridgeTask& task, const NetworkBridgeSpec& spec, std::string_view kind,
                 double epsilon) {
    if (task.pairs) return {{"kind", "paired"}};
    Json coupling{{"kind", kind}};
    if (kind != "independent") coupling["pool"] = spec.pool;
    if (kind == "sinkhorn") coupling["epsilon"] = epsilon;
    return coupling;
}

Model in_data_units(Model model, const CommonUnits& common) {
    model.transform = common.transform;
    return model;
}

Model flow_bridge(const NetworkBridgeSpec& spec, const BridgeTask& task, const char* coupling,
                  Threads& threads, Progress& progress) {
    const CommonUnits common(task);
    return in_data_units(
        train(common.data, {},
              training(spec, "b", coupling_of(task, spec, coupling, common.epsilon)), task.seed, {},
              threads, progress),
        common);
}

/// Where the bridge of a model takes points, at its own noise.
Matrix walk(const Model& model, const Matrix& start, Direction direction, Index steps,
            std::uint64_t seed, Threads& threads, Progress& progress) {
    TransportSpec along;
    along.sde = Choice<sde_steps>(text("heun,steps=", steps));
    along.epsilon = {Choice<epsilons>("bridge")};
    const auto field = make_field(model);
    return transport(model, *field, along, direction, start, seed, 0, threads, progress).x;
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

Model dsbm_bridge(const DsbmSpec& spec, const BridgeTask& task, Threads& threads,
                  Progress& progress) {
    const CommonUnits common(task);
    const auto interpolant = brownian(common.epsilon);
    Model model =
        train(common.data, interpolant,
              training(spec, "b,eta", coupling_of(task, spec, spec.first, common.epsilon)),
              task.seed, {}, threads, progress);
    Json history = Json::array();
    for (Index round = 0; round < spec.rounds; ++round) {
        // Noise of its own in each round; forward last, or backward, has the other end exact.
        const std::uint64_t seed = task.seed + static_cast<std::uint64_t>(round + 1);
        const bool forward = round % 2 == 0;
        const auto carry = [&](const Matrix& x) {
            return walk(model, x, forward ? Direction::forward : Direction::backward, spec.walk,
                        seed, threads, progress);
        };
        TrainData made = common.data;
        if (forward) {
            made.x1 = carry(*made.x0);
            made.valid1 = carry(*made.valid0);
        } else {
            made.x0 = carry(made.x1);
            made.valid0 = carry(made.valid1);
        }
        model = train(made, interpolant, training(spec, "b,eta", {{"kind", "paired"}}), task.seed,
                      {}, threads, progress);
        const auto variance = [](const Matrix& x) {
            const Matrix centred = x.colwise() - Vector(x.rowwise().mean());
            return centred.squaredNorm() / static_cast<double>(x.size());
        };
        const double moment =
            made.x0->cwiseProduct(made.x1).sum() / static_cast<double>(made.x1.size());
        history.push_back({{"from", forward ? "x0" : "x1"},
                           {"variance0", variance(*made.x0)},
                           {"variance1", variance(made.x1)},
                           {"moment", moment}});
    }
    model.about["bridge"] = {{"rounds", std::move(history)}};
    return in_data_units(std::move(model), common);
}

}  // namespace si
