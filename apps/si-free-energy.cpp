#include <iostream>

#include "si/cli/program.hpp"
#include "si/task/free_energy.hpp"

int main(int argc, char** argv) {
    std::string first, second, third;
    si::FreeEnergySpec spec;
    si::FreeEnergyOutput output;
    si::cli::Common common;
    return si::cli::Program("si-free-energy",
                            "estimate the difference of free energies of two states")
        .about(
            "Samples of state a go along a model to state b, and back; the works of their paths "
            "give F_b - F_a in kT, exact in the mean whatever the model is worth. Prints one JSON "
            "object with every estimate, its error and the overlap.")
        .optional_input("MODEL", first, "model that carries a to b; none with --transport none")
        .optional_input("A", second, "samples of state a")
        .optional_input("B", third, "samples of state b")
        .options("Estimate", spec)
        .unrecorded_options("Output", output)
        .common(common)
        .example(
            "si-free-energy bridge.json a.h5 b.h5 --potential-a double-well "
            "--potential-b double-well,linear=1",
            "The chain of a model that was trained between both.")
        .example(
            "si-free-energy a.h5 b.h5 --transport none --potential-a double-well "
            "--potential-b double-well,linear=1",
            "Without a model: plain perturbation, and Bennett's ratio.")
        .example("si-free-energy --works works.h5", "Works that are there already.")
        .run(argc, argv, [&](si::cli::Console& console) {
            std::vector<std::string> words;
            for (const auto& word : {first, second, third}) {
                if (!word.empty()) words.push_back(word);
            }
            const auto inputs = si::FreeEnergyInputs::from(words, spec);
            si::Threads threads(common.threads);
            const auto report = si::free_energy(inputs, spec, output,
                                                {console.command(), common.seed}, threads, console);
            std::cout << report.dump() << '\n';
            for (const auto& warning : report["warnings"]) {
                console.warn(warning.get<std::string>());
            }
            si::require(!report["delta_f"].is_null(), si::Failure::check,
                        "the states do not overlap, so there is no estimate; train a transport "
                        "between them, take more steps of it, or more samples");
        });
}
