#pragma once

#include <cstdint>
#include <optional>

#include "si/base/progress.hpp"
#include "si/bridge/truth.hpp"
#include "si/model/model.hpp"

// The benchmark of bridges: errors against a known bridge, or diagnostics without one.

namespace si {

struct BridgeBenchSpec {
    std::optional<Index> points, samples, n, steps;
    Index transport = 2000;

    Index point_count() const { return points.value_or(1000); }
    Index end_count() const { return samples.value_or(1000); }
    Index path_count() const { return n.value_or(20'000); }
    Index step_count() const { return steps.value_or(100); }

    static constexpr auto fields() {
        return std::tuple{
            field(
                "points", &BridgeBenchSpec::points,
                "Number of points at t = 0 whose ends are compared with the truth, 1000 by default",
                kPositive),
            field("samples", &BridgeBenchSpec::samples,
                  "Ends per point, for models without moments in closed form and for the floor; "
                  "1000 by default",
                  kPositive),
            field("n", &BridgeBenchSpec::n,
                  "Number of paths for the moments of the marginals, 20000 by default", kPositive),
            field("steps", &BridgeBenchSpec::steps,
                  "Steps of the SDE, for models that run as one; 100 by default", kPositive),
            field("transport", &BridgeBenchSpec::transport,
                  "Number of paths for the W2 distance and the energies", kPositive)};
    }
};

/// Against the truth; see si-bridge(1) for what each number is. Paths of the model start from the
/// law that the truth starts from, and are those of its plan, of its SDE, or for one without noise
/// of its flow:
///
///     {"runs", "cbw2_uvp", "cbw2_uvp_stderr", "exact_moments", "cbw2_uvp_floor",
///      "cbw2_uvp_independent", "bw2_uvp", "bw2_uvp_floor",
///      "kl_full", "kl_full_floor", "kl_full_independent", "kl_diagonal", ..., "exact_kl",
///      "w2", "w2_floor", "path_energy", "path_energy_true", "flow_energy", "flow_energy_true",
///      "points", "samples", "n", "transport"}
///
/// kl_* are means over t = 0, 0.05, ..., 1 of gaussian_kl() between moments of x_t, the model's
/// before those of the truth; moments are in closed form where "exact_kl" says so for the model,
/// and for a truth between Gaussians. Energies are integrals of E|u|^2 with the drift u of the
/// bridge, null without noise, and of E|b|^2 with its velocity; those of the truth are in closed
/// form, the first an average over the plan, the second null unless it is between Gaussians. A
/// model that is conditioned on x0 has no flow of all samples, and null for its energy. Throws
/// Failure::usage when spec.steps is given and the model does not run as an SDE.
Json bench_against(const Model& model, const KnownBridge& truth, const BridgeBenchSpec& spec,
                   std::uint64_t seed, Threads& threads, Progress& progress);

/// Without a truth, between samples that the model was not made from: {"runs", "w2", "w2_floor",
/// "path_energy", "flow_energy", "transport"}. The ends of paths from x0 are compared with one half
/// of x1, and the other half with it for the floor. Throws Failure::usage when spec.points,
/// spec.samples or spec.n is given, which only a truth has use for, and as bench_against().
Json bench_between(const Model& model, ConstMatrix x0, ConstMatrix x1, const BridgeBenchSpec& spec,
                   std::uint64_t seed, Threads& threads, Progress& progress);

}  // namespace si
