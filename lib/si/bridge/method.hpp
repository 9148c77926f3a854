#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/model/model.hpp"

// Schroedinger bridges between two sets of samples: dX = sigma dW with both ends given.

namespace si {

/// One noise, in the ways it is named. Most confusion between programs is of these.
struct BridgeNoise {
    double epsilon;  ///< sigma^2: the weight of the entropy against |x - y|^2 / 2

    double sigma() const;
    double regularisation() const { return 2 * epsilon; }  ///< for the cost |x - y|^2
    double diffusion() const { return epsilon / 2; }  ///< epsilon of arXiv:2303.08797, of si-sample
    /// "sigma 0.5: epsilon = sigma^2 = 0.25; regularisation of |x - y|^2 ...".
    std::string conventions() const;
};

/// What a bridge is made from.
struct BridgeTask {
    Matrix x0, x1;             ///< (d, n0) and (d, n1), in the units of the data
    std::vector<Index> shape;  ///< of one sample
    BridgeNoise noise;         ///< 0 for a method that is noiseless
    bool pairs = false;        ///< row i of x0 belongs to row i of x1
    std::uint64_t seed = 0;
};

struct BridgeRow {
    std::string_view name, summary;
    SpecInfo spec;
    bool takes_pairs = false;  ///< given pairs change what it does
    bool regular = false;      ///< it needs covariances of full rank
    bool noiseless = false;    ///< its paths have no noise, so that it has no use for a sigma
    Model (*make)(const Json& settings, const BridgeTask& task, Threads& threads,
                  Progress& progress);
    /// Names the method that is taken in its place for a task, and says why; null for the others.
    std::string_view (*choose)(const BridgeTask& task, Progress& progress) = nullptr;
};

/// auto, gaussian, lightsb, lightsbm, sinkhorn, interpolant, and by networks sf2m, otcfm, cfm,
/// dsbm, reflow, neural-interpolant. A model's base is known by its samples only, except for
/// gaussian and interpolant. Its field is of kind bridge, network or, for interpolant, gaussian.
Catalogue<BridgeRow> bridge_methods();

/// What a method that chooses takes for this task, and any other method itself.
Choice<bridge_methods> chosen_method(const Choice<bridge_methods>& method, const BridgeTask& task,
                                     Progress& progress);

/// Throws Failure::data for sets that do not fit together, Failure::usage for pairs that the method
/// does not take.
void require_fits(const Choice<bridge_methods>& method, const BridgeTask& task);

/// The bridge by chosen_method(). Throws as require_fits().
Model make_bridge(const Choice<bridge_methods>& asked, const BridgeTask& task, Threads& threads,
                  Progress& progress);

}  // namespace si
