#pragma once

#include <optional>
#include <string>
#include <vector>

#include "si/flow/likelihood.hpp"
#include "si/task/sample.hpp"

// Log-densities of samples in files, in nats and in the data's coordinates.

namespace si {

/// One or more choices of epsilon, as in "0,0.5,taper,value=2,width=0.1": what has a '=' belongs
/// to the kind before it.
struct EpsilonList {
    std::vector<EpsilonChoice> each;
};
template <>
struct Setting<EpsilonList> {
    static std::string value() { return "E|KIND,...[,E|KIND,...]"; }
    static EpsilonList from_text(std::string_view word);
    static EpsilonList from_json(const Json& node);
    static Json to_json(const EpsilonList& v);
};
template <>
struct SettingRows<EpsilonList> : SettingRows<EpsilonChoice> {};

/// What si-likelihood is asked.
struct LogDensitySpec : OdeLogDensitySpec {
    std::optional<Index> sde;
    std::optional<EpsilonList> epsilon;
    Choice<estimators> estimator{"tilted"};
    Index paths = 16;
    bool reverse = false;
    Nonfinite allow_nonfinite = Nonfinite::refuse;

    static constexpr auto fields() {
        return std::tuple_cat(
            OdeLogDensitySpec::fields(),
            std::tuple{
                field(
                    "sde", &LogDensitySpec::sde,
                    "Use the diffusion instead of the flow, by paths of this many equal steps; 100 "
                    "when only --epsilon is given",
                    kStepCount)
                    .value("STEPS"),
                field("epsilon", &LogDensitySpec::epsilon,
                      "Noise of the diffusion, 1 when only --sde is given; 0 is the flow. Several "
                      "values are compared"),
                field("estimator", &LogDensitySpec::estimator,
                      "Estimator of the density of the diffusion"),
                field("paths", &LogDensitySpec::paths, "Random paths per sample", kPositive),
                field("reverse", &LogDensitySpec::reverse,
                      "Compute the log-density of samples of the base, at t = 0, from a target in "
                      "closed form"),
                field(
                    "allow_nonfinite", &LogDensitySpec::allow_nonfinite,
                    "Samples with numbers that are not finite: no refuses them; keep writes nan as "
                    "their log-density and leaves them out of all means")
                    .value("no|keep")});
    }

    static GoesWithTable goes_with();
};

/// Which of some samples are marked, true or false; empty when none is.
using Marks = Eigen::Array<bool, Eigen::Dynamic, 1>;

/// Count, mean and spread of numbers that come one after another (Welford's recurrence), so that
/// nothing depends on how they were cut into parts.
struct RunningMoments {
    Index n = 0;
    double mean = 0, squares = 0;  ///< squares: sum of (value - mean)^2

    /// Of values that are not marked.
    void add(const Vector& values, const Marks& marks = {});
    double error() const;  ///< standard error of the mean; 0 for one number
};

/// Log-densities of data under one flow or diffusion.
struct CrossEntropy {
    LogDensities by_sample;      ///< log_density in the data's coordinates; may be left out
    RunningMoments log_density;  ///< of all samples
    RunningMoments evaluations;
    RunningMoments relative_variance;    ///< of the weight of one path; empty for the flow
    std::vector<RunningMoments> behind;  ///< how much larger each of several log-densities is
    std::optional<Json> epsilon;         ///< as it was asked for
    std::optional<Index> paths;          ///< of a diffusion
    std::string method;
    bool bound = false;  ///< log-densities are lower bounds
    Index dim = 0;
    Index rows = 0;    ///< samples of the file, of which these are a part
    Index marked = 0;  ///< samples that are not finite: their log_density is nan

    double cross_entropy() const;   ///< minus the mean
    double standard_error() const;  ///< of the cross-entropy, from the spread; 0 for one sample
    /// {"n", "cross_entropy", "stderr", "bits_per_dim", "nfe", "method", "bias"}; for a diffusion
    /// also {"bias_size", "paths", "epsilon", "ess"}, and where there are such {"nonfinite"}.
    Json report() const;
};

/// Samples of the target, numbers `first`, `first` + 1, ... of all, in the model's coordinates as
/// they are evaluated: where the model was trained with --dequantize, with the same kind of noise,
/// at `seed`.
Matrix measured_points(const Model& model, Matrix x, std::uint64_t seed, Index first);

/// Whether each sample's log-density is wanted, or what is said of all of them.
enum class Keep { samples, summary };

/// The samples of a file that log_densities_of_file() goes through, and what it keeps of them.
struct LogDensityRun {
    std::uint64_t seed = 0;  ///< of probes, of paths and of the noise of --dequantize
    Shard shard = {};  ///< the part of the samples; one that is not the whole takes one epsilon
    Keep keep = Keep::samples;
};

/// The cross-entropy of the samples of `data`, or of a part of them, for each epsilon of `spec`.
/// They are read once and part by part, from a pipe while they arrive. With Keep::summary memory
/// does not grow with the number of samples but for 16 bytes each under a diffusion (whose
/// effective numbers of paths have a median), when they are in an HDF5 file; results do not depend
/// on the parts. The samples of a model that was trained with --dequantize get the same kind of
/// noise once, at `run.seed`: the cross-entropy bounds that of the integers from above. All ranks
/// take part; the first has the results, the others none.
///
/// Throws Failure::usage when `spec` and `run` do not go together or the model has no log-density,
/// and Failure::data when the file does not fit the model or none of its samples is finite.
std::vector<CrossEntropy> log_densities_of_file(const Model& model, const std::string& data,
                                                const LogDensitySpec& spec,
                                                const LogDensityRun& run, Threads& threads,
                                                Progress& progress);

/// The one of least cross-entropy.
const CrossEntropy& best_of(const std::vector<CrossEntropy>& all);

/// Which epsilon is best, and by how much: {"best_epsilon", "cross_entropy", "second", "ahead",
/// "ahead_stderr"}, the last from the differences of the same samples.
Json compare_epsilons(const std::vector<CrossEntropy>& all);

/// Writes /log_density (n), and where the method has them /log_density_stderr (n) and /ess (n).
void write_log_densities(const std::string& file, const CrossEntropy& one,
                         const Provenance& provenance);

/// Where log-densities are written.
struct LogDensityOutput {
    std::optional<std::string> output;

    static constexpr auto fields() {
        return std::tuple{
            field("output", &LogDensityOutput::output,
                  "Write the log-density of each sample to this file, as /log_density, with "
                  "its standard error; for several epsilon, that of the best")
                .letter('o')
                .value("FILE")};
    }
};

/// log_densities_of_file(), of which the best goes to `output` where there is one. Returns what is
/// said of each epsilon, and compare_epsilons() where there are several; nothing but on the first
/// rank.
std::vector<Json> report_log_densities(const Model& model, const std::string& data,
                                       const LogDensitySpec& spec, const LogDensityOutput& output,
                                       const Provenance& provenance, Threads& threads,
                                       Progress& progress);

}  // namespace si
