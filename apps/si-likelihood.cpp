#include <iostream>

#include "si/cli/program.hpp"
#include "si/io/model_file.hpp"
#include "si/io/sampling.hpp"

namespace {

struct Options {
    std::optional<std::string> output;

    static constexpr auto fields() {
        return std::tuple{si::field("output", &Options::output,
                                    "Write the log-density of each sample here, as /log_density")
                              .letter('o')
                              .value("FILE")};
    }
};

}  // namespace

int main(int argc, char** argv) {
    std::string model_file, data;
    si::ScoreSpec spec;
    Options options;
    si::cli::Common common;
    return si::cli::Program("si-likelihood",
                            "log-density of data under a model, and its cross-entropy")
        .about(
            "Prints one JSON object: the number of samples, the cross-entropy in nats with its "
            "standard "
            "error, bits per dimension, and what it took.")
        .input("MODEL", model_file, "model of si-train, or written by hand")
        .input("DATA", data, "samples to score: HDF5, CSV, TSV or NPY; - is standard input")
        .options("Estimate", spec)
        .options("Output", options)
        .common(common)
        .example("si-likelihood model.json test.h5", "Held-out cross-entropy.")
        .example("si-sample model.json -n 10000 | si-likelihood model.json -",
                 "Entropy of the model.")
        .run(argc, argv, [&](si::cli::Console& console) {
            const auto model = si::read_model(model_file);
            si::Threads threads(common.threads);
            const auto scores = si::score_file(model, data, spec, common.seed, threads, console);
            if (options.output) {
                si::write_scores(*options.output, scores,
                                 {.command = console.command(), .seed = common.seed});
            }
            std::cout << si::score_report(scores, spec).dump() << '\n';
        });
}
