#pragma once

#include <optional>
#include <string>

#include "si/base/goes_with.hpp"
#include "si/base/progress.hpp"
#include "si/bridge/bench.hpp"
#include "si/bridge/method.hpp"
#include "si/coupling/cost.hpp"
#include "si/coupling/plan.hpp"
#include "si/io/dataset.hpp"
#include "si/task/sample.hpp"

// Bridges between two files, couplings of their points, and pairs with a known bridge.

namespace si {

/// The noise of a bridge: sigma, or epsilon = sigma^2.
struct NoiseSpec {
    std::optional<double> sigma, epsilon;
    static constexpr auto fields() {
        return std::tuple{
            field("sigma", &NoiseSpec::sigma,
                  "Noise of the bridge, dX = sigma dW, in the units of the data", kPositive)
                .value("S"),
            field("epsilon", &NoiseSpec::epsilon, "The same noise as epsilon = sigma^2", kPositive)
                .value("E")};
    }
    /// Throws Failure::usage unless exactly one is given.
    BridgeNoise noise() const;
};

struct BridgeSpec : NoiseSpec {
    Choice<bridge_methods> method{"auto"};
    bool pairs = false;
    static constexpr auto fields() {
        return std::tuple_cat(
            NoiseSpec::fields(),
            std::tuple{field("method", &BridgeSpec::method, "Method that makes the bridge")
                           .value("METHOD,..."),
                       field("pairs", &BridgeSpec::pairs,
                             "Rows are pairs: row i of X0 belongs to row i of X1 (sf2m, otcfm, cfm "
                             "and reflow)")});
    }

    /// None for a method that is noiseless; else throws Failure::usage unless exactly one is given.
    BridgeNoise noise() const;

    static GoesWithTable goes_with();
};

/// The two sets of a bridge. Throws Failure::data when they do not fit together.
BridgeTask read_task(const std::string& x0, const std::string& x1, const BridgeSpec& spec,
                     std::uint64_t seed);

struct CoupleSpec : BesideCost {
    Choice<plans> plan{"exact"};
    bool weights = false;
    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{
                field("plan", &CoupleSpec::plan, "How samples are paired").value("PLAN,...")},
            BesideCost::fields(),
            std::tuple{field("weights", &CoupleSpec::weights,
                             "Repeat each sample in proportion to its /weight, rounded, up to the "
                             "size of the larger set")});
    }
};

/// Writes the pairs as /x0 and /x1, with the rows that they are from, counted from 0, as /index0
/// and /index1, and the report as the attribute "report". Returns the report:
/// {"plan", "n0", "n1", "pairs", "cost", "bias", "spread", "duality_gap", "iterations",
/// "marginal_error"}, and "labels_differ", the fraction of pairs whose labels differ, with
/// --labels.
Json couple(const std::string& x0, const std::string& x1, const CoupleSpec& spec,
            const std::string& output, const Provenance& provenance, Threads& threads,
            Progress& progress);

struct DrawSpec {
    std::optional<std::string> x0, x1;
    bool backward = false;
    std::vector<double> trajectory;
    static constexpr auto fields() {
        return std::tuple{
            field("x0", &DrawSpec::x0, "Start from these points at t = 0").value("FILE"),
            field("x1", &DrawSpec::x1, "With --backward: start from these points at t = 1")
                .value("FILE"),
            field("backward", &DrawSpec::backward, "Go from t = 1 to t = 0"),
            field("trajectory", &DrawSpec::trajectory, "Also write the states at these times",
                  kUnit)
                .value("T,...")};
    }
};

/// Paths by the plan from the points of a file, written as si-sample writes them. Throws
/// Failure::usage when the model is no bridge in closed form.
void draw_paths(const std::string& model, const DrawSpec& spec, const std::string& command,
                std::uint64_t seed, const std::string& output, Threads& threads);

struct PairSpec {
    double epsilon = 1;
    Index n = 10000;
    static constexpr auto fields() {
        return std::tuple{
            field("epsilon", &PairSpec::epsilon, "Noise sigma^2 of the bridge", kPositive),
            field("n", &PairSpec::n, "Number of samples of each set", kPositive)};
    }
};

/// Samples /x0 and /x1 of the two ends of a known bridge, drawn apart, and the attributes that
/// known_bridge() makes it from again: truth, epsilon, seed.
void write_pair(const std::string& file, const Choice<truths>& truth, const PairSpec& spec,
                const std::string& command, std::uint64_t seed);

/// bench_against() the truth of a file that write_pair() made, or bench_between() its /x0 and /x1
/// where it has none. Throws Failure::data when the model has another dimension.
Json bench_bridge(const std::string& model, const std::string& pair, const BridgeBenchSpec& spec,
                  std::uint64_t seed, Threads& threads, Progress& progress);

}  // namespace si
