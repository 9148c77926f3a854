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
        .output(output)
        .common(messages)
        .example("si-data split digits.h5 -o train.h5 --held-out test.h5",
                 "Nine tenths and one tenth, each with their labels.")
        .run(argc, argv, [&](Console& console) {
            si::split_data(file, spec, output.output, console.command(), console);
        });
}

int head_command(int argc, char** argv) {
    std::string file;
    si::HeadSpec spec;
    Messages messages;
    Output output;
    return Program("si-data head",
                   "print the first samples as text, or write them as HDF5 with -o FILE")
        .input("FILE", file, kData)
        .options("Head", spec)
        .output(output)
        .common(messages)
        .run(argc, argv, [&](Console& console) {
            si::head_data(file, spec, output.output, console.command(), console);
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
