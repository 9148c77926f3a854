#include "si/cli/program.hpp"
#include "si/io/batch_file.hpp"
#include "si/io/model_file.hpp"
#include "si/io/training_data.hpp"
#include "si/train/trainer.hpp"

namespace {

struct Options {
    std::optional<std::string> x0, dump_batch, given;
    si::Seconds max_time;

    static constexpr auto fields() {
        return std::tuple{
            si::field("x0", &Options::x0, "Samples of the base; without it, the base is N(0, I)")
                .value("FILE"),
            si::field("dump_batch", &Options::dump_batch,
                      "Write t, x0, x1, z, xt and the targets of the first batch here, and stop")
                .value("FILE"),
            si::field("given", &Options::given,
                      "With --dump-batch: t, x0, x1 and z as far as this file has them")
                .value("FILE"),
            si::field("max_time", &Options::max_time,
                      "Fit the number of steps into this time; 0 is no limit", si::kNonNegative)};
    }
};

}  // namespace

int main(int argc, char** argv) {
    std::string file;
    Options options;
    si::InterpolantSpec interpolant;
    si::TrainSpec spec;
    si::cli::Output output;
    si::cli::Common common;
    return si::cli::Program("si-train", "train a stochastic interpolant on samples")
        .about(
            "Learns fields of the interpolant x_t = alpha(t) x0 + beta(t) x1 + gamma(t) z that "
            "joins a "
            "base at t = 0 to the samples X1 at t = 1, and writes a model that si-sample and "
            "si-likelihood use.")
        .input("X1", file, "samples of the target: HDF5, CSV, TSV or NPY; - is standard input")
        .options("Data", options)
        .options("Interpolant", interpolant)
        .options("Training", spec)
        .output(output)
        .common(common)
        .example("si-train data.h5 -o model.json", "From noise to data, with the defaults.")
        .example("si-train b.h5 --x0 a.h5 --gamma brownian --learn b,eta -o bridge.json",
                 "Between two data sets, with what ODE and SDEs need.")
        .run(argc, argv, [&](si::cli::Console& console) {
            si::Threads threads(common.threads);
            const auto data =
                si::read_training_data(file, options.x0, spec, common.seed, threads, console);
            if (options.dump_batch) {
                si::write_batch(*options.dump_batch, options.given, data, interpolant, spec,
                                {.command = console.command(), .seed = common.seed});
                return;
            }
            auto model = si::train(data, interpolant, spec, common.seed, {options.max_time.value},
                                   threads, console);
            model.about["command"] = console.command();
            si::write_model(output.output, model);
        });
}
