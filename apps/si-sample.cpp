#include <iostream>

#include "si/cli/program.hpp"
#include "si/io/model_file.hpp"
#include "si/task/dry_run.hpp"
#include "si/task/sample.hpp"

int main(int argc, char** argv) {
    std::string file;
    si::SampleSpec samples;
    si::TransportSpec spec;
    si::ShardSpec part;
    si::DryRunSpec dry;
    si::cli::Output output;
    si::cli::Common common;
    return si::cli::Program("si-sample", "draw samples from a model")
        .about(
            "Carries points of the base at t = 0 to the target at t = 1, by the flow dx = b dt or "
            "by the diffusion dx = (b + epsilon s) dt + sqrt(2 epsilon) dW, for any epsilon.")
        .input("MODEL", file, "model of si-train, or written by hand; - reads standard input")
        .options("Samples", samples)
        .options("Transport", spec)
        .alternatives("ode", "sde")
        .alternatives("n", "x0")
        .alternatives("n", "observed")
        .unrecorded_options("Parts", part)
        .unrecorded_options("Dry run", dry)
        .output(output)
        .common(common)
        .across_ranks()
        .example("si-sample model.json -n 10000 -o samples.h5", "By the flow.")
        .example("si-sample model.json -n 1000 --epsilon 0.5 -o samples.h5", "By a diffusion.")
        .example("si-sample model.json --backward --x1 data.h5 -o latents.h5",
                 "From the target to the base.")
        .run(argc, argv, [&](si::cli::Console& console) {
            auto model = si::read_model(file);
            const auto field = si::field_along(model, samples);
            si::Threads threads(common.threads);
            const si::SampleTask task{.points = samples,
                                      .transport = spec,
                                      .provenance = {console.command(), common.seed, part.shard}};
            if (dry.dry_run) {
                std::cout << si::dry_run_sampling(model, *field, task, threads, console) << '\n';
                return;
            }
            si::sample_to(output.output, model, *field, task, threads, console);
        });
}
