#include "si/base/moments.hpp"
#include "si/bridge/network_parts.hpp"
#include "si/random/draw.hpp"
#include "si/train/session.hpp"

namespace si {
namespace {

/// What pairs say of how far the iteration is.
Json entry_of(const char* from, const Matrix& x0, const Matrix& x1) {
    return {{"from", from},
            {"variance0", variance_per_coordinate(x0)},
            {"variance1", variance_per_coordinate(x1)},
            {"moment", x0.cwiseProduct(x1).sum() / static_cast<double>(x1.size())}};
}

/// In rounds, each a model of its own on pairs that the one before made from one side.
Model alternate(Model model, const DsbmSpec& spec, const CommonUnits& common, std::uint64_t seed,
                Json& history, Threads& threads, Progress& progress) {
    for (Index round = 0; round < spec.rounds; ++round) {
        // Noise of its own in each round; forward last, or backward, has the other end exact.
        const std::uint64_t own = seed + static_cast<std::uint64_t>(round + 1);
        const bool forward = round % 2 == 0;
        const auto carry = [&](const Matrix& x) {
            return walk(model, x, forward ? Direction::forward : Direction::backward, spec.walk,
                        own, threads, progress);
        };
        TrainData made = common.data;
        if (forward) {
            made.x1().samples = carry(made.x0().samples);
            made.x1().valid = carry(made.x0().valid);
        } else {
            made.x0().samples = carry(made.x1().samples);
            made.x0().valid = carry(made.x1().valid);
        }
        model = train(made, brownian(common.epsilon), training(spec, "b,eta", {{"kind", "paired"}}),
                      seed, {}, threads, progress);
        history.push_back(entry_of(forward ? "x0" : "x1", made.x0().samples, made.x1().samples));
    }
    return model;
}

/// In one run: every `refresh` steps the average of the networks makes new pairs, half of them
/// from x0 forward and half from x1 backward. Where they no longer change them, these are the ends
/// of one process that is Markovian and a mixture of Brownian bridges, with x0 and x1 right: the
/// Schroedinger bridge.
Model online(Model model, const DsbmSpec& spec, const CommonUnits& common, std::uint64_t seed,
             Json& history, Threads& threads, Progress& progress) {
    const Index d = model.dim, half = (spec.cache + 1) / 2;
    TrainData data;
    data.shape = common.data.shape;
    data.x0().samples = Matrix(d, 2 * half);
    data.x1().samples.resize(d, 2 * half);
    const auto refresh = [&](Index round, Matrix& x0, Matrix& x1) {
        const auto some = [&](const Matrix& x, std::uint32_t side) -> Matrix {
            const Permutation order(
                {seed, Purpose::plan, static_cast<std::uint32_t>(2 * round) + side}, x.cols());
            std::vector<Index> rows;
            for (Index j = 0; j < half; ++j) rows.push_back(order(j % x.cols()));
            return x(Eigen::all, rows);
        };
        const std::uint64_t own = seed + static_cast<std::uint64_t>(round + 1);
        x0.leftCols(half) = some(common.data.x0().samples, 0);
        x1.rightCols(half) = some(common.data.x1().samples, 1);
        x1.leftCols(half) =
            walk(model, x0.leftCols(half), Direction::forward, spec.walk, own, threads, progress);
        x0.rightCols(half) =
            walk(model, x1.rightCols(half), Direction::backward, spec.walk, own, threads, progress);
    };
    refresh(0, data.x0().samples, data.x1().samples);
    TrainSpec train = training(spec, "b,eta", {{"kind", "paired"}});
    train.steps = spec.rounds * spec.steps;
    Session session(data, brownian(common.epsilon), train, seed, threads);
    session.stepper().begin_with(model.parameters);
    for (Index step = 0; step < *train.steps; ++step) {
        if (step % spec.refresh == 0) {
            Preparation& all = session.prepared();
            Matrix &x0 = all.x0().samples, &x1 = all.x1().samples;
            model.parameters = session.stepper().average();
            if (step > 0) refresh(step / spec.refresh, x0, x1);
            history.push_back(entry_of("both", x0, x1));
        }
        const Losses& losses = session.step(step);
        progress.update(
            {"train", step + 1, *train.steps, "steps", {{"square", losses.square.sum()}}});
    }
    // It goes on from the first model, whose data and history these are.
    Model last = session.model();
    model.parameters = std::move(last.parameters);
    model.about["training"] = last.about["training"];
    return model;
}

}  // namespace

Model dsbm_bridge(const DsbmSpec& spec, const BridgeTask& task, Threads& threads,
                  Progress& progress) {
    const CommonUnits common(task);
    Model model =
        train(common.data, brownian(common.epsilon),
              training(spec, "b,eta", coupling_of(task, spec.first, spec.pool, common.epsilon)),
              task.seed, {}, threads, progress);
    Json history = Json::array();
    model = (spec.schedule == "online" ? online : alternate)(std::move(model), spec, common,
                                                             task.seed, history, threads, progress);
    model.about["bridge"] = {{"rounds", std::move(history)}};
    return in_data_units(std::move(model), common);
}

}  // namespace si
