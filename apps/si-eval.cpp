#include <iostream>

#include "si/cli/program.hpp"
#include "si/flow/field_errors.hpp"
#include "si/io/evaluation.hpp"
#include "si/io/model_file.hpp"

using si::cli::Common;
using si::cli::Console;
using si::cli::Program;

namespace {

struct FieldsSpec {
    si::Index n = 20000;
    double margin = 1e-2;
    static constexpr auto fields() {
        return std::tuple{
            si::field("n", &FieldsSpec::n, "Number of points", si::kPositive),
            si::field("margin", &FieldsSpec::margin, "Times keep this far off 0 and 1", si::kUnit)};
    }
};

int eval_fields(int argc, char** argv) {
    std::string model, truth;
    FieldsSpec spec;
    Common common;
    return Program("si-eval fields", "relative L2 errors of a model's fields, where truth is known")
        .input("MODEL", model, "model")
        .input("TRUTH", truth, "exact model of the same interpolant, as of si-data exact")
        .options("Points", spec)
        .common(common)
        .run(argc, argv, [&](Console&) {
            si::Threads threads(common.threads);
            si::Json report = si::Json::object();
            for (const auto& error : si::field_errors(si::read_model(model), si::read_model(truth),
                                                      spec.n, spec.margin, common.seed, threads)) {
                report[std::string(error.name)] = error.relative;
            }
            std::cout << report.dump() << '\n';
        });
}

}  // namespace

int main(int argc, char** argv) {
    std::string samples, reference;
    si::KernelSpec spec;
    Common common;
    return Program("si-eval", "how far samples are from a reference")
        .about(
            "Prints one JSON object: the Kullback-Leibler divergence between kernel estimates of "
            "both densities in a few coordinates, with its standard error, and the same between "
            "two parts of the reference, which is the least that can be told from zero.")
        .command("fields", "errors of a model's fields, where truth is known", eval_fields)
        .input("SAMPLES", samples, "samples to judge: HDF5, CSV, TSV or NPY")
        .input("REFERENCE", reference, "samples of the truth; three times as many are best")
        .options("Kernel estimate", spec)
        .common(common)
        .example("si-eval samples.h5 test.h5", "In the first two coordinates.")
        .run(argc, argv, [&](Console&) {
            si::Threads threads(common.threads);
            std::cout << si::kernel_report(samples, reference, spec, threads).dump() << '\n';
        });
}
