#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/task/synthetic.hpp"

int main(int argc, char** argv) {
    si::Choice<si::generators> generator("checkerboard");
    si::SyntheticSpec spec;
    si::cli::Common common;
    si::cli::Output output;
    return si::cli::Program("si-data", "make, convert and inspect data sets")
        .command("import", "make an HDF5 data set from a table, an array or images", import_command)
        .command("export", "write samples as text or NumPy", export_command)
        .command("classes", "make a data set to train a classifier on", classes_command)
        .command("split", "hold out a random part", split_command)
        .command("head", "print or write the first samples", head_command)
        .command("resample", "draw rows in proportion to their weights", resample_command)
        .command("merge", "join the parts of a job", merge_command)
        .command("exact", "write the exact model of a mixture", exact_command)
        .command("sample", "draw samples of a potential", sample_command)
        .command("info", "show what is in a file", info_command)
        .input("NAME", generator, "synthetic data set, as in ring or ring,modes=5,sigma=0.1")
        .choices(si::generators().info())
        .options("Samples", spec)
        .output(output)
        .common(common)
        .example("si-data checkerboard -n 100000 -o board.h5",
                 "Samples are in /x, their exact log-density is in /log_density.")
        .example("si-data info board.h5", "")
        .run(argc, argv, [&](si::cli::Console& console) {
            si::DataWriter out(output.output);
            out.attribute("command", console.command());
            si::Threads threads(common.threads);
            si::write_synthetic(out, generator, spec, common.seed, threads);
            out.commit();
        });
}
