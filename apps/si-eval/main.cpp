#include <iostream>

#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/task/compare.hpp"

int main(int argc, char** argv) {
    std::string samples, reference;
    si::MetricSpec spec;
    si::cli::Common common;
    return si::cli::Program("si-eval", "measure how far samples are from a reference")
        .about(
            "Prints one JSON object, and the same as a table on standard error. Each distance "
            "between the samples and the reference has an interval for the distance between their "
            "laws, a floor, which is the same distance between parts of the reference, and a "
            "verdict.")
        .command("kernel", "estimate a KL divergence by kernel estimates in a few coordinates",
                 kernel_command)
        .command("kl", "estimate the KL divergences between a model and a known density",
                 kl_command)
        .command("fields", "measure errors of a model's fields against an exact model",
                 fields_command)
        .command("restored", "measure errors of restored samples, row by row", restored_command)
        .command("frechet", "measure the Frechet distance between Gaussian fits to features",
                 frechet_command)
        .command("accuracy", "count how often a classifier gives the right label", accuracy_command)
        .input("SAMPLES", samples, "samples to evaluate: HDF5, CSV, TSV or NPY")
        .input("REFERENCE", reference, "samples of the truth, preferably twice as many")
        .options("Metrics", spec)
        .common(common)
        .example("si-eval samples.h5 test.h5", "Compute all metrics that need no further input.")
        .example("si-eval samples.h5 test.h5 --metrics w2,modes,file=centres.csv",
                 "Compute two of the metrics.")
        .run(argc, argv, [&](si::cli::Console& console) {
            si::Threads threads(common.threads);
            const auto report =
                si::compare_report(samples, reference, spec, common.seed, threads, console);
            console.finish();
            if (!console.quiet()) std::cerr << si::compare_text(report);
            std::cout << report.dump() << '\n';
        });
}
