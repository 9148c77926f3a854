#pragma once

#include <optional>
#include <string>
#include <vector>

#include "si/base/goes_with.hpp"
#include "si/base/progress.hpp"
#include "si/energy/potential.hpp"
#include "si/energy/works.hpp"
#include "si/solver/sde.hpp"
#include "si/task/sample.hpp"

// What si-free-energy is asked for.

namespace si {

/// Which of the estimates is the answer; all prints every one, and answers by Bennett's.
enum class Answering { all, forward, backward, bar };
template <>
struct Setting<Answering> {
    static std::string value() { return "all|forward|backward|bar"; }
    static Answering from_text(std::string_view word);
    static Answering from_json(const Json& node) {
        return from_text(Setting<std::string>::from_json(node));
    }
    static Json to_json(Answering v);
};

struct FreeEnergySpec {
    std::optional<Choice<potentials>> potential_a, potential_b;
    Index steps = 500;
    EpsilonChoice epsilon = {.choice = Choice<epsilons>("constant,value=0.01")};
    std::string transport = "sde";
    Answering estimator = Answering::all;
    std::optional<Index> n;
    std::optional<double> inefficiency;
    std::optional<Index> convergence;
    std::optional<std::string> works;

    static constexpr auto fields() {
        return std::tuple{
            field("potential_a", &FreeEnergySpec::potential_a, "Energy of state a, in kT")
                .value("POTENTIAL,..."),
            field("potential_b", &FreeEnergySpec::potential_b, "Energy of state b, in kT")
                .value("POTENTIAL,..."),
            field("transport", &FreeEnergySpec::transport,
                  "How samples are brought to the other state: by the chain of a model, or none, "
                  "which compares them where they are",
                  one_of(+[] {
                      return std::vector<std::string>{"sde", "none"};
                  })),
            field("steps", &FreeEnergySpec::steps, "Steps of the chain", kPositive),
            field("epsilon", &FreeEnergySpec::epsilon,
                  "Noise of the chain, in the units of the model; not 0 at any time"),
            field("estimator", &FreeEnergySpec::estimator,
                  "Which estimate is the answer; all prints every one and answers by bar"),
            field("n", &FreeEnergySpec::n, "Take the first N samples of each state", kPositive)
                .letter('n'),
            field("inefficiency", &FreeEnergySpec::inefficiency,
                  "Statistical inefficiency of the samples, in the place of what is estimated in "
                  "their order; 1 for samples that do not depend on each other",
                  Rule{[](double v) { return v >= 1; }, "1 or more"}),
            field("convergence", &FreeEnergySpec::convergence,
                  "Estimate as well from the first and the last 1/K, 2/K, ... of the samples",
                  kPositive)
                .value("K"),
            field("works", &FreeEnergySpec::works,
                  "Estimate from works that are there already: /work_forward and /work_backward "
                  "in kT, of this program or of a simulation package")
                .value("FILE")};
    }
    static GoesWithTable goes_with();
};

struct FreeEnergyOutput {
    std::optional<std::string> output;
    static constexpr auto fields() {
        return std::tuple{field("output", &FreeEnergyOutput::output,
                                "Write works, arrivals and their weights to this file")
                              .letter('o')
                              .value("FILE")};
    }
};

/// The inputs of the program: MODEL, A and B; A and B without a model; none with --works.
struct FreeEnergyInputs {
    std::string model, a, b;
    /// From the words of a command line. Throws Failure::usage when their number is wrong.
    static FreeEnergyInputs from(const std::vector<std::string>& words, const FreeEnergySpec& spec);
};

/// The estimates as one JSON object: see si-free-energy(1). "delta_f" is null where the states do
/// not overlap. Writes the output file, where one is wanted. Throws Failure::usage for a missing
/// potential, and all that works_of_paths() throws.
Json free_energy(const FreeEnergyInputs& inputs, const FreeEnergySpec& spec,
                 const FreeEnergyOutput& output, const Provenance& provenance, Threads& threads,
                 Progress& progress);

}  // namespace si
