#include "si/task/rows.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

#include <unistd.h>

#include "si/base/visible.hpp"
#include "si/io/csv.hpp"
#include "si/io/images.hpp"
#include "si/io/npy.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

bool is_integer(ElementType type) { return type != ElementType::f32 && type != ElementType::f64; }

ElementType stored_as(ElementType type) {
    const bool small = type == ElementType::f32 || (is_integer(type) && size_of(type) <= 2);
    return small ? ElementType::f32 : ElementType::f64;
}

std::vector<std::int64_t> whole_numbers(const Matrix& values) {
    std::vector<std::int64_t> list;
    for (const double v : values.reshaped()) list.push_back(static_cast<std::int64_t>(v));
    return list;
}

/// The 0-based row of `values` that a column of the table is.
Index label_row(const std::string& word, Index columns) {
    if (word == "last") return columns - 1;
    const auto number = parse_integer(word);
    require(number.has_value() && *number >= 1 && *number <= columns, Failure::usage,
            "--label-column: must be last, or from 1 to ", columns, ", is '", word, "'");
    return static_cast<Index>(*number) - 1;
}

void drop_row(Matrix& values, Index row) {
    const Index below = values.rows() - row - 1;
    const Matrix tail = values.bottomRows(below);
    values.conservativeResize(values.rows() - 1, Eigen::NoChange);
    values.bottomRows(below) = tail;
}

/// Labels that are not finite may be `left_out` later.
void require_whole(const Matrix& labels, const std::string& source,
                   Nonfinite left_out = Nonfinite::refuse) {
    for (Index i = 0; i < labels.cols(); ++i) {
        const double label = labels(0, i);
        if (left_out == Nonfinite::drop && !std::isfinite(label)) continue;
        require(label == std::floor(label) && std::abs(label) < 1e15, Failure::data, source,
                ": row ", i + 1, ": label ", label, " is not a whole number");
    }
}

/// (height, width, channels) to (channels, height, width).
void put_channels_first(Samples& samples) {
    const auto shape = samples.shape;
    const bool first = shape.size() == 3 && shape[0] <= 4 && shape[2] > 4;
    require(!first, Failure::usage, "--channels: samples are ", shape_text(shape),
            ", which has its channels first");
    require(shape.size() == 3, Failure::usage,
            "--channels: last is for samples of height x width x "
            "channels, and these are ",
            shape_text(shape), "; --shape says otherwise");
    const Index pixels = shape[0] * shape[1];
    Vector one(samples.dim());
    for (auto sample : samples.values.colwise()) {
        one = sample;
        sample = one.reshaped(shape[2], pixels).transpose().reshaped();
    }
    samples.shape = {shape[2], shape[0], shape[1]};
}

/// Samples in the columns of a matrix become its rows.
void transpose(Samples& samples) {
    require(samples.shape.size() == 1, Failure::usage,
            "--transpose: is for a matrix of samples, and these have the shape ",
            shape_text(samples.shape));
    const Matrix turned = samples.values.transpose();
    samples.values = turned;
    samples.shape = {samples.dim()};
    samples.columns.clear();
}

/// A shape moves no number; one that gives another order of the axes would scramble samples.
void require_same_order(const std::vector<Index>& found, const std::vector<Index>& wanted) {
    const bool turned = found.size() == 3 && wanted.size() == 3 && found != wanted &&
                        wanted == std::vector<Index>{found[2], found[0], found[1]} && found[2] > 1;
    require(!turned, Failure::usage, "--shape: samples are ", shape_text(found),
            ", and a shape moves no number; --channels last makes them ", shape_text(wanted));
}

}  // namespace

ChannelOrder Setting<ChannelOrder>::from_text(std::string_view word) {
    if (word == "first") return ChannelOrder::first;
    if (word == "last") return ChannelOrder::last;
    refuse("first or last", word);
}

RowSets read_rows(const DataFile& file, std::vector<std::string>& left_out) {
    RowSets rows;
    auto samples = file.samples();
    const std::string path = samples.source.substr(samples.source.rfind(":/") + 1);
    rows.n = samples.n();
    if (file.format() != Format::hdf5) {
        rows.sets.emplace_back("/x", std::move(samples));
        return rows;
    }
    // The samples bring the datasets of their own group, and are /x of what is written.
    const auto group_of = [](const std::string& name) {
        return name.substr(0, name.rfind('/') + 1);
    };
    for (const auto& info : file.list()) {
        if (group_of(info.name) != group_of(path)) continue;
        if (!info.readable || info.shape.empty() || info.shape[0] != rows.n) {
            left_out.push_back(info.note.empty() ? info.name
                                                 : text(info.name, " (", info.note, ")"));
            continue;
        }
        const std::string name = file.spelled().empty() && group_of(path) == "/" ? info.name
                                 : info.name == path                             ? "/x"
                                                     : info.name.substr(info.name.rfind('/'));
        if (name == "/x" && info.name != path) continue;
        rows.sets.emplace_back(name, file.at(info.name));
        if (info.shape.size() == 1) rows.sets.back().second.shape = {};  // stays a column
    }
    return rows;
}

void write_rows(DataWriter& out, const RowSets& rows, const std::vector<Index>& which) {
    for (const auto& [name, samples] : rows.sets) {
        const Matrix values = samples.values(Eigen::all, which);
        if (is_integer(samples.type) && samples.dim() == 1 && values.allFinite()) {
            out.write(name, whole_numbers(values));
        } else {
            out.write(name, values, samples.shape, stored_as(samples.type));
        }
    }
}

std::vector<Index> first_rows(Index n, Index limit) {
    std::vector<Index> rows(static_cast<std::size_t>(std::min(n, limit)));
    std::iota(rows.begin(), rows.end(), Index{0});
    return rows;
}

Split split_rows(Index n, const SplitSpec& spec) {
    const auto count = static_cast<Index>(std::llround(spec.fraction * static_cast<double>(n)));
    require(count > 0 && count < n, Failure::usage, "--fraction: ", spec.fraction, " of ", n,
            " samples leaves one side empty");
    const Permutation shuffled({spec.seed, Purpose::split, 0}, n);
    Split split;
    for (Index i = 0; i < n; ++i) {
        (shuffled(i) < count ? split.held_out : split.train).push_back(i);
    }
    return split;
}

RowSets import_rows(Samples samples, const ImportSpec& spec) {
    RowSets rows;
    rows.n = samples.n();
    Samples labels;
    if (!spec.label_column.empty()) {
        require(samples.dim() > 1, Failure::usage, "--label-column: nothing would be left");
        const Index row = label_row(spec.label_column, samples.dim());
        labels.values = samples.values.row(row);
        labels.type = ElementType::i64;
        require_whole(labels.values, samples.source);
        drop_row(samples.values, row);
        samples.shape = {samples.dim()};
    }
    if (!spec.shape.empty()) {
        require(count_of(spec.shape) == samples.dim(), Failure::usage,
                "--shape: ", shape_text(spec.shape), " does not hold ", samples.dim(),
                " numbers a sample");
        require_same_order(samples.shape, spec.shape);
        samples.shape = spec.shape;
    }
    if (spec.channels == ChannelOrder::last) put_channels_first(samples);
    samples.values *= spec.scale;
    samples.type = spec.dtype == "f32" ? ElementType::f32 : ElementType::f64;
    rows.sets.emplace_back("/x", std::move(samples));
    if (!spec.label_column.empty()) rows.sets.emplace_back("/label", std::move(labels));
    return rows;
}

namespace {

bool is_images(const std::string& file) {
    if (file == "-") return false;
    std::ifstream stream(file, std::ios::binary);
    std::string start(16, '\0');
    stream.read(start.data(), std::ssize(start));
    return stream.gcount() > 0 && is_image_file(start);
}

/// `some_text` becomes true for a table in text.
Samples read_data(const std::string& name, const ImportSpec& spec, bool& some_text) {
    DataFile file(name);
    if (spec.allow_nonfinite != Nonfinite::refuse) file.let_nonfinite_pass();
    file.read_text_by(spec.text);
    some_text = some_text || file.format() == Format::csv;
    if (spec.transpose || spec.channels == ChannelOrder::last || !spec.shape.empty()) {
        file.trust_order();
    }
    Samples samples = file.samples();
    if (spec.transpose && samples.dim() > 1) transpose(samples);
    return samples;
}

/// Pixels from 0 to 255 become numbers of a range. Other numbers, as IDX may hold, are no pixels.
void bring_to(const std::vector<double>& range, Samples& images) {
    if (images.type != ElementType::u8) return;
    require(range.size() == 2 && range[0] < range[1], Failure::usage,
            "--range: two numbers, the lower first");
    images.values *= (range[1] - range[0]) / 255;
    images.values.array() += range[0];
    images.type = ElementType::f32;
}

/// What goes with each of n samples, pixels brought to `range`.
Samples beside(const std::string& file, Index n, std::string_view what,
               const std::vector<double>& range, const ImportSpec& spec, bool& some_text) {
    const bool images = is_images(file);
    Samples found = images ? read_images({file}) : read_data(file, spec, some_text);
    require(found.n() == n, Failure::data, file, ": has ", found.n(), " ", what, " for ", n,
            " samples");
    if (images) bring_to(range, found);
    const bool moved = !images && spec.channels == ChannelOrder::last && found.shape.size() == 3;
    if (moved) put_channels_first(found);
    return found;
}

}  // namespace

RowSets import_files(const std::vector<std::string>& files, const ImportSpec& spec,
                     Progress& progress) {
    const bool images = is_images(files.front());
    require(images || files.size() == 1, Failure::usage,
            "several files are for images; of data give one");
    require(images || spec.range == ImportSpec().range ||
                (spec.condition && is_images(*spec.condition)),
            Failure::usage, "--range: goes with images, which ", files.front(), " is not");
    require(!images || !spec.transpose, Failure::usage, "--transpose: is for data, and ",
            files.front(), " holds images");
    bool some_text = false;
    Samples samples = images ? read_images(files) : read_data(files.front(), spec, some_text);
    ImportSpec how = spec;
    if (images && samples.dim() > 1 && samples.type == ElementType::u8) {
        bring_to(spec.range, samples);
        how.dtype = "f32";
    } else if (images && samples.dim() > 1) {
        require(spec.range == ImportSpec().range, Failure::usage,
                "--range: is for pixels from 0 to 255; these are ", to_text(samples.type));
        progress.aside(text(files.front(), ": ", samples.n(), " samples of ",
                            shape_text(samples.shape), " numbers (", to_text(samples.type),
                            "), no pixels from 0 to 255, are left as they are"));
    }
    Samples labels, condition, mask;
    if (spec.labels) {
        labels = beside(*spec.labels, samples.n(), "labels", {0, 255}, spec, some_text);
        require(labels.dim() == 1, Failure::data, *spec.labels, ": has ", labels.dim(),
                " numbers a sample; a label is one");
        require_whole(labels.values, *spec.labels, spec.allow_nonfinite);
        labels.type = ElementType::i64;
    }
    if (spec.condition) {
        condition = beside(*spec.condition, samples.n(), "conditions", spec.range, spec, some_text);
    }
    if (spec.mask) {
        mask = beside(*spec.mask, samples.n(), "masks", {0, 1}, spec, some_text);
        require(((mask.values.array() == 0) || (mask.values.array() == 1)).all(), Failure::data,
                *spec.mask, ": a mask is 1 where a sample is known and 0 where not");
        mask.type = ElementType::f32;
    }
    require(some_text || spec.text == CsvRules(), Failure::usage,
            "--decimal, --thousands, --skip-lines and --header go with text, which ", files.front(),
            " is not");
    if (spec.allow_nonfinite == Nonfinite::drop) {
        drop_nonfinite(samples.source,
                       {&samples.values, &labels.values, &condition.values, &mask.values},
                       progress);
    }
    RowSets rows = import_rows(std::move(samples), how);
    if (spec.labels) rows.sets.emplace_back("/label", std::move(labels));
    if (spec.condition) rows.sets.emplace_back("/condition", std::move(condition));
    if (spec.mask) rows.sets.emplace_back("/mask", std::move(mask));
    return rows;
}

RowSets class_rows(const DataFile& file) {
    RowSets rows;
    Samples condition = file.samples();
    const Samples label = file.at("label");
    rows.n = condition.n();
    require(label.dim() == 1 && label.n() == rows.n, Failure::data, label.source, ": has ",
            label.n(), " labels for ", rows.n, " samples");
    require_whole(label.values, label.source);
    require(rows.n > 0 && label.values.minCoeff() >= 0 && label.values.maxCoeff() < 1e5,
            Failure::data, label.source, ": labels must be from 0 to 99999");
    Samples x;
    x.values.setZero(static_cast<Index>(label.values.maxCoeff()) + 1, rows.n);
    for (Index j = 0; j < rows.n; ++j) x.values(static_cast<Index>(label.values(0, j)), j) = 1;
    x.shape = {x.values.rows()};
    x.type = ElementType::f32;
    rows.sets.emplace_back("/x", std::move(x));
    rows.sets.emplace_back("/condition", std::move(condition));
    return rows;
}

void export_samples(const std::string& file, const Samples& samples) {
    const auto type = stored_as(samples.type);
    if (file == "-" || file.ends_with(".csv") || file.ends_with(".tsv") || file.ends_with(".txt")) {
        const char separator = file.ends_with(".tsv") ? '\t' : file.ends_with(".txt") ? ' ' : ',';
        auto header = samples.columns;
        // What a file calls its columns must not command a terminal.
        const bool terminal = file == "-" && ::isatty(STDOUT_FILENO) != 0;
        for (auto& name : header) name = terminal ? visible(name) : name;
        write_csv(file, samples.values, {.header = header, .separator = separator, .type = type});
        return;
    }
    require(file.ends_with(".npy"), Failure::usage, file,
            ": ends with none of .csv, .tsv, .txt, .npy");
    write_npy(file, samples.values, samples.shape, type);
}

}  // namespace si
