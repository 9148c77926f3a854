#pragma once

#include <optional>
#include <string>
#include <vector>

#include "si/base/json.hpp"
#include "si/base/spec.hpp"
#include "si/base/threads.hpp"
#include "si/model/model.hpp"

// The tasks of si-eval that compare by one number: kernel estimates, restored samples, Frechet
// distances, labels.

namespace si {

struct KernelSpec {
    std::vector<Index> coordinates;
    Index most = 50000;
    static constexpr auto fields() {
        return std::tuple{
            field("coordinates", &KernelSpec::coordinates,
                  "Coordinates to use, counting from 1, as in 1,3; the first two by default",
                  kPositive),
            field("most", &KernelSpec::most, "Largest number of samples per density", kPositive)};
    }
};

/// {"kl", "stderr", "floor", "floor_stderr", "n"}: KL of kernel estimates, from a third of the
/// reference to the samples, probed by another third, and the same with the last third in the
/// place of the samples, all drawn by `seed`. Throws Failure::data when files do not fit together.
Json kernel_report(const std::string& samples, const std::string& reference, const KernelSpec& spec,
                   std::uint64_t seed, Threads& threads);

struct RestoredSpec {
    double range = 2;
    std::optional<Index> blocks;
    static constexpr auto fields() {
        return std::tuple{
            field("range", &RestoredSpec::range,
                  "Difference between black and white, for the signal to noise ratio", kPositive),
            field("blocks", &RestoredSpec::blocks,
                  "Also print the error of means over squares of this side, such as the factor of "
                  "superres",
                  kPositive)};
    }
};

/// restored() of two files, row by row, with the mask in `restored_file` (/mask) if it has one:
/// {"n", "mse", "psnr", "hidden_mse", "known_error", "cost", "block_mse"} with standard errors, and
/// "equal", the number of samples that are the truth itself, where there are some: they have no
/// part in "psnr", which is "infinite" when all of them are.
Json restored_report(const std::string& restored_file, const std::string& truth,
                     const RestoredSpec& spec);

/// {"frechet", "floor", "n", "n_reference"}: frechet_distance() of n samples from n_reference of
/// the second file, and that of n others of the second file, drawn by `seed`, which leave as many.
Json frechet_report(const std::string& samples, const std::string& reference, std::uint64_t seed,
                    Threads& threads);

/// {"accuracy", "stderr", "n"}: how often the largest number of a sample is the one that /label of
/// `truth` says, counting from 0.
Json accuracy_report(const std::string& outputs, const std::string& truth);

inline constexpr Rule kMargin{[](double v) { return v >= 0 && v < 0.5; },
                              "at least 0 and below 0.5"};

struct FieldsSpec {
    Index n = 20000;
    double margin = 1e-2;
    static constexpr auto fields() {
        return std::tuple{
            field("n", &FieldsSpec::n, "Number of points", kPositive),
            field("margin", &FieldsSpec::margin, "Distance of the times from 0 and 1", kMargin)};
    }
};

/// The relative errors of field_errors() by their names, and where b and s are among them and
/// neither model has units of its own, {"dL_b", "dL_s", "best_epsilon", "kl_bound"} of
/// divergence_bound(): best_epsilon is the text "infinite" where s alone is exact, and null where
/// b is as well.
Json fields_report(const Model& model, const Model& truth, const FieldsSpec& spec,
                   std::uint64_t seed, Threads& threads);

}  // namespace si
