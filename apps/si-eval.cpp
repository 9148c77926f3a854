#include <iostream>

#include "si/cli/program.hpp"
#include "si/io/model_file.hpp"
#include "si/task/compare.hpp"
#include "si/task/evaluate.hpp"
#include "si/task/kl.hpp"

using si::cli::Common;
using si::cli::Console;
using si::cli::Program;

namespace {

int eval_fields(int argc, char** argv) {
    std::string model, truth;
    si::FieldsSpec spec;
    Common common;
    return Program("si-eval fields",
                   "measure relative L2 errors of a model's fields against an exact model")
        .input("MODEL", model, "model")
        .input("TRUTH", truth, "exact model of the same interpolant, such as si-data exact writes")
        .options("Points", spec)
        .common(common)
        .run(argc, argv, [&](Console&) {
            si::Threads threads(common.threads);
            const auto report = si::fields_report(si::read_model(model), si::read_model(truth),
                                                  spec, common.seed, threads);
            std::cout << report.dump() << '\n';
        });
}

int eval_divergence(int argc, char** argv) {
    std::string model_file;
    si::KlSpec spec;
    Common common;
    return Program("si-eval kl", "estimate the KL divergences between a model and a known density")
        .input("MODEL", model_file, "model of si-train, or written by hand")
        .options("Estimate", spec)
        .required("truth")
        .common(common)
        .example("si-eval kl model.json --truth checkerboard", "")
        .run(argc, argv, [&](Console& console) {
            const auto model = si::read_model(model_file);
            const auto truth = si::true_density(spec.truth);
            si::Threads threads(common.threads);
            const auto report = si::kl_report(model, truth, spec, common.seed, threads, console);
            std::cout << report.dump() << '\n';
        });
}

int eval_restored(int argc, char** argv) {
    std::string restored, truth;
    si::RestoredSpec spec;
    Common common;
    return Program("si-eval restored", "measure errors of restored samples, row by row")
        .input("RESTORED", restored,
               "output of si-sample --observed; its /mask marks the known part")
        .input("TRUTH", truth, "the original samples, in the same order")
        .options("Errors", spec)
        .common(common)
        .run(argc, argv, [&](Console&) {
            std::cout << si::restored_report(restored, truth, spec).dump() << '\n';
        });
}

int eval_frechet(int argc, char** argv) {
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

int eval_accuracy(int argc, char** argv) {
    std::string scores, truth;
    Common common;
    return Program("si-eval accuracy",
                   "count how often the largest number of a row is at the label")
        .input("SCORES", scores, "one number per label, one row per sample")
        .input("TRUTH", truth, "data set with the right /label, in the same order")
        .common(common)
        .run(argc, argv,
             [&](Console&) { std::cout << si::accuracy_report(scores, truth).dump() << '\n'; });
}

int eval_kernel(int argc, char** argv) {
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

}  // namespace

int main(int argc, char** argv) {
    std::string samples, reference;
    si::MetricSpec spec;
    Common common;
    return Program("si-eval", "measure how far samples are from a reference")
        .about(
            "Prints one JSON object, and the same as a table on standard error. Each distance "
            "between the samples and the reference has an interval for the distance between their "
            "laws, a floor, which is the same distance between parts of the reference, and a "
            "verdict.")
        .command("kernel", "estimate a KL divergence by kernel estimates in a few coordinates",
                 eval_kernel)
        .command("kl", "estimate the KL divergences between a model and a known density",
                 eval_divergence)
        .command("fields", "measure errors of a model's fields against an exact model", eval_fields)
        .command("restored", "measure errors of restored samples, row by row", eval_restored)
        .command("frechet", "measure the Frechet distance between Gaussian fits to features",
                 eval_frechet)
        .command("accuracy", "count how often a classifier gives the right label", eval_accuracy)
        .input("SAMPLES", samples, "samples to evaluate: HDF5, CSV, TSV or NPY")
        .input("REFERENCE", reference, "samples of the truth, preferably twice as many")
        .options("Metrics", spec)
        .common(common)
        .example("si-eval samples.h5 test.h5", "Compute all metrics that need no further input.")
        .example("si-eval samples.h5 test.h5 --metrics w2,modes,file=centres.csv",
                 "Compute two of the metrics.")
        .run(argc, argv, [&](Console& console) {
            si::Threads threads(common.threads);
            const auto report =
                si::compare_report(samples, reference, spec, common.seed, threads, console);
            console.finish();
            if (!console.quiet()) std::cerr << si::compare_text(report);
            std::cout << report.dump() << '\n';
        });
}
