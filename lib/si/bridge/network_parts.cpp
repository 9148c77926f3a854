#include "si/bridge/network_parts.hpp"

#include <cmath>

#include "si/model/sample_conditions.hpp"

namespace si {

CommonUnits::CommonUnits(const BridgeTask& task) {
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
    data.x0().samples = transform.from_data(task.x0);
    data.x1().samples = transform.from_data(task.x1);
    data.shape = task.shape;
    hold_out(data, 0.1, task.seed);
}

TrainSpec training(const LearningSpec& spec, const char* learn, const Json& coupling) {
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

Json coupling_of(const BridgeTask& task, std::string_view kind, Index pool, double epsilon) {
    if (task.pairs) return {{"kind", "paired"}};
    Json coupling{{"kind", kind}};
    if (kind != "independent") coupling["pool"] = pool;
    if (kind == "sinkhorn") coupling["epsilon"] = epsilon;
    return coupling;
}

Model in_data_units(Model model, const CommonUnits& common) {
    model.transform = common.transform;
    return model;
}

/// Where the bridge of a model takes points, at its own noise.
Matrix walk(const Model& model, const Matrix& start, Direction direction, Index steps,
            std::uint64_t seed, Threads& threads, Progress& progress) {
    TransportSpec along;
    along.sampler = Choice<samplers>(text("multistep,steps=", steps));
    along.epsilon = EpsilonChoice{"bridge"};
    const auto field = make_field(model);
    const Matrix given = with_start(field->conditions(), {}, start);
    return transport(model, *field, along,
                     {.x = start, .direction = direction, .seed = seed, .given = given}, threads,
                     progress)
        .x;
}

}  // namespace si
