#include <iostream>

#include "commands.hpp"
#include "si/cli/program.hpp"
#include "si/io/json_file.hpp"
#include "si/task/describe.hpp"

using si::cli::Console;
using si::cli::Program;

int interpolant_command(int argc, char** argv) {
    si::InterpolantSpec spec;
    si::TimesSpec times;
    si::cli::Messages messages;
    return Program("si-info interpolant",
                   "print the coefficients of an interpolant at given times, as JSON")
        .options("Interpolant", spec)
        .options("Times", times)
        .required("t")
        .common(messages)
        .example("si-info interpolant --path trig --gamma brownian,a=2 -t 0,0.1,0.5",
                 "Prints a list of three objects.")
        .run(argc, argv, [&](Console&) {
            std::cout << si::json_text(si::interpolant_table(si::Interpolant(spec), times.t));
        });
}

int export_command(int argc, char** argv) {
    std::string file;
    si::ExportSpec spec;
    si::cli::Messages messages;
    si::cli::Output output;
    return Program("si-info export", "export a model with networks to other formats")
        .about(
            "Writes the tensors of a model for PyTorch, JAX or NumPy, or its learned fields as an "
            "ONNX graph of x (n, dim) and t (n, 1) in the coordinates of the data.")
        .input("MODEL", file, "model with networks")
        .choices(si::exports().info())
        .options("Export", spec)
        .required("format")
        .output(output)
        .common(messages)
        .example("si-info export model.json --format onnx -o model.onnx", "")
        .run(argc, argv, [&](Console&) { si::export_model(file, spec, output.output); });
}
