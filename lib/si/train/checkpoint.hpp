#pragma once

#include <limits>
#include <optional>

#include "si/base/json.hpp"
#include "si/base/types.hpp"

// The state of a training run, and the interface to whoever keeps it.

namespace si {

/// Weights under training and the moments of their gradients.
struct StepperState {
    Eigen::VectorXf parameters, average, first, second;
    Vector path;  ///< coefficients of a path that is learned, and their moments; else empty
};

/// A mean over about the last 50 steps.
struct RunningMean {
    double sum = 0, weight = 0;

    void add(double value) {
        sum += 0.02 * (value - sum);
        weight += 0.02 * (1 - weight);
    }
    double mean() const { return sum / weight; }
};

/// Everything that training needs to go on as if it had never been stopped. Random numbers are not
/// among it: they are functions of the seed and the step.
struct TrainState {
    Index done = 0;   ///< steps
    Index steps = 0;  ///< planned
    StepperState machine;
    RunningMean form, square;
    double held_out = std::numeric_limits<double>::infinity();  ///< at the last validation
    double held_out_square = held_out;
    double best = held_out;
    Index best_step = 0;
    Eigen::VectorXf best_parameters;  ///< empty before the first validation
    Json history = Json::array();
};

/// Who keeps the states of a run, and says when.
class Checkpoints {
  public:
    enum class Request { none, save, stop };

    virtual ~Checkpoints() = default;

    /// Where to go on from; nothing for a new run.
    virtual std::optional<TrainState> resume() = 0;
    /// Asked after each step; cheap. After `stop` the state is saved and train() throws
    /// Failure::again.
    virtual Request request() = 0;
    virtual void save(const TrainState& state) = 0;
};

}  // namespace si
