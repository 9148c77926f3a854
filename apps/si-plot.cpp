#include "si/cli/program.hpp"
#include "si/io/atomic_file.hpp"
#include "si/io/dataset.hpp"
#include "si/plot/picture.hpp"

namespace {

struct Options {
    std::optional<si::Choice<si::pictures>> kind;

    static constexpr auto fields() {
        return std::tuple{
            si::field("kind", &Options::kind,
                      "What to draw; density for samples in two dimensions, else grid")};
    }
};

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> files;
    Options options;
    si::cli::Messages messages;
    si::cli::Output output;
    return si::cli::Program("si-plot", "pictures of samples")
        .about(
            "Draws the samples of each file as one panel, side by side and on common scales: PNG, "
            "or PGM "
            "when the file is called so.")
        .inputs("FILE", files, "samples: HDF5, CSV, TSV or NPY; - is standard input")
        .options("Picture", options)
        .output(output)
        .common(messages)
        .example("si-plot data.h5 samples.h5 -o both.png", "Real and generated samples.")
        .example("si-plot digits.h5 --kind grid,rows=5,columns=20 -o digits.png",
                 "A hundred images.")
        .run(argc, argv, [&](si::cli::Console&) {
            std::vector<si::Samples> sets;
            for (const auto& file : files) sets.push_back(si::read_samples(file));
            std::vector<si::Panel> panels;
            for (const auto& set : sets) panels.push_back({&set.values, set.shape});
            const auto kind = options.kind.value_or(si::suitable_picture(panels.front()));
            const auto picture = kind.row().draw(kind.settings(), panels);
            const bool as_pgm = output.output.ends_with(".pgm");
            si::write_file(output.output, as_pgm ? pgm(picture) : png(picture),
                           si::Content::binary);
        });
}
