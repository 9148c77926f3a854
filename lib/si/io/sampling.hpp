#pragma once

#include <optional>
#include <string>

#include "si/flow/transport.hpp"

// Samples and scores in files. Files hold the data's coordinates; the base of a one-sided
// model is the exception, being N(0, I) in files too.

namespace si {

/// Which points si-sample carries.
struct SampleSpec {
    std::optional<Index> n;
    std::optional<std::string> x0, x1;
    bool backward = false;
    std::optional<Choice<paths>> path;

    static constexpr auto fields() {
        return std::tuple{
            field("n", &SampleSpec::n, "Number of samples", kPositive),
            field("x0", &SampleSpec::x0, "Start from these points of the base").value("FILE"),
            field("x1", &SampleSpec::x1, "With --backward: start from these points of the target")
                .value("FILE"),
            field("backward", &SampleSpec::backward, "Go from the target to the base"),
            field("path", &SampleSpec::path,
                  "Go along another path than the model was trained on (one-sided models)")};
    }

    Direction direction() const { return backward ? Direction::backward : Direction::forward; }
};

struct Provenance {
    std::string command;
    std::uint64_t seed = 0;
};

/// The field of a model along the path that is asked for, which becomes the model's.
std::shared_ptr<const Field> field_along(Model& model, const SampleSpec& spec);

/// The points that transport starts from, in the model's coordinates. Throws Failure::usage
/// when the options do not fit together and Failure::data when the file does not fit the model.
Matrix starting_points(const Model& model, const SampleSpec& spec, std::uint64_t seed);

/// Writes /x (n, shape), and as far as asked for /log_density (n) and /trajectory (n, T, shape)
/// with /time (T), and /nfe (n).
void write_transported(const std::string& file, const Model& model, const TransportSpec& spec,
                       Direction direction, const Transported& result,
                       const Provenance& provenance);

/// What si-likelihood is asked.
struct ScoreSpec {
    Choice<ode_solvers> ode{"dopri5"};
    static constexpr auto fields() {
        return std::tuple{field("ode", &ScoreSpec::ode, "Solver of dx = b dt").value("SOLVER,...")};
    }
};

/// Log-densities of data, in nats, in the data's coordinates.
struct Scores {
    Vector log_density;
    double nfe = 0;  ///< mean number of evaluations of b and its divergence
    Index dim = 0;

    double cross_entropy() const;   ///< minus the mean
    double standard_error() const;  ///< of the cross-entropy, from the spread; 0 for one sample
};

/// Scores the samples of `data`. A model that was trained with --dequantize is scored with the
/// same noise added once, at `seed`: its cross-entropy bounds that of the integers from above.
Scores score_file(const Model& model, const std::string& data, const ScoreSpec& spec,
                  std::uint64_t seed, Threads& threads, Progress& progress);

/// {"n", "cross_entropy", "stderr", "bits_per_dim", "nfe", "method"}.
Json score_report(const Scores& scores, const ScoreSpec& spec);

/// Writes /log_density (n).
void write_scores(const std::string& file, const Scores& scores, const Provenance& provenance);

}  // namespace si
