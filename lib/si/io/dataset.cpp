#include "si/io/dataset.hpp"

#include <algorithm>
#include <array>

#include <sys/stat.h>

#include "si/base/error.hpp"
#include "si/base/remarks.hpp"
#include "si/io/arrival.hpp"
#include "si/io/crc32c.hpp"
#include "si/io/csv.hpp"
#include "si/io/hdf5.hpp"
#include "si/io/input_file.hpp"
#include "si/io/npy.hpp"
#include "si/io/row_reader.hpp"

namespace si {
namespace {

constexpr std::string_view kHdf5Magic = "\x89HDF\r\n\x1a\n";
constexpr std::array<const char*, 3> kUsualNames{"/x", "/samples", "/data"};

/// What people give by mistake, so that the error can say what it is.
struct StrangerRow {
    std::string_view begins, what;
};
constexpr std::array<StrangerRow, 8> kStrangers{
    {{"\xff\xfe", "text in UTF-16; save it as UTF-8"},
     {"\xfe\xff", "text in UTF-16; save it as UTF-8"},
     {"PK\x03\x04", "a zip archive (.npz?); save one array with numpy.save"},
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
std::optional<std::size_t> start_of_hdf5(const InputFile& input) {
    for (std::size_t at = 0; at < input.size(); at = at == 0 ? 512 : 2 * at) {
        if (input.peek(at, kHdf5Magic.size()) == kHdf5Magic) return at;
    }
    return {};
}

Format format_of(const InputFile& input) {
    require(input.size() > 0, Failure::data, "is empty");
    if (start_of_hdf5(input)) return Format::hdf5;
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
    std::unique_ptr<hdf5::Head> head;  ///< of what arrives
    std::unique_ptr<hdf5::Head> copy;  ///< of what arrived, all of it
    hdf5::Handle file;                 ///< of HDF5 only
    Plan plan;
    bool settled = false;  ///< it can be read in any order
    bool reading = false;  ///< data are read while they arrive
    bool nonfinite_pass = false;
    CsvRules rules = {};  ///< of text

    const std::string& name() const { return input.name(); }

    bool has(const std::string& path) const {
        return format == Format::hdf5 &&
               in_context(text(name(), ":", path), [&] { return hdf5::has_dataset(file, path); });
    }

    /// True when the names and places in what arrives come first.
    bool arrives() {
        if (!input.arrives() || !input.front().starts_with(kHdf5Magic)) return false;
        head = std::make_unique<hdf5::Head>(hdf5::Head{.bytes = input.front()});
        try {
            file = hdf5::open_head(*head);
            size = head->end;
            plan = plan_of(file, size);
        } catch (const Error&) {
            plan = {};  // whatever it is, the whole file will show it
        }
        if (!head->beyond && !plan.pieces.empty()) return true;
        file = {};
        head.reset();
        return false;
    }

    /// Makes it a file that can be read in any order.
    void settle() {
        if (std::exchange(settled, true)) return;
        require(!reading, Failure::internal, name(), ": is being read as it arrives");
        file = {};
        head.reset();
        input.make_seekable();
        format = in_context(name(), [&] { return format_of(input); });
        size = input.size();
        if (format == Format::hdf5) {
            in_context(name(), [&] {
                if (input.path().empty()) {
                    copy = std::make_unique<hdf5::Head>(
                        hdf5::Head{.end = size, .whole = input.descriptor()});
                    file = hdf5::open_nameless(*copy);
                } else {
                    file = hdf5::open_file(input.path());
                }
                if (hdf5::has_dataset(file, std::string(kTrailer))) plan = plan_of(file, size);
                if (plan.sealed) check_head();
            });
        }
    }

    void check_head() {
        plan.take_trailer(input.peek(plan.trailer.place, plan.trailer.size));
        const std::size_t start = start_of_hdf5(input).value_or(0);
        in_context("its head", [&] {
            require_checksum(crc32c(input.peek(start, plan.head() - start)), plan.checksum);
        });
    }

    Samples table(const std::string& bytes) const {
        auto table = read_csv(bytes, name(), rules, nonfinite_pass);
        remark(table.said);
        for (const auto& sentence : table.doubts) doubt(sentence);
        return std::move(table.samples);
    }

    Samples array() const {
        const std::string bytes = input.peek(0, size);
        Samples samples = format == Format::csv
                              ? table(bytes)
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
            RowReader(input, dataset, plan).read(0, n, samples.values.data());
            samples.source = source;
            return samples;
        });
    }

    std::vector<DatasetInfo> list() const {
        if (format == Format::hdf5) {
            auto all = in_context(name(), [&] { return hdf5::list_datasets(file); });
            std::erase_if(all,
                          [&](const auto& one) { return plan.sealed && one.name == kTrailer; });
            return all;
        }
        const Samples all = array();
        std::vector<Index> shape{all.n()};
        shape.insert(shape.end(), all.shape.begin(), all.shape.end());
        return {{"", shape, std::string(si::to_text(all.type)), true}};
    }

    void look_at(const Samples& samples) const {
        if (nonfinite_pass) return;
        in_context(samples.source, [&] { require_finite(samples.values, Failure::data); });
    }

    /// Of a dataset that was named, or else of the samples.
    std::string path_of(const std::string& named) const {
        return !named.empty() ? absolute(named) : dataset.empty() ? choose() : absolute(dataset);
    }

    hdf5::OpenDataset open(const std::string& path) const {
        return in_context(text(name(), ":", path),
                          [&] { return hdf5::open_dataset(file, path, size); });
    }

    std::string choose() const {
        for (std::string usual : kUsualNames) {
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

DataFile::DataFile(const std::string& spelling) {
    const auto [file, dataset] = parse(spelling);
    opened_ = std::make_unique<Opened>(Opened{.input = InputFile(file), .dataset = dataset});
    if (opened_->arrives()) {
        opened_->format = Format::hdf5;
    } else {
        opened_->settle();
    }
    require(format() == Format::hdf5 || dataset.empty(), Failure::data, name(), ": is ",
            to_text(format()), ", which has no dataset ", dataset);
}

DataFile::DataFile(DataFile&&) noexcept = default;
DataFile::~DataFile() = default;

void DataFile::let_nonfinite_pass() { opened_->nonfinite_pass = true; }
void DataFile::read_text_by(const CsvRules& rules) { opened_->rules = rules; }
const std::string& DataFile::name() const { return opened_->name(); }
Format DataFile::format() const { return opened_->format; }

Samples DataFile::samples() const {
    opened_->settle();
    Samples samples = opened_->format != Format::hdf5 ? opened_->array()
                      : opened_->dataset.empty()      ? opened_->read(opened_->choose())
                                                      : at(opened_->dataset);
    opened_->look_at(samples);
    return samples;
}

SampleReader DataFile::reader(Passes passes, const Look& look, const std::string& dataset) const {
    Opened& all = *opened_;
    if (passes == Passes::any) all.settle();
    if (all.format != Format::hdf5) {
        Samples whole = dataset.empty() ? samples() : at(dataset);
        if (look) look(0, whole.values);
        return SampleReader::of(std::move(whole));
    }
    const std::string path = all.path_of(dataset);
    if (!has(path)) at(path);  // which says what there is
    auto opened = all.open(path);
    all.reading = all.head != nullptr;
    auto reader = SampleReader::of(all.input, text(name(), ":", path), std::move(opened), all.plan,
                                   all.reading);
    if (all.nonfinite_pass) reader.let_nonfinite_pass();
    if (!all.reading) reader.look_at_all(look);
    return reader;
}

std::optional<std::vector<Index>> DataFile::shape(const std::string& dataset) const {
    opened_->settle();
    if (opened_->format != Format::hdf5) return {};
    const std::string path = opened_->path_of(dataset);
    if (!has(path)) at(path);
    return opened_->open(path).shape;
}

bool DataFile::has(const std::string& dataset) const { return opened_->has(absolute(dataset)); }

std::optional<Samples> DataFile::find(const std::string& dataset) const {
    if (!has(dataset)) return {};
    opened_->settle();
    Samples samples = opened_->read(absolute(dataset));
    opened_->look_at(samples);
    return samples;
}

Samples DataFile::at(const std::string& dataset) const {
    auto found = find(dataset);
    if (found) return std::move(*found);
    // The list is long work where there are many; it is made for the message alone.
    throw Error(Failure::data,
                text(name(), ": no dataset ", absolute(dataset), "; ",
                     opened_->format == Format::hdf5 ? contents(opened_->list())
                                                     : text("it is ", to_text(opened_->format))));
}

const std::string& DataFile::spelled() const { return opened_->dataset; }

std::optional<Vector> DataFile::weights(Index n) const {
    if (!opened_->dataset.empty() || !has("weight")) return {};
    const Samples found = at("weight");
    require(found.dim() == 1 && found.n() == n, Failure::data, found.source, ": ", found.n(),
            " rows of ", found.dim(), " for ", n, " samples; a weight is one number for each");
    const Vector weights = found.values.row(0).transpose();
    for (Index i = 0; i < n; ++i) {
        require(weights[i] >= 0 && std::isfinite(weights[i]), Failure::data, found.source, ": row ",
                i + 1, ": a weight is a finite number, zero or more, and this one is ", weights[i]);
    }
    require(weights.maxCoeff() > 0, Failure::data, found.source, ": all weights are 0");
    return weights;
}

void DataFile::refuse_weights() const {
    require(!opened_->dataset.empty() || !has("weight"), Failure::data, name(),
            ": has /weight, of which nothing is made here; si-data resample draws rows by weight, "
            "and ",
            name(), ":/x reads them as they are");
}

std::vector<DatasetInfo> DataFile::list() const { return opened_->list(); }

std::vector<std::pair<std::string, std::string>> DataFile::attributes() const {
    if (opened_->format != Format::hdf5) return {};
    return in_context(name(),
                      [&] { return hdf5::root_attributes(opened_->file, opened_->plan.sealed); });
}

Samples read_samples(const std::string& spelling) {
    const DataFile file(spelling);
    file.refuse_weights();
    return file.samples();
}

}  // namespace si
