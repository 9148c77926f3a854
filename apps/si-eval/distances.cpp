#include <iostream>

#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/task/evaluate.hpp"

using si::cli::Common;
using si::cli::Console;
using si::cli::Program;

int kernel_command(int argc, char** argv) {
    std::string samples, reference;
    si::KernelSpec spec;
    Common common;
    return Program("si-eval kernel",
                   "estimate a KL divergence by kernel estimates in a few coordinates")
        .about(
            "Prints the Kullback-Leibler divergence between kernel estimates of both densities, "
            "with its standard error, and the same divergence between two parts of the reference: "
            "a smaller value cannot be distinguished from zero.")
        .input("SAMPLES", samples, "samples to evaluate: HDF5, CSV, TSV or NPY")
        .input("REFERENCE", reference, "samples of the truth, preferably three times as many")
        .options("Kernel estimate", spec)
        .common(common)
        .example("si-eval kernel samples.h5 test.h5", "Use the first two coordinates.")
        .run(argc, argv, [&](Console&) {
            si::Threads threads(common.threads);
            std::cout << si::kernel_report(samples, reference, spec, common.seed, threads).dump()
                      << '\n';
        });
}

int frechet_command(int argc, char** argv) {
    std::string samples, reference;
    Common common;
    return Program("si-eval frechet",
                   "measure the Frechet distance between Gaussian fits to features")
        .input("SAMPLES", samples, "features of samples, such as the outputs of a classifier")
        .input("REFERENCE", reference, "features of the truth")
        .common(common)
        .run(argc, argv, [&](Console&) {
            si::Threads threads(common.threads);
            std::cout << si::frechet_report(samples, reference, common.seed, threads).dump()
                      << '\n';
        });
}
