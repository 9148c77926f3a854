#include <iostream>

#include "si/cli/program.hpp"
#include "si/flow/straightness.hpp"
#include "si/io/atomic_file.hpp"
#include "si/io/export.hpp"
#include "si/io/json_file.hpp"
#include "si/io/model_file.hpp"
#include "si/task/describe.hpp"

using si::cli::Console;
using si::cli::Messages;
using si::cli::Program;

namespace {

struct Times {
    std::vector<double> t;
    static constexpr auto fields() {
        return std::tuple{si::field("t", &Times::t, "Times, 0 to 1", si::kUnit).value("T,...")};
    }
};

int info_interpolant(int argc, char** argv) {
    si::InterpolantSpec spec;
    Times times;
    Messages messages;
    return Program("si-info interpolant",
                   "print the coefficients of an interpolant at given times, as JSON")
        .options("Interpolant", spec)
        .options("Times", times)
        .required("t")
        .common(messages)
        .example("si-info interpolant --path trig --gamma brownian,a=2 --t 0,0.1,0.5",
                 "Prints a list of three objects.")
        .run(argc, argv, [&](Console&) {
            std::cout << si::json_text(si::interpolant_table(si::Interpolant(spec), times.t));
        });
}

struct At {
    std::string at;
    static constexpr auto fields() {
        return std::tuple{si::field("at", &At::at, "Points: HDF5, CSV, TSV or NPY").value("FILE")};
    }
};

int info_field(int argc, char** argv) {
    std::string file;
    At points;
    Times times;
    Messages messages;
    si::cli::Output output;
    return Program("si-info field", "evaluate the fields of a model at given points and times")
        .input("MODEL", file, "model")
        .options("Points", points)
        .required("at")
        .options("Points", times)
        .required("t")
        .output(output)
        .common(messages)
        .example("si-info field model.json --at points.h5 --t 0.1,0.5 -o fields.h5", "")
        .run(argc, argv, [&](Console& console) {
            si::write_fields(output.output, si::read_model(file), points.at, times.t,
                             {.command = console.command(), .seed = 0});
        });
}

struct Form {
    std::string format = "safetensors";
    static constexpr auto fields() {
        return std::tuple{
            field("format", &Form::format, "Format of the file", si::one_of(si::export_names))};
    }
};

int info_export(int argc, char** argv) {
    std::string file;
    Form form;
    Messages messages;
    si::cli::Output output;
    return Program("si-info export", "export a model with networks to other formats")
        .about(
            "Writes the tensors of a model for PyTorch, JAX or NumPy, or its learned fields as an "
            "ONNX graph of x (n, dim) and t (n, 1) in the coordinates of the data.")
        .input("MODEL", file, "model with networks")
        .choices(si::exports().info())
        .options("Export", form)
        .required("format")
        .output(output)
        .common(messages)
        .example("si-info export model.json --format onnx -o model.onnx", "")
        .run(argc, argv, [&](Console&) {
            const auto model = si::read_model(file);
            const auto bytes =
                si::in_file(file, [&] { return si::exports().at(form.format).make(model); });
            si::write_file(output.output, bytes, si::Content::binary);
        });
}

int info_straightness(int argc, char** argv) {
    std::string file;
    si::SampleSpec samples;
    si::cli::Common common;
    return Program("si-info straightness",
                   "measure how straight the paths of a model's flow are, as JSON")
        .about(
            "Prints the mean energy of the paths, the integral of |dX/dt|^2, the mean squared "
            "displacement |X_1 - X_0|^2, and their difference, which is zero for straight paths at "
            "constant speed; each with its standard error, in the units of the data.")
        .input("MODEL", file, "model")
        .options("Paths", samples)
        .common(common)
        .example("si-info straightness model.json -n 10000", "")
        .run(argc, argv, [&](Console& console) {
            auto model = si::read_model(file);
            const auto field = si::field_along(model, samples);
            si::Threads threads(common.threads);
            if (!samples.n && !samples.x0 && !samples.observed) samples.n = 1000;
            const si::StartingPoints points(model, *field, samples, common.seed);
            const auto start = points.read({0, points.n()});
            const auto s = si::straightness(model, *field, start.x, threads, console, start.given);
            const si::Json report{{"n", start.x.cols()},
                                  {"energy", s.energy},
                                  {"energy_stderr", s.energy_error},
                                  {"displacement", s.displacement},
                                  {"displacement_stderr", s.displacement_error},
                                  {"excess", s.excess},
                                  {"excess_stderr", s.excess_error}};
            std::cout << report.dump() << '\n';
        });
}

struct Options {
    bool verify = false, json = false;
    static constexpr auto fields() {
        return std::tuple{
            si::field(
                "verify", &Options::verify,
                "Compare the model with the probe stored in it; exit status 1 when they differ"),
            si::field("json", &Options::json, "Print one JSON object")};
    }
};

}  // namespace

int main(int argc, char** argv) {
    std::string file;
    Options options;
    Messages messages;
    return Program("si-info", "show what is in a model")
        .command("interpolant", "print the coefficients of an interpolant", info_interpolant)
        .command("straightness", "measure how straight the paths of the flow are",
                 info_straightness)
        .command("field", "evaluate the fields of a model at given points", info_field)
        .command("export", "export a model with networks to other formats", info_export)
        .input("MODEL", file, "model; for data sets use si-data info")
        .options("Info", options)
        .common(messages)
        .example("si-info model.json", "")
        .run(argc, argv, [&](Console&) {
            auto description = si::describe_model(si::read_model(file));
            if (options.verify) {
                const double difference = si::verify_model(file);
                si::require(difference <= si::kProbeTolerance, si::Failure::check, file,
                            ": /probe: velocities differ by ", difference, " of their size");
                description["probe"] = "verified";
            }
            std::cout << (options.json ? description.dump() + "\n" : si::model_text(description));
        });
}
