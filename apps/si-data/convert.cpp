#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/task/rows.hpp"

using si::cli::Console;
using si::cli::Messages;
using si::cli::Output;
using si::cli::Program;

int import_command(int argc, char** argv) {
    std::vector<std::string> files;
    si::ImportSpec spec;
    Messages messages;
    Output output;
    return Program("si-data import", "make an HDF5 data set from a table, an array or images")
        .inputs("FILE", files,
                "HDF5, CSV, TSV or NPY; or images, IDX (also .gz), PNG, PGM or PPM; - reads "
                "standard input")
        .options("Import", spec)
        .options("Text", spec.text)
        .output(output)
        .common(messages)
        .example("si-data import iris.csv --label-column last -o iris.h5",
                 "All columns but the last become /x, the last becomes /label.")
        .example("si-data import messung.csv --decimal , -o messung.h5",
                 "Semicolons separate the cells, and 0,5 is a half.")
        .example(
            "si-data import train-images-idx3-ubyte.gz --labels train-labels-idx1-ubyte.gz "
            "-o train.h5",
            "Images become /x, of shape (channels, height, width).")
        .run(argc, argv, [&](Console& console) {
            si::import_data(files, spec, output.output, console.command(), console);
        });
}

int export_command(int argc, char** argv) {
    std::string file;
    Messages messages;
    Output output;
    return Program("si-data export", "write samples as text (.csv, .tsv, .txt) or NumPy (.npy)")
        .input("FILE", file, kData)
        .options("Output", output)
        .common(messages)
        .example("si-data export samples.h5 -o samples.npy", "For Python.")
        .run(argc, argv, [&](Console&) { si::export_data(file, output.output); });
}
