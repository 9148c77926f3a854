#pragma once

#include <cstdint>
#include <string>

#include "si/base/progress.hpp"
#include "si/base/threads.hpp"
#include "si/density/known.hpp"
#include "si/flow/likelihood.hpp"

// The task of `si-eval kl`: divergence of a model from a known density.

namespace si {

/// A synthetic set by its name and settings, as in "ring,modes=5", or the target of an exact model
/// in a file, which is told by a '.' or '/' before the first comma. Its samples at a seed are not
/// those of `si-data NAME --seed`, which a model may have been trained on. Throws Failure::usage
/// when the set has no density or the model's target is no Gaussian mixture, and as read_model()
/// does.
KnownDensity true_density(const std::string& truth);

/// What si-eval kl is asked.
struct KlSpec : OdeLogDensitySpec {
    std::string truth = {};
    Index n = 10000;

    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{field("truth", &KlSpec::truth,
                             "The true density: a synthetic set, as in ring,modes=5, or the file "
                             "of an exact model (a name with a '.' or '/')")
                           .value("NAME,...|FILE"),
                       field("n", &KlSpec::n, "Number of samples of the truth, and of the model",
                             kPositive)},
            OdeLogDensitySpec::fields());
    }
};

/// KL(truth | model) at spec.n fresh samples of the truth and KL(model | truth) at as many of the
/// model's flow, each plain and with its control variate (likelihood_ratio.hpp), and what the
/// model is worth as a proposal for the truth. In nats, whatever the units of the data:
///
///     {"n", "kl", "kl_stderr", "kl_controlled", "kl_controlled_stderr",
///      "reverse_kl", "reverse_kl_stderr", "reverse_kl_controlled", "reverse_kl_controlled_stderr",
///      "outside", "outside_stderr", "ess", "ess_of_truth", "log_z", "log_z_stderr",
///      "nfe", "method", "seed", "warnings"}
///
/// "outside" is the part of the model where the truth is zero; if there is any, the reverse
/// divergence is the text "infinite", without error (null), and so are its companions. "ess" is
/// the effective number of the model's samples as samples of the truth, weighted by truth / model,
/// and "log_z" the logarithm of their mean weight, 0 for a truth with its constant that the
/// model covers. "ess_of_truth" is the same number from samples of the truth, n / E[truth / model],
/// which also sees what the model has missed. "warnings" are sentences, which `progress` hears too.
///
/// Throws Failure::usage when dimensions differ or the model has no density, Failure::check when
/// a log-density of the model is not finite.
Json kl_report(const Model& model, const KnownDensity& truth, const KlSpec& spec,
               std::uint64_t seed, Threads& threads, Progress& progress);

}  // namespace si
