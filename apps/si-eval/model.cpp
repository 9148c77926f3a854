#include <iostream>

#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/io/model_file.hpp"
#include "si/task/evaluate.hpp"
#include "si/task/kl.hpp"

using si::cli::Common;
using si::cli::Console;
using si::cli::Program;

int fields_command(int argc, char** argv) {
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

int kl_command(int argc, char** argv) {
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
