#include "si/task/rows.hpp"

#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/io/shard.hpp"

using si::cli::Console;
using si::cli::Messages;
using si::cli::Output;
using si::cli::Program;

int split_command(int argc, char** argv) {
    std::string file;
    si::SplitSpec spec;
    Messages messages;
    Output output;
    return Program("si-data split", "hold out a random part of a data set")
        .input("FILE", file, kData)
        .options("Split", spec)
        .required("held-out")
        .writes("held-out")
        .output(output)
        .common(messages)
        .example("si-data split digits.h5 -o train.h5 --held-out test.h5",
                 "Nine tenths and one tenth, each with their labels.")
        .run(argc, argv, [&](Console& console) {
            si::split_data(file, spec, output.output, console.command(), console);
        });
}

int resample_command(int argc, char** argv) {
    std::string file;
    si::ResampleSpec spec;
    Messages messages;
    Output output;
    return Program("si-data resample", "draw rows in proportion to their weights")
        .about(
            "Draws rows with replacement in proportion to /weight, for programs that make nothing "
            "of weights. The data set that it writes has none.")
        .input("FILE", file, kData)
        .options("Rows", spec)
        .output(output)
        .common(messages)
        .example("si-data resample events.h5 -n 100000 -o even.h5", "")
        .run(argc, argv, [&](Console& console) {
            si::resample_data(file, spec, output.output, console.command(), console);
        });
}

int merge_command(int argc, char** argv) {
    std::vector<std::string> files;
    Messages messages;
    Output output;
    return Program("si-data merge", "join the files of all parts of a job (--shard)")
        .inputs("FILE", files, "file of one part, written by si-sample or si-likelihood")
        .output(output)
        .common(messages)
        .example("si-data merge part-*.h5 -o all.h5",
                 "The result has the bytes of one run without --shard.")
        .run(argc, argv, [&](Console&) { si::merge_shards(files, output.output); });
}

int classes_command(int argc, char** argv) {
    std::string file;
    Messages messages;
    Output output;
    return Program("si-data classes",
                   "make a data set to train a classifier on, from samples with labels")
        .about(
            "Writes to /x the number 1 at the label of each sample and 0 at the others, and the "
            "sample to /condition. A model trained on it by si-train --condition condition --learn "
            "x1 gives the probabilities of the labels: si-sample --given IMAGES --denoise 1.")
        .input("FILE", file, kData)
        .output(output)
        .common(messages)
        .example("si-data classes train.h5 -o classes.h5", "")
        .run(argc, argv,
             [&](Console& console) { si::write_classes(file, output.output, console.command()); });
}
