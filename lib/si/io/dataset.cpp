#include "si/io/dataset.hpp"

#include <algorithm>
#include <array>
#include <map>

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
constexpr Index kFirstTold = 4;
constexpr auto kBeside =
    std::to_array<std::string_view>({"/label", "/condition", "/mask", "/weight"});
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
    bool order_is_known = false;
    CsvRules rules = {};                                               ///< of text
    mutable std::map<std::string, std::vector<Attribute>> known = {};  ///< attributes by object

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
        // Attributes may lie behind the numbers.
        if (!head->beyond && !plan.pieces.empty() && know_attributes_that_arrive()) return true;
        known.clear();
        file = {};
        head.reset();
        return false;
    }

    bool know_attributes_that_arrive() {
        try {
            std::vector<std::string> objects{"/"};
            for (const Piece& piece : plan.pieces) objects.push_back(piece.dataset);
            know_attributes(objects, false);
        } catch (const Error&) {
            return false;  // the whole file will show why
        }
        return !head->beyond;
    }

    /// Reads attributes of objects that are not known yet.
    void know_attributes(std::vector<std::string> objects, bool trusted) const {
        std::erase_if(objects, [&](const auto& object) { return known.contains(object); });
        if (objects.empty()) return;
        auto found = hdf5::attributes_of(file, objects, trusted);
        for (std::size_t i = 0; i < objects.size(); ++i) known[objects[i]] = std::move(found[i]);
    }

    const std::vector<Attribute>& attributes(const std::string& object) const {
        know_attributes({object}, plan.sealed);
        return known.at(object);
    }

    /// The value of an attribute of the file; empty where it has none.
    std::string mark(std::string_view attribute) const {
        for (const Attribute& one : in_context(
                 name(), [&]() -> const auto& { return attributes("/"); })) {
            if (one.name == attribute) return one.text;
        }
        return {};
    }

    bool is_own() const { return mark("format") == kOwnMark; }

    /// Makes it a file that can be read in any order.
    void settle() {
        if (std::exchange(settled, true)) return;
        require(!reading, Failure::internal, name(), ": is being read as it arrives");
        file = {};
        head.reset();
        known.clear();
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
        if (format == Format::npy) {
            doubt_large_integers(name(), samples.type, samples.values);
            if (!order_is_known) doubt_order(name(), samples.n(), samples.shape);
        }
        return samples;
    }

    /// Samples are told of; what goes with them is where more is done than to read it.
    enum class Role { samples, beside };

    Samples read(const std::string& path, Role role) const {
        const std::string source = text(name(), ":", path);
        const auto dataset = open(path);
        return in_context(source, [&] {
            const auto shape = dataset.read_shape();
            Samples samples;
            samples.type = dataset.conventions.read_as(dataset.type.type);
            samples.values = allocate(count_of(shape) / shape[0], shape[0]);
            RowReader rows(input, dataset, plan);
            rows.read(0, dataset.shape[0], samples.values.data());
            if (rows.missing() == 0 && !dataset.conventions.packed()) {
                samples.type = dataset.type.type;
            }
            if (dataset.conventions.reversed) {
                samples.values = from_fortran(samples.values, shape);
            }
            samples.shape.assign(shape.begin() + 1, shape.end());
            if (samples.shape.empty()) samples.shape = {1};
            samples.source = source;
            doubt_large_integers(source, dataset.type.type, samples.values);
            doubt_fill(dataset, samples);
            const bool told = role == Role::samples || !dataset.conventions.said().empty();
            if (told && !is_own()) tell(samples, dataset.conventions, rows.missing());
            return samples;
        });
    }

    void tell(const Samples& samples, const Conventions& conventions, Index missing) const {
        const auto first = samples.values.col(0).head(std::min(samples.dim(), kFirstTold));
        remark_foreign({.source = samples.source,
                        .n = samples.n(),
                        .shape = samples.shape,
                        .type = samples.type,
                        .conventions = conventions,
                        .first = {first.begin(), first.end()},
                        .missing = missing});
        if (!order_is_known) doubt_order(samples.source, samples.n(), samples.shape);
    }

    static void doubt_fill(const hdf5::OpenDataset& dataset, const Samples& samples) {
        const auto& fill = dataset.conventions.fill;
        if (!fill) return;
        const double value = dataset.type.type == ElementType::f32
                                 ? static_cast<double>(static_cast<float>(*fill))
                                 : *fill;
        const Index count = (samples.values.array() == value).count();
        if (count == 0) return;
        doubt(text(samples.source, ": ", counted(count, "number is ", "numbers are "), value,
                   ", which its writer chose for what was not written, and ",
                   count == 1 ? "counts" : "count", " as any other"));
    }

    std::vector<DatasetInfo> list() const {
        if (format == Format::hdf5) {
            auto all = in_context(name(), [&] { return hdf5::list_datasets(file); });
            std::erase_if(all,
                          [&](const auto& one) { return plan.sealed && one.name == kTrailer; });
            in_context(name(), [&] { follow_conventions(all); });
            return all;
        }
        const Samples all = array();
        std::vector<Index> shape{all.n()};
        shape.insert(shape.end(), all.shape.begin(), all.shape.end());
        return {{"", shape, std::string(si::to_text(all.type)), true}};
    }

    /// Shapes as they are read, and which of the datasets hold nothing.
    void follow_conventions(std::vector<DatasetInfo>& all) const {
        std::vector<std::string> objects;
        for (const auto& one : all) objects.push_back(one.name);
        know_attributes(objects, plan.sealed);
        for (auto& one : all) {
            const auto& attributes = known.at(one.name);
            one.scale = is_dimension_scale(attributes);
            if (is_bare_dimension(attributes)) {
                one.note = "a dimension of netCDF, which holds nothing";
            } else if (one.readable && count_of(one.shape) > 0) {
                try {
                    const auto set = open(one.name);
                    one.shape = set.read_shape();
                } catch (const Error& error) {
                    one.note = error.what();
                    const auto source = text(name(), ":", one.name, ": ");
                    if (one.note.starts_with(source)) one.note.erase(0, source.size());
                }
            }
            one.readable = one.readable && one.note.empty();
        }
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
        const bool netcdf = !mark("_NCProperties").empty();
        return in_context(text(name(), ":", path), [&] {
            auto set = hdf5::open_dataset(file, path, size);
            set.conventions = conventions_of(attributes(path), set.type.type, set.fill, netcdf);
            if (set.conventions.is_unsigned) {
                set.type.type = static_cast<ElementType>(static_cast<int>(set.type.type) + 4);
            }
            return set;
        });
    }

    /// Whether rows lie across the file, so that they are read all at once.
    bool is_reversed(const std::string& path) const { return open(path).conventions.reversed; }

    std::string choose() const {
        for (std::string usual : kUsualNames) {
            if (has(usual)) return usual;
        }
        const auto all = list();
        // Coordinates of axes, what goes with samples, and MATLAB's own are taken for samples where
        // there is nothing else.
        bool others = false;
        const auto numeric = [&](const DatasetInfo& info) {
            const bool beside =
                std::find(kBeside.begin(), kBeside.end(), info.name) != kBeside.end();
            return info.readable &&
                   (others || !(info.scale || beside || info.name.starts_with("/#")));
        };
        others = std::none_of(all.begin(), all.end(), numeric);
        const auto count = std::count_if(all.begin(), all.end(), numeric);
        require(count > 0, Failure::data, name(), ": no numeric dataset; ", contents(all));
        const auto size = [&](const DatasetInfo& info) {
            return numeric(info) ? count_of(info.shape) : -1;
        };
        const auto largest =
            std::max_element(all.begin(), all.end(),
                             [&](const auto& a, const auto& b) { return size(a) < size(b); });
        require(count == 1, Failure::data, name(), ": choose a dataset, as in ", name(), ":",
                largest->name, "; ", contents(all));
        return largest->name;
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
void DataFile::trust_order() { opened_->order_is_known = true; }
void DataFile::read_text_by(const CsvRules& rules) { opened_->rules = rules; }
const std::string& DataFile::name() const { return opened_->name(); }
Format DataFile::format() const { return opened_->format; }

Samples DataFile::samples() const {
    opened_->settle();
    if (opened_->format != Format::hdf5) {
        Samples samples = opened_->array();
        opened_->look_at(samples);
        return samples;
    }
    const std::string path = opened_->path_of("");
    if (!has(path)) at(path);  // which says what there is
    Samples samples = opened_->read(path, Opened::Role::samples);
    opened_->look_at(samples);
    return samples;
}

SampleReader DataFile::reader(Passes passes, const Look& look, const std::string& dataset) const {
    Opened& all = *opened_;
    if (passes == Passes::any) all.settle();
    const bool hdf5 = all.format == Format::hdf5;
    const std::string path = hdf5 ? all.path_of(dataset) : "";
    if (hdf5 && !has(path)) at(path);  // which says what there is
    if (!hdf5 || all.is_reversed(path)) {
        Samples whole = dataset.empty() ? samples() : at(dataset);
        if (look) look(0, whole.values);
        return SampleReader::of(std::move(whole));
    }
    auto opened = all.open(path);
    const auto conventions = opened.conventions;
    const auto stored = opened.type.type;
    all.reading = all.head != nullptr;
    auto reader = SampleReader::of(all.input, text(name(), ":", path), std::move(opened), all.plan,
                                   all.reading);
    if (all.nonfinite_pass) reader.let_nonfinite_pass();
    if (all.is_own()) {
        if (!all.reading) reader.look_at_all(look);
        return reader;
    }
    ForeignData told{.source = reader.source(),
                     .n = reader.n(),
                     .shape = reader.shape(),
                     .type = reader.type(),
                     .conventions = conventions,
                     .first = {},
                     .missing = {}};
    if (!all.order_is_known) doubt_order(told.source, told.n, told.shape);
    if (all.reading) {
        remark_foreign(told);
        return reader;
    }
    reader.look_at_all(
        [&](Index first, const Matrix& some) {
            if (first == 0) {
                const auto begin = some.col(0).head(std::min(some.rows(), kFirstTold));
                told.first = {begin.begin(), begin.end()};
            }
            doubt_large_integers(told.source, stored, some, first);
            if (look) look(first, some);
        },
        [&](Index missing) {
            told.missing = missing;
            remark_foreign(told);
        });
    return reader;
}

std::optional<std::vector<Index>> DataFile::shape(const std::string& dataset) const {
    opened_->settle();
    if (opened_->format != Format::hdf5) return {};
    const std::string path = opened_->path_of(dataset);
    if (!has(path)) at(path);
    return opened_->open(path).read_shape();
}

bool DataFile::has(const std::string& dataset) const { return opened_->has(absolute(dataset)); }

std::optional<Samples> DataFile::find(const std::string& dataset) const {
    if (!has(dataset)) return {};
    opened_->settle();
    Samples samples = opened_->read(absolute(dataset), Opened::Role::beside);
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

std::vector<std::pair<std::string, std::string>> DataFile::attributes(
    const std::string& dataset) const {
    std::vector<std::pair<std::string, std::string>> pairs;
    if (opened_->format != Format::hdf5) return pairs;
    const std::string object = dataset.empty() ? "/" : absolute(dataset);
    in_context(dataset.empty() ? name() : text(name(), ":", object), [&] {
        for (const auto& one : opened_->attributes(object)) pairs.emplace_back(one.name, one.text);
    });
    return pairs;
}

Samples read_samples(const std::string& spelling) {
    const DataFile file(spelling);
    file.refuse_weights();
    return file.samples();
}

}  // namespace si
