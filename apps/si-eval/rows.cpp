#include <iostream>

#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/task/evaluate.hpp"

using si::cli::Common;
using si::cli::Console;
using si::cli::Program;

int restored_command(int argc, char** argv) {
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

int accuracy_command(int argc, char** argv) {
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
