#include <algorithm>
#include <numeric>

#include "si/random/draw.hpp"
#include "si/task/rows.hpp"

// The commands of si-data, from file to file.

namespace si {
namespace {

DataWriter writer_of(const std::string& file, const std::string& command) {
    DataWriter out(file);
    out.attribute("command", command);
    return out;
}

RowSets rows_of(const DataFile& file, Progress& progress) {
    std::vector<std::string> left_out;
    auto rows = read_rows(file, left_out);
    if (!left_out.empty()) progress.warn("left out " + join(left_out, ", "));
    return rows;
}

/// For commands that show what is there, also where it is not finite.
DataFile as_it_is(const std::string& file) {
    DataFile data(file);
    data.let_nonfinite_pass();
    return data;
}

}  // namespace

void import_data(const std::vector<std::string>& files, const ImportSpec& spec,
                 const std::string& output, const std::string& command, Progress& progress) {
    const auto rows = import_files(files, spec, progress);
    auto out = writer_of(output, command);
    if (spec.allow_nonfinite == Nonfinite::keep) out.let_nonfinite_pass();
    write_rows(out, rows, first_rows(rows.n, rows.n));
    out.commit();
}

void write_classes(const std::string& file, const std::string& output, const std::string& command) {
    const auto rows = class_rows(DataFile(file));
    auto out = writer_of(output, command);
    write_rows(out, rows, first_rows(rows.n, rows.n));
    out.commit();
}

void export_data(const std::string& file, const std::string& output) {
    export_samples(output, as_it_is(file).samples());
}

void split_data(const std::string& file, const SplitSpec& spec, const std::string& output,
                const std::string& command, Progress& progress) {
    require(output != spec.held_out, Failure::usage, "--output and --held-out are one file");
    const auto rows = rows_of(DataFile(file), progress);
    const auto split = split_rows(rows.n, spec);
    auto train = writer_of(output, command), held_out = writer_of(spec.held_out, command);
    for (auto* out : {&train, &held_out}) out->attribute("seed", spec.seed);
    write_rows(train, rows, split.train);
    write_rows(held_out, rows, split.held_out);
    held_out.commit();
    train.commit();
}

void head_data(const std::string& file, const HeadSpec& spec, const std::string& output,
               const std::string& command, Progress& progress) {
    if (output == "-") {
        const auto data = as_it_is(file);
        const auto reader = data.reader(Passes::one);
        return export_samples("-", reader.samples(0, std::min(spec.n, reader.n())));
    }
    const auto rows = rows_of(DataFile(file), progress);
    auto out = writer_of(output, command);
    write_rows(out, rows, first_rows(rows.n, spec.n));
    out.commit();
}

void resample_data(const std::string& file, const ResampleSpec& spec, const std::string& output,
                   const std::string& command, Progress& progress) {
    const DataFile data(file);
    auto rows = rows_of(data, progress);
    const auto weights = data.weights(rows.n);
    require(weights.has_value(), Failure::data, file,
            ": has no /weight; si-data split and head take rows without weights");
    std::erase_if(rows.sets, [](const auto& set) { return set.first == "/weight"; });
    Vector until(rows.n);  // running sums
    std::partial_sum(weights->begin(), weights->end(), until.begin());
    const Index n = spec.n.value_or(rows.n);
    Matrix uniform(1, n);
    fill_uniform({spec.seed, Purpose::data, 1}, 0, uniform);
    std::vector<Index> drawn;
    for (const double u : uniform.row(0)) {
        const auto after = std::upper_bound(until.begin(), until.end(), u * until[rows.n - 1]);
        drawn.push_back(std::min<Index>(after - until.begin(), rows.n - 1));
    }
    auto out = writer_of(output, command);
    out.attribute("seed", spec.seed);
    write_rows(out, rows, drawn);
    out.commit();
}

std::string data_info(const std::string& file, const InfoSpec& spec) {
    const auto description = describe(as_it_is(file));
    // Names in a file may be no UTF-8.
    constexpr auto kInPlace = Json::error_handler_t::replace;
    return spec.json ? description.dump(-1, ' ', false, kInPlace) + "\n"
                     : description_text(description);
}

}  // namespace si
