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
    return Program("si-eval fields", "relative L2 errors of a model's fields, where truth is known")
        .input("MODEL", model, "model")
        .input("TRUTH", truth, "exact model of the same interpolant, as of si-data exact")
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
    return Program("si-eval kl", "KL traces between a model and a truth of known density")
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
    return Program("si-eval restored", "errors of restored samples, row by row")
        .input("RESTORED", restored, "of si-sample --observed; its /mask says what was known")
        .input("TRUTH", truth, "what they were, in the same order")
        .options("Errors", spec)
        .common(common)
        .run(argc, argv, [&](Console&) {
            std::cout << si::restored_report(restored, truth, spec).dump() << '\n';
        });
}

int eval_frechet(int argc, char** argv) {
    std::string samples, reference;
    Common common;
    return Program("si-eval frechet", "Frechet distance between Gaussian fits of features")
        .input("SAMPLES", samples, "features of samples, such as a classifier's answers")
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
    return Program("si-eval accuracy", "how often the largest of some numbers is that of the label")
        .input("SCORES", scores, "a number for each label, a row a sample")
        .input("TRUTH", truth, "data set with the right /label, in the same order")
        .common(common)
        .run(argc, argv,
             [&](Console&) { std::cout << si::accuracy_report(scores, truth).dump() << '\n'; });
}

int eval_kernel(int argc, char** argv) {
    std::string samples, reference;
    si::KernelSpec spec;
    Common common;
    return Program("si-eval kernel", "KL divergence of kernel estimates in a few coordinates")
        .about(
            "Prints the Kullback-Leibler divergence between kernel estimates of both densities, "
            "with its standard error, and the same between two parts of the reference, which is "
            "the least that can be told from zero.")
        .input("SAMPLES", samples, "samples to judge: HDF5, CSV, TSV or NPY")
        .input("REFERENCE", reference, "samples of the truth; three times as many are best")
        .options("Kernel estimate", spec)
        .common(common)
        .example("si-eval kernel samples.h5 test.h5", "In the first two coordinates.")
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
    return Program("si-eval", "how far samples are from a reference")
        .about(
            "Prints one JSON object, and a table of it on standard error: distances between the "
            "samples and the reference, each with an interval for the distance of the laws, the "
            "same distance between parts of the reference, which is the least that can be told "
            "from zero, and what follows.")
        .command("kernel", "KL divergence of kernel estimates in a few coordinates", eval_kernel)
        .command("kl", "traces of a model from a truth of known density", eval_divergence)
        .command("fields", "errors of a model's fields, where truth is known", eval_fields)
        .command("restored", "errors of restored samples, row by row", eval_restored)
        .command("frechet", "distance between Gaussian fits of features", eval_frechet)
        .command("accuracy", "how often labels are met", eval_accuracy)
        .input("SAMPLES", samples, "samples to judge: HDF5, CSV, TSV or NPY")
        .input("REFERENCE", reference, "samples of the truth; twice as many are best")
        .options("Metrics", spec)
        .common(common)
        .example("si-eval samples.h5 test.h5", "All that need nothing else.")
        .example("si-eval samples.h5 test.h5 --metrics w2,modes,file=centres.csv", "Two of them.")
        .run(argc, argv, [&](Console& console) {
            si::Threads threads(common.threads);
            const auto report =
                si::compare_report(samples, reference, spec, common.seed, threads, console);
            console.finish();
            if (!console.quiet()) std::cerr << si::compare_text(report);
            std::cout << report.dump() << '\n';
        });
}
