#pragma once

#include "si/bridge/method.hpp"
#include "si/train/spec.hpp"

// Bridges by networks: couplings and the training of si-train.

namespace si {

/// How networks are trained.
struct LearningSpec {
    Index steps = 5000, batch = 512;
    Index width = 128, depth = 3;
    double rate = 2e-3;

    static constexpr auto fields() {
        return std::tuple{
            field("steps", &LearningSpec::steps, "Optimiser steps", kPositive),
            field("batch", &LearningSpec::batch, "Pairs per step", kBatch),
            field("width", &LearningSpec::width, "Units in a hidden layer", kPositive),
            field("depth", &LearningSpec::depth, "Number of hidden layers", kPositive),
            field("rate", &LearningSpec::rate, "Largest learning rate of Adam", kPositive)};
    }
};

/// The settings of methods that match the samples of a pool.
struct NetworkBridgeSpec : LearningSpec {
    Index pool = 2048;

    static constexpr auto fields() {
        return std::tuple_cat(
            LearningSpec::fields(),
            std::tuple{field("pool", &NetworkBridgeSpec::pool,
                             "Samples per set and pool; a coupling is computed within a pool",
                             kPositive)});
    }
};

struct Sf2mSpec : NetworkBridgeSpec {
    std::string condition = "auto";
    static constexpr auto fields() {
        return std::tuple_cat(
            NetworkBridgeSpec::fields(),
            std::tuple{
                field("condition", &Sf2mSpec::condition,
                      "source leads each x0 to the x1 of its pair; none learns one diffusion for "
                      "all pairs; auto is source with --pairs and none without",
                      one_of(+[] {
                          return std::vector<std::string>{"auto", "source", "none"};
                      }))});
    }
};

struct ReflowSpec : LearningSpec {
    Index rounds = 1;
    static constexpr auto fields() {
        return std::tuple_cat(
            LearningSpec::fields(),
            std::tuple{field("rounds", &ReflowSpec::rounds,
                             "Number of repetitions from the pairs of the flow", kPositive)});
    }
};

struct DsbmSpec : NetworkBridgeSpec {
    Index rounds = 6, walk = 50, cache = 5000, refresh = 200;
    std::string first = "sinkhorn", schedule = "alternating";
    DsbmSpec() { steps = 2000; }
    static constexpr auto fields() {
        return std::tuple_cat(
            NetworkBridgeSpec::fields(),
            std::tuple{
                field("rounds", &DsbmSpec::rounds,
                      "Number of rounds; each makes new pairs, forward and backward in turn",
                      kPositive),
                field("walk", &DsbmSpec::walk, "Steps of the SDE that makes the pairs", kPositive),
                field("first", &DsbmSpec::first, "Pairs of the first round", one_of(+[] {
                          return std::vector<std::string>{"sinkhorn", "ot", "independent"};
                      })),
                field("schedule", &DsbmSpec::schedule,
                      "alternating trains new networks in each round; online trains the same "
                      "networks for as many steps, while pairs are replaced",
                      one_of(+[] {
                          return std::vector<std::string>{"alternating", "online"};
                      })),
                field("cache", &DsbmSpec::cache, "With online: number of pairs in use", kPositive),
                field("refresh", &DsbmSpec::refresh, "With online: steps between new pairs",
                      kPositive)});
    }

    static GoesWithTable goes_with() {
        constexpr auto online = [](const Asked& asked) {
            return asked.value("schedule") == "online";
        };
        return {{"pool", "first=sinkhorn or first=ot",
                 [](const Asked& asked) { return asked.value("first") != "independent"; }},
                {"cache", "schedule=online", online},
                {"refresh", "schedule=online", online}};
    }
};

/// [SF]2M (Tong et al., arXiv:2307.03672): x_t = (1 - t) x0 + t x1 + sigma sqrt(t (1 - t)) z on
/// entropic pairs, of which b and eta are learned. The diffusion of given pairs would not lead them
/// to each other: it is Markovian, and the mixture of their bridges is not. That from each x0 by
/// itself is, so with condition=source fields see x0 too, and the drift u is learned (augmented
/// bridge matching, arXiv:2311.06978). about/bridge/pairs says of held-out pairs, in squared units
/// of the data per coordinate, {"apart": half the mean squared distance from x1 to the end of a
/// path from its x0, "spread": that between the ends of two paths from one x0, "independent": the
/// variance of x1, which both are where ends are independent}. Where pairs are kept the first two
/// are equal.
Model sf2m_bridge(const Sf2mSpec& spec, const BridgeTask& task, Threads& threads,
                  Progress& progress);

/// OT-CFM and I-CFM (Tong et al., arXiv:2302.00482) at sigma = 0: straight lines between pairs.
Model otcfm_bridge(const NetworkBridgeSpec& spec, const BridgeTask& task, Threads& threads,
                   Progress& progress);
Model cfm_bridge(const LearningSpec& spec, const BridgeTask& task, Threads& threads,
                 Progress& progress);

/// Rectified flow (Liu, Gong and Liu 2023): cfm, then pairs of its flow.
Model reflow_bridge(const ReflowSpec& spec, const BridgeTask& task, Threads& threads,
                    Progress& progress);

/// DSBM (Shi et al., arXiv:2303.16852): the Markovian projection of the bridges between pairs is
/// learned, and its SDE makes the next pairs, from x0 forward and from x1 backward in turn, so that
/// neither end drifts off; or, online, from both at once while it learns (Peluchetti 2024,
/// arXiv:2409.09376, with one network for both directions).
Model dsbm_bridge(const DsbmSpec& spec, const BridgeTask& task, Threads& threads,
                  Progress& progress);

}  // namespace si
