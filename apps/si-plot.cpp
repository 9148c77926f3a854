#include "si/cli/program.hpp"
#include "si/io/atomic_file.hpp"
#include "si/task/picture.hpp"
#include "si/task/report.hpp"

namespace {

int plot_report(int argc, char** argv) {
    std::string model, data;
    si::ReportSpec spec;
    si::cli::Common common;
    si::cli::Output output;
    return si::cli::Program("si-plot report", "write one HTML page about a model and its data")
        .about(
            "The page has a model card, training curves, samples beside data, the cross-entropy "
            "and calibration, and explains how to read each. It needs no other file and no "
            "internet access.")
        .input("MODEL", model, "model of si-train or si-bridge, or written by hand")
        .input("DATA", data, "samples of the target, preferably held out from training")
        .options("Report", spec)
        .output(output)
        .common(common)
        .example("si-plot report model.json test.h5 -o report.html", "")
        .run(argc, argv, [&](si::cli::Console& console) {
            si::Threads threads(common.threads);
            si::write_file(output.output,
                           si::report(model, data, spec, common.seed, threads, console));
        });
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> files;
    si::PictureSpec spec;
    si::cli::Messages messages;
    si::cli::Output output;
    return si::cli::Program("si-plot", "draw samples, models and logs")
        .about(
            "Draws files on common scales, as SVG, PNG or PGM by the name of the output. Files are "
            "samples, models, logs of --log, or the output of si-likelihood.")
        .command("report", "write one HTML page about a model and its data", plot_report)
        .inputs("FILE", files, "samples, models or JSON lines; - reads standard input")
        .options("Picture", spec)
        .output(output)
        .common(messages)
        .example("si-plot data.h5 samples.h5 -o both.png", "Real and generated samples.")
        .example("si-plot train.jsonl -o curves.svg", "Loss and validation.")
        .example("si-plot digits.h5 --kind grid,rows=5,columns=20 -o digits.png",
                 "A hundred images.")
        .run(argc, argv, [&](si::cli::Console&) { si::draw_picture(files, spec, output.output); });
}
