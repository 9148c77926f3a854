#pragma once

#include "si/bridge/network_methods.hpp"
#include "si/flow/transport.hpp"
#include "si/train/trainer.hpp"

// Settings and helpers that all bridges by networks share.

namespace si {

/// The task in coordinates that are common to both sides, of mean 0 and variance about 1, and the
/// way back. Trained there without any further map, the noise of a model is that of the task. A
/// tenth of the samples is held out.
struct CommonUnits {
    Transform transform;
    TrainData data;
    double epsilon;

    explicit CommonUnits(const BridgeTask& task);
};

TrainSpec training(const LearningSpec& spec, const char* learn, const Json& coupling);

/// Path linear with gamma^2 = epsilon t (1 - t).
InterpolantSpec brownian(double epsilon);

/// The pairs that are given, else those of a coupling, of which not every kind uses `pool` and
/// `epsilon`.
Json coupling_of(const BridgeTask& task, std::string_view kind, Index pool = 0, double epsilon = 0);

Model in_data_units(Model model, const CommonUnits& common);

/// Where the bridge of a model takes points, at its own noise. Forward only, where it is
/// conditioned on x0.
Matrix walk(const Model& model, const Matrix& start, Direction direction, Index steps,
            std::uint64_t seed, Threads& threads, Progress& progress);

}  // namespace si
