#include <iostream>

#include "si/cli/program.hpp"
#include "si/io/model_file.hpp"
#include "si/io/shard.hpp"
#include "si/task/rows.hpp"
#include "si/task/synthetic.hpp"

using si::cli::Console;
using si::cli::Messages;
using si::cli::Output;
using si::cli::Program;

namespace {

constexpr const char* kData = "data set: HDF5, CSV, TSV or NPY; - reads standard input";

si::DataWriter writer(const std::string& file, const Console& console) {
    si::DataWriter out(file);
    out.attribute("command", console.command());
    return out;
}

si::RowSets rows_of(const std::string& file, Console& console) {
    std::vector<std::string> left_out;
    auto rows = si::read_rows(si::DataFile(file), left_out);
    if (!left_out.empty()) console.warn("left out " + si::join(left_out, ", "));
    return rows;
}

/// For commands that show what is there, also where it is not finite.
si::DataFile as_it_is(const std::string& file) {
    si::DataFile data(file);
    data.let_nonfinite_pass();
    return data;
}

int import_data(int argc, char** argv) {
    std::vector<std::string> files;
    si::ImportSpec spec;
    Messages messages;
    Output output;
    return Program("si-data import", "make an HDF5 data set from a table, an array or images")
        .inputs("FILE", files,
                "HDF5, CSV, TSV or NPY; or images, IDX (also .gz), PNG, PGM or PPM; - reads "
                "standard input")
        .options("Import", spec)
        .output(output)
        .common(messages)
        .example("si-data import iris.csv --label-column last -o iris.h5",
                 "All columns but the last become /x, the last becomes /label.")
        .example(
            "si-data import train-images-idx3-ubyte.gz --labels train-labels-idx1-ubyte.gz "
            "-o train.h5",
            "Images become /x, of shape (channels, height, width).")
        .run(argc, argv, [&](Console& console) {
            const auto rows = si::import_files(files, spec, console);
            auto out = writer(output.output, console);
            if (spec.allow_nonfinite == si::Nonfinite::keep) out.let_nonfinite_pass();
            si::write_rows(out, rows, si::first_rows(rows.n, rows.n));
            out.commit();
        });
}

int export_data(int argc, char** argv) {
    std::string file;
    Messages messages;
    Output output;
    return Program("si-data export", "write samples as text (.csv, .tsv, .txt) or NumPy (.npy)")
        .input("FILE", file, kData)
        .options("Output", output)
        .common(messages)
        .example("si-data export samples.h5 -o samples.npy", "For Python.")
        .run(argc, argv,
             [&](Console&) { si::export_samples(output.output, as_it_is(file).samples()); });
}

int class_data(int argc, char** argv) {
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
        .run(argc, argv, [&](Console& console) {
            const auto rows = si::class_rows(si::DataFile(file));
            auto out = writer(output.output, console);
            si::write_rows(out, rows, si::first_rows(rows.n, rows.n));
            out.commit();
        });
}

int split_data(int argc, char** argv) {
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
            si::require(output.output != spec.held_out, si::Failure::usage,
                        "--output and --held-out are one file");
            const auto rows = rows_of(file, console);
            const auto split = si::split_rows(rows.n, spec);
            auto train = writer(output.output, console), held_out = writer(spec.held_out, console);
            for (auto* out : {&train, &held_out}) out->attribute("seed", spec.seed);
            si::write_rows(train, rows, split.train);
            si::write_rows(held_out, rows, split.held_out);
            held_out.commit();
            train.commit();
        });
}

struct HeadSpec {
    si::Index n = 10;
    static constexpr auto fields() {
        return std::tuple{si::field("n", &HeadSpec::n, "Number of samples", si::kPositive)};
    }
};

int head_data(int argc, char** argv) {
    std::string file;
    HeadSpec spec;
    Messages messages;
    Output output;
    return Program("si-data head",
                   "print the first samples as text, or write them as HDF5 with -o FILE")
        .input("FILE", file, kData)
        .options("Head", spec)
        .output(output)
        .common(messages)
        .run(argc, argv, [&](Console& console) {
            if (output.output == "-") {
                const auto data = as_it_is(file);
                const auto reader = data.reader(si::Passes::one);
                return si::export_samples("-", reader.samples(0, std::min(spec.n, reader.n())));
            }
            const auto rows = rows_of(file, console);
            auto out = writer(output.output, console);
            si::write_rows(out, rows, si::first_rows(rows.n, spec.n));
            out.commit();
        });
}

int merge_data(int argc, char** argv) {
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

struct InfoSpec {
    bool json = false;
    static constexpr auto fields() {
        return std::tuple{si::field("json", &InfoSpec::json, "Print one JSON object per file")};
    }
};

int info_data(int argc, char** argv) {
    std::vector<std::string> files;
    InfoSpec spec;
    Messages messages;
    return Program("si-data info", "show names, shapes, types and ranges of the datasets in a file")
        .inputs("FILE", files, kData)
        .options("Info", spec)
        .common(messages)
        .run(argc, argv, [&](Console&) {
            for (const auto& file : files) {
                const auto description = si::describe(as_it_is(file));
                if (spec.json) {
                    std::cout << description.dump() << '\n';
                } else {
                    std::cout << si::description_text(description);
                }
            }
        });
}

struct Base {
    std::optional<si::Choice<si::generators>> base;
    static constexpr auto fields() {
        return std::tuple{
            si::field("base", &Base::base, "Synthetic data set at t = 0, instead of N(0, I)")
                .value("NAME,...")};
    }
};

int exact_data(int argc, char** argv) {
    si::Choice<si::generators> generator("mixture");
    Base base;
    si::InterpolantSpec interpolant;
    Messages messages;
    Output output;
    return Program("si-data exact",
                   "write the model that training without error would find (mixtures)")
        .input("NAME", generator, "synthetic data set that is a mixture of Gaussians")
        .options("Base", base)
        .options("Interpolant", interpolant)
        .output(output)
        .common(messages)
        .example("si-data exact mixture,dim=128 --gamma brownian -o exact.json",
                 "The exact model for samples of si-data mixture,dim=128.")
        .run(argc, argv, [&](Console& console) {
            auto model = si::exact_model(generator, base.base, interpolant);
            model.about["command"] = console.command();
            si::write_model(output.output, model);
        });
}

}  // namespace

int main(int argc, char** argv) {
    si::Choice<si::generators> generator("checkerboard");
    si::SyntheticSpec spec;
    si::cli::Common common;
    Output output;
    return Program("si-data", "make, convert and inspect data sets")
        .command("import", "make an HDF5 data set from a table, an array or images", import_data)
        .command("export", "write samples as text or NumPy", export_data)
        .command("classes", "make a data set to train a classifier on", class_data)
        .command("split", "hold out a random part", split_data)
        .command("head", "print or write the first samples", head_data)
        .command("merge", "join the parts of a job", merge_data)
        .command("exact", "write the exact model of a mixture", exact_data)
        .command("info", "show what is in a file", info_data)
        .input("NAME", generator, "synthetic data set, as in ring or ring,modes=5,sigma=0.1")
        .choices(si::generators().info())
        .options("Samples", spec)
        .output(output)
        .common(common)
        .example("si-data checkerboard -n 100000 -o board.h5",
                 "Samples are in /x, their exact log-density is in /log_density.")
        .example("si-data info board.h5", "")
        .run(argc, argv, [&](Console& console) {
            auto out = writer(output.output, console);
            si::Threads threads(common.threads);
            si::write_synthetic(out, generator, spec, common.seed, threads);
            out.commit();
        });
}
