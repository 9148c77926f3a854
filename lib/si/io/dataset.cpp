#include "si/io/dataset.hpp"

#include <algorithm>
#include <array>

#include <sys/stat.h>

#include "si/base/error.hpp"
#include "si/base/threads.hpp"
#include "si/io/csv.hpp"
#include "si/io/hdf5.hpp"
#include "si/io/input_file.hpp"
#include "si/io/npy.hpp"

namespace si {
namespace {

constexpr std::string_view kHdf5Magic = "\x89HDF\r\n\x1a\n";
constexpr Index kNumbersAtOnce = Index{1} << 20;
constexpr std::array<const char*, 3> kUsualNames{"/x", "/samples", "/data"};

/// What people give by mistake, so that the error can say what it is.
struct StrangerRow {
    std::string_view begins, what;
};
constexpr std::array<StrangerRow, 6> kStrangers{
    {{"PK\x03\x04", "a zip archive (.npz?); save one array with numpy.save"},
     {"\x1f\x8b", "compressed with gzip; unpack it first"},
     {"\x89PNG", "a PNG picture; see si-data import"},
     {"\xff\xd8\xff", "a JPEG picture"},
     {"MATLAB 5.0", "an old MATLAB file; save it with -v7.3, which is HDF5"},
     {"{", "JSON, not data"}}};

bool is_file(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0;
}

struct Spelling {
    std::string file, dataset;
};

Spelling parse(const std::string& spelling) {
    const auto colon = spelling.rfind(":/");
    if (colon == std::string::npos || colon == 0 || is_file(spelling)) return {spelling, ""};
    return {spelling.substr(0, colon), spelling.substr(colon + 1)};
}

/// HDF5 may stand behind a block of the user's own, of 512 bytes times a power of two.
bool is_hdf5(const InputFile& input) {
    for (std::size_t at = 0; at < input.size(); at = at == 0 ? 512 : 2 * at) {
        if (input.peek(at, kHdf5Magic.size()) == kHdf5Magic) return true;
    }
    return false;
}

Format format_of(const InputFile& input) {
    require(input.size() > 0, Failure::data, "is empty");
    if (is_hdf5(input)) return Format::hdf5;
    const std::string start = input.peek(0, 1024);
    if (start.starts_with(kNpyMagic)) return Format::npy;
    for (const auto& row : kStrangers) {
        require(!start.starts_with(row.begins), Failure::data, "is ", row.what);
    }
    require(start.find('\0') == std::string::npos, Failure::data,
            "is not HDF5, NPY or a table in text");
    return Format::csv;
}

std::string absolute(const std::string& dataset) {
    return dataset.starts_with('/') ? dataset : "/" + dataset;
}

std::string contents(const std::vector<DatasetInfo>& list) {
    constexpr std::size_t kMostShown = 12;
    std::vector<std::string> words;
    for (const auto& info : list) {
        if (words.size() == kMostShown) {
            words.push_back(text("and ", list.size() - kMostShown, " more"));
            break;
        }
        words.push_back(text(info.name, " (",
                             info.shape.empty() ? "single" : shape_text(info.shape), " ", info.type,
                             ")"));
    }
    return words.empty() ? "it holds no datasets" : "there are: " + join(words, ", ");
}

}  // namespace

std::string_view to_text(Format format) {
    constexpr std::array<std::string_view, 3> kNames{"HDF5", "NPY", "CSV"};
    return kNames[static_cast<std::size_t>(format)];
}

struct DataFile::Opened {
    InputFile input;
    std::string dataset;  ///< spelled out, or empty
    Format format = Format::csv;
    std::size_t size = 0;
    hdf5::Handle file;  ///< of HDF5 only

    const std::string& name() const { return input.name(); }

    bool has(const std::string& path) const {
        return format == Format::hdf5 &&
               in_context(text(name(), ":", path), [&] { return hdf5::has_dataset(file, path); });
    }

    Samples array() const {
        const std::string bytes = input.peek(0, size);
        Samples samples = format == Format::csv
                              ? parse_csv(bytes, name())
                              : in_context(name(), [&] { return parse_npy(bytes); });
        samples.source = name();
        return samples;
    }

    Samples read(const std::string& path) const {
        const std::string source = text(name(), ":", path);
        return in_context(source, [&] {
            const auto dataset = hdf5::open_dataset(file, path, size);
            Samples samples;
            samples.type = dataset.type.type;
            samples.shape.assign(dataset.shape.begin() + 1, dataset.shape.end());
            if (samples.shape.empty()) samples.shape = {1};
            const Index n = dataset.shape[0];
            samples.values = allocate(count_of(samples.shape), n);
            hdf5::read_rows(dataset, 0, n, samples.values.data());
            samples.source = source;
            return samples;
        });
    }

    std::vector<DatasetInfo> list() const {
        if (format == Format::hdf5) {
            return in_context(name(), [&] { return hdf5::list_datasets(file); });
        }
        const Samples all = array();
        std::vector<Index> shape{all.n()};
        shape.insert(shape.end(), all.shape.begin(), all.shape.end());
        return {{"", shape, std::string(si::to_text(all.type)), true}};
    }

    std::string choose() const {
        for (const std::string usual : kUsualNames) {
            if (has(usual)) return usual;
        }
        const auto all = list();
        const auto numeric = [](const DatasetInfo& info) { return info.readable; };
        const auto count = std::count_if(all.begin(), all.end(), numeric);
        require(count > 0, Failure::data, name(), ": no numeric dataset; ", contents(all));
        require(count == 1, Failure::data, name(), ": choose a dataset, as in ", name(), ":",
                std::find_if(all.begin(), all.end(), numeric)->name, "; ", contents(all));
        return std::find_if(all.begin(), all.end(), numeric)->name;
    }
};

/// An open dataset, or samples.
struct SampleReader::Open {
    std::string source;
    Index n = 0, dim = 0;
    std::optional<hdf5::OpenDataset> dataset;
    Matrix values;
};

SampleReader::SampleReader(std::unique_ptr<Open> open) : open_(std::move(open)) {}
SampleReader::SampleReader(SampleReader&&) noexcept = default;
SampleReader::~SampleReader() = default;

Index SampleReader::n() const { return open_->n; }
Index SampleReader::dim() const { return open_->dim; }
const std::string& SampleReader::source() const { return open_->source; }

Matrix SampleReader::rows(Index first, Index count) const {
    if (!open_->dataset) return open_->values.middleCols(first, count);
    return in_context(source(), [&] {
        Matrix values = allocate(dim(), count);
        hdf5::read_rows(*open_->dataset, first, count, values.data());
        require_finite(values, Failure::data);
        return values;
    });
}

Index SampleReader::step(Index wanted) const {
    if (!open_->dataset || open_->dataset->chunk.empty()) return wanted;
    const Index chunk = open_->dataset->chunk[0];
    return (wanted + chunk - 1) / chunk * chunk;
}

DataFile::DataFile(const std::string& spelling) {
    const auto [file, dataset] = parse(spelling);
    InputFile input(file);
    input.make_seekable();
    const Format format = in_context(input.name(), [&] { return format_of(input); });
    const std::size_t size = input.size();
    opened_ = std::make_unique<Opened>(Opened{std::move(input), dataset, format, size, {}});
    if (format == Format::hdf5) {
        opened_->file = in_context(name(), [&] { return hdf5::open_file(opened_->input.path()); });
    }
    // HDF5 opens by name only, so a copy of standard input keeps its name until here.
    opened_->input.forget_name();
    require(format == Format::hdf5 || dataset.empty(), Failure::data, name(), ": is ",
            to_text(format), ", which has no dataset ", dataset);
}

DataFile::DataFile(DataFile&&) noexcept = default;
DataFile::~DataFile() = default;

const std::string& DataFile::name() const { return opened_->name(); }
Format DataFile::format() const { return opened_->format; }

Samples DataFile::samples() const {
    Samples samples = opened_->format != Format::hdf5 ? opened_->array()
                      : opened_->dataset.empty()      ? opened_->read(opened_->choose())
                                                      : at(opened_->dataset);
    in_context(samples.source, [&] { require_finite(samples.values, Failure::data); });
    return samples;
}

SampleReader DataFile::reader() const {
    auto open = std::make_unique<SampleReader::Open>();
    if (opened_->format != Format::hdf5) {
        Samples all = samples();
        *open = {all.source, all.n(), all.dim(), {}, std::move(all.values)};
        return SampleReader(std::move(open));
    }
    const std::string path =
        opened_->dataset.empty() ? opened_->choose() : absolute(opened_->dataset);
    if (!has(path)) at(path);  // which says what there is
    open->source = text(name(), ":", path);
    in_context(open->source, [&] {
        open->dataset = hdf5::open_dataset(opened_->file, path, opened_->size);
        const auto& shape = open->dataset->shape;
        open->n = shape[0];
        open->dim = count_of(shape) / shape[0];
    });
    SampleReader reader(std::move(open));
    const Index step = reader.step(std::max<Index>(1, kNumbersAtOnce / reader.dim()));
    Matrix values;
    for (const Columns& some : chunks(reader.n(), step)) {
        values.resize(reader.dim(), some.count);
        in_context(reader.source(), [&] {
            hdf5::read_rows(*reader.open_->dataset, some.first, some.count, values.data());
        });
        if (!values.allFinite()) samples();  // which names the first of them and counts all
    }
    return reader;
}

bool DataFile::has(const std::string& dataset) const { return opened_->has(absolute(dataset)); }

std::optional<Samples> DataFile::find(const std::string& dataset) const {
    if (!has(dataset)) return {};
    Samples samples = opened_->read(absolute(dataset));
    in_context(samples.source, [&] { require_finite(samples.values, Failure::data); });
    return samples;
}

Samples DataFile::at(const std::string& dataset) const {
    auto found = find(dataset);
    require(found.has_value(), Failure::data, name(), ": no dataset ", absolute(dataset), "; ",
            opened_->format == Format::hdf5 ? contents(opened_->list())
                                            : text("it is ", to_text(opened_->format)));
    return std::move(*found);
}

std::vector<DatasetInfo> DataFile::list() const { return opened_->list(); }

std::vector<std::pair<std::string, std::string>> DataFile::attributes() const {
    if (opened_->format != Format::hdf5) return {};
    return in_context(name(), [&] { return hdf5::root_attributes(opened_->file); });
}

Samples read_samples(const std::string& spelling) { return DataFile(spelling).samples(); }

}  // namespace si
