#include <algorithm>
#include <array>

#include <hdf5.h>

#include "si/io/hdf5.hpp"

namespace si::hdf5 {
namespace {

constexpr int kLargestRank = 8;

// Deflate shrinks to no less than 1/1032, so a file that claims more was not written so.
constexpr double kLargestRatio = 1100;

struct FilterRow {
    H5Z_filter_t id;
    std::string_view name;
    bool read;
};

constexpr auto kFilters = std::to_array<FilterRow>({
    {1, "deflate", true},
    {2, "shuffle", true},
    {3, "fletcher32", true},
    {4, "szip", false},
    {5, "nbit", false},
    {6, "scaleoffset", false},
    {307, "bzip2", false},
    {32000, "lzf", false},
    {32001, "blosc", false},
    {32004, "lz4", false},
    {32008, "bitshuffle", false},
    {32013, "zfp", false},
    {32015, "zstd", false},
    {32026, "blosc2", false},
});

/// A name may lead through soft links, but not out of the file.
herr_t refuse_external_link(const char*, const char*, const char*, const char*, unsigned*, hid_t,
                            void*) {
    return -1;
}

Handle link_access() {
    Handle list(H5Pcreate(H5P_LINK_ACCESS), H5Pclose, Failure::internal, "prepare access");
    check(H5Pset_elink_cb(list, refuse_external_link, nullptr), Failure::internal,
          "prepare access");
    return list;
}

void require_filters(Id creation) {
    const int count = H5Pget_nfilters(creation);
    check(count, Failure::data, "read its filters");
    for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
        unsigned flags = 0;
        std::size_t values = 0;
        const auto id = H5Pget_filter2(creation, i, &flags, &values, nullptr, 0, nullptr, nullptr);
        check(id, Failure::data, "read its filters");
        const auto* const row = std::find_if(kFilters.begin(), kFilters.end(),
                                             [&](const FilterRow& r) { return r.id == id; });
        if (row != kFilters.end() && row->read) continue;
        throw Error(Failure::data,
                    text("is compressed with filter ", id,
                         row != kFilters.end() ? text(" (", row->name, ")") : "",
                         ", which is not read; read it where that filter is known, as by "
                         "f[\"x\"][:] of h5py, and write it without"));
    }
}

/// Numbers that were never written would read as zeros; a damaged shape would ask for more
/// memory than the world has. Both show in what the file stores for the dataset.
void require_stored(Id dataset, Id creation, const std::vector<Index>& shape, Index element,
                    std::size_t file_size) {
    const auto stored = static_cast<double>(H5Dget_storage_size(dataset));
    double claimed = static_cast<double>(count_of(shape)) * static_cast<double>(element);
    double ratio = 1;
    switch (H5Pget_layout(creation)) {
        case H5D_COMPACT:
        case H5D_CONTIGUOUS:
            require(H5Pget_external_count(creation) == 0, Failure::data,
                    "keeps its numbers in another file, which is not read");
            break;
        case H5D_CHUNKED: {
            std::array<hsize_t, kLargestRank> chunk{};
            check(H5Pget_chunk(creation, kLargestRank, chunk.data()), Failure::data,
                  "read its chunks");
            double chunks = 1, size = static_cast<double>(element);
            for (std::size_t i = 0; i < shape.size(); ++i) {
                const auto length = static_cast<Index>(std::max<hsize_t>(chunk[i], 1));
                const Index along = (shape[i] - 1) / length + 1;
                chunks *= static_cast<double>(along);
                size *= static_cast<double>(length);
            }
            const Handle space(H5Dget_space(dataset), H5Sclose, Failure::data, "read its shape");
            hsize_t present = 0;
            check(H5Dget_num_chunks(dataset, space, &present), Failure::data, "read its chunks");
            require(static_cast<double>(present) == chunks, Failure::data, "only ", present,
                    " of its ", chunks, " chunks were written");
            claimed = size * chunks;
            if (H5Pget_nfilters(creation) > 0) ratio = kLargestRatio;
            break;
        }
        default:
            throw Error(Failure::data, "is a virtual dataset, which is not read");
    }
    require(stored > 0, Failure::data, "was never written");
    require(stored <= static_cast<double>(file_size) && claimed <= ratio * stored, Failure::data,
            "damaged: its shape ", shape_text(shape), " does not fit what is stored");
}

std::optional<double> fill_of(Id creation) {
    H5D_fill_value_t kind = H5D_FILL_VALUE_UNDEFINED;
    double value = 0;
    if (H5Pfill_value_defined(creation, &kind) >= 0 && kind == H5D_FILL_VALUE_USER_DEFINED &&
        H5Pget_fill_value(creation, H5T_NATIVE_DOUBLE, &value) >= 0) {
        return value;
    }
    H5Eclear2(H5E_DEFAULT);
    return {};
}

}  // namespace

Handle open_object(Id file, const std::string& name) {
    return {H5Oopen(file, name.c_str(), link_access()), H5Oclose, Failure::data, "open"};
}

std::vector<Index> shape_of(Id dataset) {
    const Handle space(H5Dget_space(dataset), H5Sclose, Failure::data, "read its shape");
    require(H5Sis_simple(space) > 0, Failure::data, "has no shape");
    const int rank = H5Sget_simple_extent_ndims(space);
    check(rank, Failure::data, "read its shape");
    require(rank <= kLargestRank, Failure::data, "has ", rank, " dimensions, at most ",
            kLargestRank, " are read");
    std::array<hsize_t, kLargestRank> sizes{};
    check(H5Sget_simple_extent_dims(space, sizes.data(), nullptr), Failure::data, "read its shape");
    std::vector<Index> shape;
    for (int i = 0; i < rank; ++i) {
        require(std::in_range<Index>(sizes[static_cast<std::size_t>(i)]), Failure::data,
                "is too large");
        shape.push_back(static_cast<Index>(sizes[static_cast<std::size_t>(i)]));
    }
    return shape;
}

OpenDataset open_dataset(Id file, const std::string& name, std::size_t file_size) {
    OpenDataset set{.object = open_object(file, name), .file_size = file_size};
    require(H5Iget_type(set.object) == H5I_DATASET, Failure::data, "is not a dataset");
    const Handle datatype(H5Dget_type(set.object), H5Tclose, Failure::data, "read its type");
    set.type = element_type(datatype);
    require(set.type.known, Failure::data, "holds ", set.type.name,
            ", which is not read; convert it to float32, float64 or an integer type");
    set.shape = shape_of(set.object);
    require(!set.shape.empty(), Failure::data, "is a single number, not a data set");
    require(count_of(set.shape) > 0, Failure::data, "is empty (", shape_text(set.shape), ")");
    set.creation =
        Handle(H5Dget_create_plist(set.object), H5Pclose, Failure::data, "read its layout");
    set.fill = fill_of(set.creation);
    require_filters(set.creation);
    require_stored(set.object, set.creation, set.shape, size_of(set.type.type), file_size);
    if (H5Pget_layout(set.creation) == H5D_CHUNKED) {
        std::array<hsize_t, kLargestRank> sizes{};
        check(H5Pget_chunk(set.creation, kLargestRank, sizes.data()), Failure::data,
              "read its chunks");
        set.chunk.assign(sizes.begin(), sizes.begin() + std::ssize(set.shape));
    } else if (H5Pget_layout(set.creation) == H5D_CONTIGUOUS) {
        set.place = H5Dget_offset(set.object);
        const auto size = static_cast<std::size_t>(count_of(set.shape) * size_of(set.type.type));
        require(*set.place < file_size && size <= file_size - *set.place, Failure::data,
                "damaged: it ends behind the end of the file");
    }
    return set;
}

std::vector<Index> OpenDataset::read_shape() const {
    std::vector<Index> sizes = shape;
    if (!conventions.reversed) return sizes;
    std::reverse(sizes.begin(), sizes.end());
    // A vector of MATLAB lies along rows or columns; either way it is one number a sample.
    if (sizes.size() == 2 && sizes[0] == 1) std::swap(sizes[0], sizes[1]);
    return sizes;
}

void read_rows(const OpenDataset& dataset, Index first, Index count, double* values) {
    start();
    if (!dataset.chunk.empty()) return read_chunks(dataset, first, count, values);
    const std::size_t rank = dataset.shape.size();
    std::array<hsize_t, kLargestRank> start{}, size{};
    std::copy(dataset.shape.begin(), dataset.shape.end(), size.begin());
    start[0] = static_cast<hsize_t>(first);
    size[0] = static_cast<hsize_t>(count);
    const Handle there(H5Dget_space(dataset.object), H5Sclose, Failure::data, "read its shape");
    check(H5Sselect_hyperslab(there, H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr),
          Failure::data, "choose its rows");
    const Handle here(H5Screate_simple(static_cast<int>(rank), size.data(), nullptr), H5Sclose,
                      Failure::data, "choose its rows");
    check(H5Dread(dataset.object, H5T_NATIVE_DOUBLE, here, there, H5P_DEFAULT, values),
          Failure::data, "read");
}

bool has_dataset(Id file, const std::string& name) {
    // H5Lexists is defined only when all groups before the last step exist.
    for (std::size_t end = 0; end != std::string::npos && end < name.size();) {
        end = name.find('/', end + 1);
        const auto step = name.substr(0, end);
        if (step.empty() || step == "/") continue;
        const bool found = H5Lexists(file, step.c_str(), H5P_DEFAULT) > 0 &&
                           H5Oexists_by_name(file, step.c_str(), link_access()) > 0;
        H5Eclear2(H5E_DEFAULT);
        if (!found) return false;
    }
    return H5Iget_type(open_object(file, name)) == H5I_DATASET;
}

}  // namespace si::hdf5
