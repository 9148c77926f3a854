#include <array>

#include <hdf5.h>

#include "si/io/atomic_file.hpp"
#include "si/io/dataset.hpp"
#include "si/io/hdf5.hpp"

namespace si {
namespace {

using hdf5::check;
using hdf5::Handle;

constexpr std::size_t kLongestAttribute = 60000;  // HDF5 keeps attributes in 64 KiB headers

void write_attribute(hid_t file, const std::string& name, hid_t file_type, hid_t memory_type,
                     hid_t space, const void* value) {
    const std::string doing = "write attribute " + name;
    Handle attribute(H5Acreate2(file, name.c_str(), file_type, space, H5P_DEFAULT, H5P_DEFAULT),
                     H5Aclose, Failure::io, doing);
    check(H5Awrite(attribute, memory_type, value), Failure::io, doing);
    attribute.close(Failure::io, doing);
}

Handle scalar_space() { return {H5Screate(H5S_SCALAR), H5Sclose, Failure::internal, "describe"}; }

}  // namespace

// The handle is last, so that HDF5 lets go of the file before the file is removed.
struct DataWriter::Opened {
    AtomicFile out;
    Handle file;

    void put(const std::string& name, const std::vector<Index>& shape, hid_t file_type,
             hid_t memory_type, const void* values) {
        const std::string doing = "write " + name;
        const std::vector<hsize_t> sizes(shape.begin(), shape.end());
        const Handle space(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
                           H5Sclose, Failure::io, doing);
        const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, Failure::io, doing);
        // Neither a clock in the file, nor every byte written twice.
        check(H5Pset_obj_track_times(creation, false), Failure::io, doing);
        check(H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER), Failure::io, doing);
        Handle dataset(
            H5Dcreate2(file, name.c_str(), file_type, space, H5P_DEFAULT, creation, H5P_DEFAULT),
            H5Dclose, Failure::io, doing);
        check(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), Failure::io,
              doing);
        dataset.close(Failure::io, doing);
    }
};

DataWriter::DataWriter(const std::string& file) {
    AtomicFile out(file, Content::binary);
    in_context(out.name(), [&] {
        Handle made = hdf5::create_file(out.path());
        opened_ = std::make_unique<Opened>(Opened{std::move(out), std::move(made)});
    });
    attribute("format", "si-dataset");
    const std::array<std::int32_t, 2> version{1, 0};
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
    in_context(opened_->out.name(), [&] {
        opened_->put(dataset, {std::ssize(values)}, H5T_STD_I64LE, H5T_NATIVE_INT64, values.data());
    });
}

void DataWriter::write_array(const std::string& dataset, std::span<const double> values,
                             const std::vector<Index>& shape, ElementType type) {
    const Index count = count_of(shape);
    require(count == std::ssize(values) && !shape.empty(), Failure::internal, dataset, ": ",
            values.size(), " numbers cannot have shape ", shape_text(shape));
    const Index n = shape[0];
    const Eigen::Map<const Matrix> columns(values.data(), n > 0 ? count / n : 0, n);
    in_context(text(opened_->out.name(), ":", dataset.starts_with('/') ? "" : "/", dataset),
               [&] { require_finite(columns, Failure::check, type); });
    in_context(opened_->out.name(), [&] {
        opened_->put(dataset, shape, hdf5::file_type(type), H5T_NATIVE_DOUBLE, values.data());
    });
}

void DataWriter::commit() {
    in_context(opened_->out.name(), [&] { opened_->file.close(Failure::io, "write"); });
    opened_->out.commit();
}

}  // namespace si
