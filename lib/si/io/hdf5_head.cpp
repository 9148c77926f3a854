#include <algorithm>
#include <cstring>
#include <functional>
#include <new>

#include <hdf5.h>

#include "si/io/hdf5.hpp"
#include "si/io/posix.hpp"

// A driver of HDF5 for files of which only the head is at hand, because the rest is still on its
// way through a pipe, or will be written there by somebody else; and for files without a name.

namespace si::hdf5 {
namespace {

struct HeadFile {
    H5FD_t common;  // HDF5 looks at a file through this, so it comes first
    Head* head;
    haddr_t allocated;
};

HeadFile* file_of(H5FD_t* file) { return reinterpret_cast<HeadFile*>(file); }
const HeadFile* file_of(const H5FD_t* file) { return reinterpret_cast<const HeadFile*>(file); }

H5FD_t* open_driver(const char*, unsigned, hid_t access, haddr_t) {
    const void* info = H5Pget_driver_info(access);
    if (info == nullptr) return nullptr;
    auto* file = new (std::nothrow) HeadFile{};
    if (file == nullptr) return nullptr;
    std::memcpy(&file->head, info, sizeof(file->head));
    return &file->common;
}

herr_t close_driver(H5FD_t* file) {
    Head& head = *file_of(file)->head;
    if (head.whole < 0) head.end = file_of(file)->allocated;
    delete file_of(file);
    return 0;
}

int compare(const H5FD_t* a, const H5FD_t* b) {
    return std::less<>()(file_of(a)->head, file_of(b)->head)   ? -1
           : std::less<>()(file_of(b)->head, file_of(a)->head) ? 1
                                                               : 0;
}

/// No feature: nothing is gathered into larger pieces, so the head has no holes.
herr_t query(const H5FD_t*, unsigned long* flags) {
    *flags = 0;
    return 0;
}

haddr_t allocated(const H5FD_t* file, H5FD_mem_t) { return file_of(file)->allocated; }

herr_t set_allocated(H5FD_t* file, H5FD_mem_t, haddr_t end) {
    file_of(file)->allocated = end;
    Head& head = *file_of(file)->head;
    if (head.whole < 0) head.end = end;
    return 0;
}

/// Nobody knows how much there is to come; but a file without an end is none, and to be made.
haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t) {
    const Head& head = *file_of(file)->head;
    if (head.whole >= 0) return head.end;
    return head.made ? head.bytes.size() : file->maxaddr;
}

herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t place, std::size_t size, void* to) {
    Head& head = *file_of(file)->head;
    if (head.whole >= 0) {
        const auto got = read_fully_at(head.whole, place, static_cast<char*>(to), size);
        return got == static_cast<std::ptrdiff_t>(size) ? 0 : -1;
    }
    if (place > head.bytes.size() || size > head.bytes.size() - place) {
        head.beyond = true;
        return -1;
    }
    std::memcpy(to, head.bytes.data() + place, size);
    return 0;
}

herr_t write(H5FD_t* file, H5FD_mem_t type, hid_t, haddr_t place, std::size_t size,
             const void* from) {
    constexpr haddr_t kLargest = 1 << 26;
    if (type == H5FD_MEM_DRAW) return 0;
    if (place > kLargest || size > kLargest) return -1;
    std::string& bytes = file_of(file)->head->bytes;
    if (bytes.size() < place + size) bytes.resize(place + size);
    std::memcpy(bytes.data() + place, from, size);
    return 0;
}

hid_t driver() {
    start();
    static const hid_t registered = [] {
        static H5FD_class_t row{};
        row.name = "si_head";
        row.maxaddr = ~haddr_t{0} >> 2;
        row.fc_degree = H5F_CLOSE_STRONG;
        row.fapl_size = sizeof(Head*);
        row.open = open_driver;
        row.close = close_driver;
        row.cmp = compare;
        row.query = query;
        row.get_eoa = allocated;
        row.set_eoa = set_allocated;
        row.get_eof = end_of_file;
        row.read = read;
        row.write = write;
        const H5FD_mem_t kinds[] = H5FD_FLMAP_DICHOTOMY;
        std::copy(std::begin(kinds), std::end(kinds), row.fl_map);
        return H5FDregister(&row);
    }();
    check(registered, Failure::internal, "register a driver");
    return registered;
}

Handle access_by(Head& head) {
    const hid_t by = driver();
    Handle list(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, Failure::internal, "prepare access");
    Head* const where = &head;
    check(H5Pset_driver(list, by, &where), Failure::internal, "prepare access");
    return list;
}

}  // namespace

Handle open_head(Head& head) {
    return {H5Fopen("head", H5F_ACC_RDONLY, access_by(head)), H5Fclose, Failure::data,
            "read its head"};
}

Handle open_nameless(Head& file) {
    const Handle access = access_by(file);  // to close it would clear the reason of a failure
    const Id id = H5Fopen("input", H5F_ACC_RDONLY, access);
    require(id >= 0, Failure::data, "damaged HDF5 file: ", last_error());
    return {id, H5Fclose, Failure::data, "open"};
}

Handle create_head(Head& head) {
    const Handle access = access_by(head);
    head.made = true;
    const Handle made(H5Pcreate(H5P_FILE_CREATE), H5Pclose, Failure::internal, "prepare creation");
    check(H5Pset_obj_track_times(made, false), Failure::internal, "prepare creation");
    return {H5Fcreate("head", H5F_ACC_TRUNC, made, access), H5Fclose, Failure::internal, "create"};
}

std::uint64_t place(Id dataset) {
    // The first number that is written brings the place, and the driver forgets the number.
    const Handle there(H5Dget_space(dataset), H5Sclose, Failure::internal, "place a dataset");
    const hsize_t one = 1;
    const Handle here(H5Screate_simple(1, &one, nullptr), H5Sclose, Failure::internal,
                      "place a dataset");
    const int rank = H5Sget_simple_extent_ndims(there);
    const std::vector<hsize_t> start(static_cast<std::size_t>(std::max(rank, 0)), 0),
        size(start.size(), 1);
    check(H5Sselect_hyperslab(there, H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr),
          Failure::internal, "place a dataset");
    const double number = 0;
    check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, here, there, H5P_DEFAULT, &number),
          Failure::internal, "place a dataset");
    const auto offset = H5Dget_offset(dataset);
    require(offset != HADDR_UNDEF, Failure::internal, "a dataset has no place");
    return offset;
}

}  // namespace si::hdf5
