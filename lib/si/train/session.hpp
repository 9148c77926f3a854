#pragma once

#include <cstdint>
#include <memory>

#include "si/base/threads.hpp"
#include "si/train/data.hpp"
#include "si/train/pairs_ahead.hpp"
#include "si/train/preparation.hpp"
#include "si/train/stepper.hpp"

// One training session, which si-train, the bridges that learn, and dry runs share.

namespace si {

/// One run of training, from data to a model, for all that trains networks: si-train, the bridges
/// that learn, and the forecast of what a run takes. It does the steps; when to do one, to
/// validate, to keep a state and to stop is up to its owner, as are other pairs than those of the
/// coupling.
class Session {
  public:
    /// Prepares it. Throws as prepare() and TrainStepper, and Failure::usage where the network does
    /// not fit the data.
    Session(const TrainData& data, const InterpolantSpec& interpolant, TrainSpec spec,
            std::uint64_t seed, Threads& threads);

    /// With nothing left open.
    const TrainSpec& spec() const { return all_->spec; }
    /// What the steps take their samples from. They may be replaced between two steps, where the
    /// coupling does not look at them.
    Preparation& prepared() { return *all_; }
    const Graph& graph() const { return graph_; }
    TrainStepper& stepper() { return stepper_; }
    const Schedule& schedule() const { return schedule_; }

    /// The number of steps that the learning rate is planned for: as in spec(), or changed while
    /// the first schedule().fixed are done, which do not depend on it.
    void plan(Index steps) { steps_ = steps; }

    /// Step `step`, counted from 0 and one more each time, on the pairs of the coupling or on
    /// others. The losses are valid until the next step. Throws as TrainStepper::step(). All ranks.
    const Losses& step(Index step);
    const Losses& step(Index step, const Pairs& pairs);

    /// The same work as step(), at the learning rate 0.
    const Losses& rehearse(Index step);

    /// Whether samples are held out.
    bool validates() const { return all_->validation.size > 0; }
    /// The losses of the averaged weights on them. All ranks.
    Losses validate();

    /// The model with these weights, as everything that has to be known of it: about["training"]
    /// is all that it says of its making. With spec().errors they are estimated. Ends the session.
    Model model(Eigen::VectorXf parameters);
    /// With the averaged weights.
    Model model() { return model(stepper_.average()); }

  private:
    Threads& threads_;
    std::unique_ptr<Preparation> all_;
    Graph graph_;
    TrainStepper stepper_;
    PairsAhead pairs_;
    Schedule schedule_;
    Index steps_;
};

}  // namespace si
