#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "si/base/catalogue.hpp"
#include "si/coupling/coupling.hpp"
#include "si/interpolant/time.hpp"
#include "si/model/model.hpp"
#include "si/net/network.hpp"
#include "si/net/optimizer.hpp"
#include "si/train/weighting.hpp"

// The settings of training, all of which the model keeps.

namespace si {

/// Samples of a step.
inline constexpr Rule kBatch{[](double v) { return v >= 1 && v <= 1e7; },
                             "between 1 and 10 million"};

/// How a model is trained. All of it is kept in the model, with nothing left open: see settled().
struct TrainSpec {
    std::string learn = "b";
    std::vector<double> weights;
    Choice<weightings> weighting{"uniform"};
    std::optional<Choice<networks>> net;
    Choice<bases> base{"normal"};
    Choice<couplings> coupling{"independent"};
    Choice<times> time{"uniform"};
    double learn_path = 0;
    std::string antithetic = "auto";
    std::string standardize = "auto";
    double dequantize = 0;
    std::vector<std::string> condition;
    double label_dropout = 0.1;
    std::optional<Index> steps, batch;
    std::optional<Choice<optimizers>> optimizer;
    Choice<schedules> schedule{"cosine"};
    std::string precision = "float32";
    double ema = 0.999;
    double clip = 1;
    std::string valid = "0.1";
    Index valid_interval = 200;
    bool errors = false;

    /// The fields are conditioned on x0.
    bool given_start() const {
        return std::find(condition.begin(), condition.end(), "x0") != condition.end();
    }

    /// The regression problem and its networks.
    static constexpr auto problem_fields() {
        return std::tuple{
            field("learn", &TrainSpec::learn, "Fields to learn, of b, v, s, eta, x0, x1 and u")
                .value("FIELD,..."),
            field("weights", &TrainSpec::weights,
                  "Weight of the loss of each learned field; 1 by default", kPositive),
            field("weighting", &TrainSpec::weighting, "Weight of the loss at each time"),
            field("net", &TrainSpec::net,
                  "Network, one for each field; by default chosen for the data")
                .value("NET,..."),
            field("base", &TrainSpec::base, "Density of x0, without --x0"),
            field("coupling", &TrainSpec::coupling, "How x0 and x1 are paired"),
            field("time", &TrainSpec::time, "Distribution of the training times"),
            field("learn_path", &TrainSpec::learn_path,
                  "Learning rate of the coefficients of the path, which lowers the cost of "
                  "transport; 0 keeps them; above 0.001 they change too fast for the network",
                  kNonNegative),
            field("antithetic", &TrainSpec::antithetic,
                  "Use each z with both signs; auto does so if regression targets are singular",
                  one_of(+[] {
                      return std::vector<std::string>{"auto", "on", "off"};
                  }))};
    }
    /// The treatment of the data, and the conditions among them.
    static constexpr auto data_fields() {
        return std::tuple{
            field("standardize", &TrainSpec::standardize,
                  "Bring the data to mean 0 and standard deviation 1; the model undoes it",
                  one_of(+[] {
                      return std::vector<std::string>{"auto", "none"};
                  })),
            field("dequantize", &TrainSpec::dequantize,
                  "Add uniform noise from 0 to this to the target samples; use the step between "
                  "the values of integer data",
                  kNonNegative),
            field("condition", &TrainSpec::condition,
                  "Condition the model on the datasets label, condition or both; or on x0, the "
                  "start of each path",
                  one_of(+[] {
                      return std::vector<std::string>{"label", "condition", "x0"};
                  }))
                .value("WORD,..."),
            field("label_dropout", &TrainSpec::label_dropout,
                  "Fraction of the labels that training leaves out, so that the model also works "
                  "without labels",
                  kBelowOne)};
    }
    /// The steps of the optimiser, and the checks between them.
    static constexpr auto step_fields() {
        return std::tuple{
            field("steps", &TrainSpec::steps,
                  "Optimiser steps; by default chosen for the data, or to fill --max-time",
                  kPositive),
            field("batch", &TrainSpec::batch, "Samples per step; by default chosen for the data",
                  kBatch),
            field("optimizer", &TrainSpec::optimizer,
                  "Optimiser and its learning rate; by default adam at a rate for the network"),
            field("schedule", &TrainSpec::schedule, "Learning rate over the run"),
            field("precision", &TrainSpec::precision,
                  "Precision of products of hidden layers in training; bf16 is up to twice as fast "
                  "on processors that have it, with weights and sums in float32",
                  one_of(+[] {
                      return std::vector<std::string>{"float32", "bf16"};
                  })),
            field("ema", &TrainSpec::ema,
                  "Decay rate of the moving average of the weights, which the model keeps",
                  kBelowOne),
            field("clip", &TrainSpec::clip, "Largest norm of the gradient; 0 is no limit",
                  kNonNegative),
            field("valid", &TrainSpec::valid, "Held-out samples: a file, or a fraction of the data")
                .value("FILE|FRACTION"),
            field("valid_interval", &TrainSpec::valid_interval, "Steps between validations",
                  kPositive),
            field("errors", &TrainSpec::errors,
                  "Estimate the errors of b and s on held-out samples, for si-sample --epsilon "
                  "optimal")};
    }
    static constexpr auto fields() {
        return std::tuple_cat(problem_fields(), data_fields(), step_fields());
    }
};

}  // namespace si
