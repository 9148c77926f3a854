#include <iostream>

#include "si/cli/program.hpp"
#include "si/io/model_file.hpp"
#include "si/task/dry_run.hpp"
#include "si/task/log_density.hpp"

int main(int argc, char** argv) {
    std::string model_file, data;
    si::LogDensitySpec spec;
    si::ShardSpec part;
    si::DryRunSpec dry;
    si::LogDensityOutput output;
    si::cli::Common common;
    return si::cli::Program("si-likelihood",
                            "compute the log-density of data under a model, and the cross-entropy")
        .about(
            "Prints one JSON object: the number of samples, the cross-entropy in nats with its "
            "standard error and bias, bits per dimension, and the number of evaluations. For "
            "several epsilon it prints one object per line, and a last one that names the best.")
        .input("MODEL", model_file, "model of si-train, or written by hand")
        .input("DATA", data, "samples to evaluate: HDF5, CSV, TSV or NPY; - reads standard input")
        .options("Estimate", spec)
        .unrecorded_options("Parts", part)
        .unrecorded_options("Output", output)
        .unrecorded_options("Dry run", dry)
        .common(common)
        .across_ranks()
        .example("si-likelihood model.json test.h5", "Cross-entropy of held-out data.")
        .example("si-likelihood model.json test.h5 --epsilon 0,0.1,0.5,1 --paths 32",
                 "Find the noise that makes the best diffusion.")
        .example("si-sample model.json -n 10000 | si-likelihood model.json -",
                 "Entropy of the model.")
        .run(argc, argv, [&](si::cli::Console& console) {
            const auto model = si::read_model(model_file);
            si::Threads threads(common.threads);
            if (dry.dry_run) {
                const auto keep = output.output ? si::Keep::samples : si::Keep::summary;
                std::cout << si::dry_run_log_density(
                                 model, data, spec,
                                 {.seed = common.seed, .shard = part.shard, .keep = keep}, threads,
                                 console)
                          << '\n';
                return;
            }
            const si::Provenance provenance{console.command(), common.seed, part.shard};
            for (const auto& line : si::report_log_densities(model, data, spec, output, provenance,
                                                             threads, console)) {
                std::cout << line.dump() << '\n';
            }
        });
}
