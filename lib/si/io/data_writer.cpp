#include <algorithm>
#include <array>
#include <deque>

#include <hdf5.h>

#include "si/base/formats.hpp"
#include "si/io/atomic_file.hpp"
#include "si/io/crc32c.hpp"
#include "si/io/dataset.hpp"
#include "si/io/hdf5.hpp"

namespace si {
namespace {

using hdf5::check;
using hdf5::Handle;

constexpr std::size_t kLongestAttribute = 60000;  // HDF5 keeps attributes in 64 KiB headers
constexpr Index kNumbersWritten = 1 << 17;        // converted to float32 before they are written

void write_attribute(hid_t file, const std::string& name, hid_t file_type, hid_t memory_type,
                     hid_t space, const void* value) {
    const std::string doing = "write attribute " + name;
    Handle attribute(H5Acreate2(file, name.c_str(), file_type, space, H5P_DEFAULT, H5P_DEFAULT),
                     H5Aclose, Failure::io, doing);
    check(H5Awrite(attribute, memory_type, value), Failure::io, doing);
    attribute.close(Failure::io, doing);
}

Handle scalar_space() { return {H5Screate(H5S_SCALAR), H5Sclose, Failure::internal, "describe"}; }

/// A dataset without its numbers.
Handle make_dataset(hid_t file, const std::string& name, const std::vector<Index>& shape,
                    ElementType type) {
    const std::string doing = "describe " + name;
    const std::vector<hsize_t> sizes(shape.begin(), shape.end());
    const Handle space(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
                       H5Sclose, Failure::io, doing);
    const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, Failure::io, doing);
    // Neither a clock in the file, nor every byte written twice.
    check(H5Pset_obj_track_times(creation, false), Failure::io, doing);
    check(H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER), Failure::io, doing);
    return {H5Dcreate2(file, name.c_str(), hdf5::file_type(type), space, H5P_DEFAULT, creation,
                       H5P_DEFAULT),
            H5Dclose, Failure::io, doing};
}

template <class T>
std::string_view bytes_of(const T* values, std::size_t count) {
    return {reinterpret_cast<const char*>(values), count * sizeof(T)};
}

}  // namespace

struct DataWriter::Section {
    std::string name;  ///< "/x"
    std::vector<Index> shape;
    ElementType type = ElementType::f64;
    Handle dataset = {};
    std::uint64_t place = 0;
    Index samples = 0;  ///< appended so far
    std::uint64_t size = 0;
    std::uint32_t checksum = 0;
    std::string early = {};  ///< bytes that came before the head was known

    Index numbers() const { return count_of(shape) / std::max<Index>(shape[0], 1); }
};

// The handles come after what HDF5 reads and writes through them.
struct DataWriter::Opened {
    AtomicFile out;
    std::unique_ptr<hdf5::Head> head;
    Handle file;
    std::deque<Section> sections;
    bool begun = false;
    bool nonfinite_pass = false;

    /// Throws unless numbers, from sample `first` on, may be written.
    void look_at(const Section& to, ConstMatrix values, Index first) const {
        in_context(text(out.name(), ":", to.name), [&] {
            if (nonfinite_pass) {
                require_representable(values, Failure::check, to.type, first);
            } else {
                require_finite(values, Failure::check, to.type, first);
            }
        });
    }

    void add(Section& to, std::string_view bytes) {
        to.checksum = crc32c(bytes, to.checksum);
        if (begun) {
            out.write_at(to.place + to.size, bytes);
        } else {
            to.early += bytes;
        }
        to.size += bytes.size();
    }

    /// Numbers in the type of the file.
    void add(Section& to, std::span<const double> values) {
        if (to.type == ElementType::f64) return add(to, bytes_of(values.data(), values.size()));
        std::vector<float> some;
        while (!values.empty()) {
            const auto count = std::min<std::size_t>(values.size(), kNumbersWritten);
            some.assign(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
            add(to, bytes_of(some.data(), count));
            values = values.subspan(count);
        }
    }

    /// Everything but the numbers, with the place of each dataset in the order of their coming.
    void make_head() {
        const auto filled = [](const Section& one) { return count_of(one.shape) > 0; };
        const Index checksums = std::count_if(sections.begin(), sections.end(), filled) + 2;
        sections.push_back(
            {.name = std::string(kTrailer), .shape = {checksums}, .type = ElementType::u64});
        Section& trailer = sections.back();
        trailer.dataset = make_dataset(file, trailer.name, trailer.shape, trailer.type);
        for (Section& one : sections) {
            if (filled(one)) one.place = hdf5::place(one.dataset);
            one.dataset.close(Failure::io, "describe " + one.name);
        }
        file.close(Failure::io, "describe");
        std::uint64_t length = trailer.place;
        for (const Section& one : sections) {
            if (filled(one)) length = std::min(length, one.place);
        }
        head->bytes.resize(length);
    }
};

DataWriter::DataWriter(const std::string& file) {
    AtomicFile out(file, Content::binary);
    in_context(out.name(), [&] {
        auto head = std::make_unique<hdf5::Head>();
        Handle made = hdf5::create_head(*head);
        opened_ = std::make_unique<Opened>(
            Opened{std::move(out), std::move(head), std::move(made), {}, false});
    });
    attribute("format", std::string(kOwnMark));
    const std::array<std::int32_t, 2> version{kDatasetFormat.major, kDatasetFormat.minor};
    const hsize_t size = version.size();
    in_context(opened_->out.name(), [&] {
        const Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose, Failure::io, "describe");
        write_attribute(opened_->file, "format_version", H5T_STD_I32LE, H5T_NATIVE_INT32, space,
                        version.data());
    });
}

DataWriter::DataWriter(DataWriter&&) noexcept = default;
DataWriter::~DataWriter() = default;

void DataWriter::attribute(const std::string& name, const std::string& value) {
    in_context(opened_->out.name(), [&] {
        require(value.size() <= kLongestAttribute, Failure::data, "attribute ", name, ": ",
                value.size(), " bytes are too long");
        const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, Failure::internal, "describe text");
        check(H5Tset_size(type, std::max<std::size_t>(value.size(), 1)), Failure::internal,
              "describe text");
        check(H5Tset_strpad(type, H5T_STR_NULLPAD), Failure::internal, "describe text");
        check(H5Tset_cset(type, H5T_CSET_UTF8), Failure::internal, "describe text");
        write_attribute(opened_->file, name, type, type, scalar_space(), value.c_str());
    });
}

void DataWriter::signed_attribute(const std::string& name, std::int64_t value) {
    in_context(opened_->out.name(), [&] {
        write_attribute(opened_->file, name, H5T_STD_I64LE, H5T_NATIVE_INT64, scalar_space(),
                        &value);
    });
}

void DataWriter::unsigned_attribute(const std::string& name, std::uint64_t value) {
    in_context(opened_->out.name(), [&] {
        write_attribute(opened_->file, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, scalar_space(),
                        &value);
    });
}

void DataWriter::promise(const std::string& dataset, Index n,
                         const std::vector<Index>& sample_shape, ElementType type) {
    std::vector<Index> shape{n};
    shape.insert(shape.end(), sample_shape.begin(), sample_shape.end());
    count_of(shape);
    require(!opened_->begun, Failure::internal, dataset, ": comes after the numbers");
    in_context(opened_->out.name(), [&] {
        const auto name = text(dataset.starts_with('/') ? "" : "/", dataset);
        auto made = make_dataset(opened_->file, name, shape, type);
        opened_->sections.push_back(
            {.name = name, .shape = shape, .type = type, .dataset = std::move(made)});
    });
}

DataWriter::Section& DataWriter::section(const std::string& dataset) {
    for (Section& one : opened_->sections) {
        if (one.name == dataset || std::string_view(one.name).substr(1) == dataset) return one;
    }
    throw Error(Failure::internal, text(dataset, ": was not promised"));
}

void DataWriter::begin() {
    if (std::exchange(opened_->begun, true)) return;
    in_context(opened_->out.name(), [&] { opened_->make_head(); });
    Opened& all = *opened_;
    all.out.write_at(0, all.head->bytes);
    for (Section& one : all.sections) {
        if (!one.early.empty()) all.out.write_at(one.place, std::exchange(one.early, {}));
    }
}

void DataWriter::let_nonfinite_pass() { opened_->nonfinite_pass = true; }

void DataWriter::append(const std::string& dataset, ConstMatrix values) {
    begin();
    Section& to = section(dataset);
    require(values.rows() == to.numbers() && to.samples + values.cols() <= to.shape[0],
            Failure::internal, dataset, ": more than was promised");
    opened_->look_at(to, values, to.samples);
    const auto count = static_cast<std::size_t>(values.size());
    if (values.outerStride() == values.rows() || values.cols() == 1) {
        opened_->add(to, std::span(values.data(), count));
    } else {
        const Matrix packed = values;
        opened_->add(to, std::span(packed.data(), count));
    }
    to.samples += values.cols();
}

void DataWriter::append(const std::string& dataset, const std::vector<std::int64_t>& values) {
    begin();
    Section& to = section(dataset);
    const Index n = std::ssize(values) / to.numbers();
    require(to.type == ElementType::i64 && to.samples + n <= to.shape[0], Failure::internal,
            dataset, ": more than was promised");
    opened_->add(to, bytes_of(values.data(), values.size()));
    to.samples += n;
}

void DataWriter::write(const std::string& dataset, ConstMatrix values,
                       const std::vector<Index>& sample_shape, ElementType type) {
    require(count_of(sample_shape) == values.rows(), Failure::internal, dataset, ": samples of ",
            values.rows(), " numbers cannot have shape ", shape_text(sample_shape));
    std::vector<Index> shape{values.cols()};
    shape.insert(shape.end(), sample_shape.begin(), sample_shape.end());
    const auto count = static_cast<std::size_t>(values.size());
    if (values.outerStride() == values.rows() || values.cols() == 1) {
        write_array(dataset, {values.data(), count}, shape, type);
    } else {
        const Matrix packed = values;
        write_array(dataset, {packed.data(), count}, shape, type);
    }
}

void DataWriter::write(const std::string& dataset, const std::vector<std::int64_t>& values) {
    promise(dataset, std::ssize(values), {}, ElementType::i64);
    Section& to = opened_->sections.back();
    opened_->add(to, bytes_of(values.data(), values.size()));
    to.samples = std::ssize(values);
}

void DataWriter::write_array(const std::string& dataset, std::span<const double> values,
                             const std::vector<Index>& shape, ElementType type) {
    const Index count = count_of(shape);
    require(count == std::ssize(values) && !shape.empty(), Failure::internal, dataset, ": ",
            values.size(), " numbers cannot have shape ", shape_text(shape));
    promise(dataset, shape[0], {shape.begin() + 1, shape.end()}, type);
    Section& to = opened_->sections.back();
    const Index n = shape[0];
    const Eigen::Map<const Matrix> columns(values.data(), n > 0 ? count / n : 0, n);
    opened_->look_at(to, columns, 0);
    opened_->add(to, values);
    to.samples = n;
}

void DataWriter::commit() {
    begin();
    std::vector<std::uint64_t> sums{1, crc32c(opened_->head->bytes)};
    Section& trailer = opened_->sections.back();
    for (const Section& one : opened_->sections) {
        if (&one == &trailer) continue;
        require(one.samples == one.shape[0], Failure::internal, one.name,
                ": less than was promised");
        if (one.size > 0) sums.push_back(one.checksum);
    }
    opened_->add(trailer, bytes_of(sums.data(), sums.size()));
    opened_->out.commit();
}

}  // namespace si
