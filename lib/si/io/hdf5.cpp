#include "si/io/hdf5.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <type_traits>

#include <hdf5.h>

#include "si/io/posix.hpp"

namespace si::hdf5 {
namespace {

static_assert(std::is_same_v<Id, hid_t>);

/// The last record visited is the deepest one, where the cause is.
herr_t keep_description(unsigned, const H5E_error2_t* record, void* to) {
    if (record->desc != nullptr && *record->desc != '\0') {
        *static_cast<std::string*>(to) = record->desc;
    }
    return 0;
}

std::string between(const std::string& text, std::string_view from, std::string_view to) {
    const auto start = text.find(from);
    if (start == std::string::npos) return {};
    const auto first = start + from.size();
    return text.substr(first, text.find(to, first) - first);
}

/// The deepest record of the error stack, as the library words it.
std::string take_record() {
    std::string record;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_description, &record);
    H5Eclear2(H5E_DEFAULT);
    return record;
}

std::string reason_in(std::string record) {
    if (const auto message = between(record, "error message = '", "'"); !message.empty()) {
        return message;
    }
    for (char& c : record) {
        if (c == '\n') c = ' ';
    }
    return record.empty() ? "unknown reason" : shortened(record, 160);
}

bool locks_are_missing(const std::string& record) {
    constexpr int kNotSupportedOnNfs = 524;  // ENOTSUPP, which leaks out of the kernel
    const auto number = between(record, "unable to lock file, errno = ", ",");
    for (const int missing : {ENOSYS, ENOLCK, EOPNOTSUPP, kNotSupportedOnNfs}) {
        if (number == to_text(missing)) return true;
    }
    return false;
}

Handle access_list(bool locking) {
    Handle list(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, Failure::internal, "prepare access");
    check(H5Pset_fclose_degree(list, H5F_CLOSE_STRONG), Failure::internal, "prepare access");
    // With the variable set, the library follows the variable.
    if (std::getenv("HDF5_USE_FILE_LOCKING") == nullptr) {
        check(H5Pset_file_locking(list, locking, true), Failure::internal, "prepare access");
    }
    return list;
}

/// The types that are read, in both byte orders. A function, since HDF5 makes them at run time.
struct Types {
    std::array<std::array<hid_t, 2>, 10> rows{{{H5T_STD_I8LE, H5T_STD_I8BE},
                                               {H5T_STD_I16LE, H5T_STD_I16BE},
                                               {H5T_STD_I32LE, H5T_STD_I32BE},
                                               {H5T_STD_I64LE, H5T_STD_I64BE},
                                               {H5T_STD_U8LE, H5T_STD_U8BE},
                                               {H5T_STD_U16LE, H5T_STD_U16BE},
                                               {H5T_STD_U32LE, H5T_STD_U32BE},
                                               {H5T_STD_U64LE, H5T_STD_U64BE},
                                               {H5T_IEEE_F32LE, H5T_IEEE_F32BE},
                                               {H5T_IEEE_F64LE, H5T_IEEE_F64BE}}};
};

const Types& types() {
    start();
    static const Types all;
    return all;
}

}  // namespace

void start() {
    static std::once_flag once;
    std::call_once(once, [] {
        H5dont_atexit();
        H5open();
    });
    // Every thread has a stack of errors of its own, which prints itself unless told not to.
    thread_local const bool quiet = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
    static_cast<void>(quiet);
}

std::string last_error() { return reason_in(take_record()); }

void check(std::int64_t result, Failure kind, std::string_view doing) {
    if (result < 0) throw Error(kind, text("cannot ", doing, ": ", last_error()));
}

Handle::Handle(Id id, Close closer, Failure kind, std::string_view doing)
    : id_(id), close_(closer) {
    check(id, kind, doing);
}

Handle::~Handle() {
    if (id_ >= 0 && close_(id_) < 0) H5Eclear2(H5E_DEFAULT);
}

void Handle::close(Failure kind, std::string_view doing) {
    check(close_(std::exchange(id_, -1)), kind, doing);
}

Handle open_file(const std::string& path) {
    start();
    Handle access = access_list(true);
    Id id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access);
    if (id < 0) {
        const auto record = take_record();
        const bool unlockable = locks_are_missing(record);
        require(unlockable || !record.starts_with("unable to lock file"), Failure::data,
                "is being written by another process (it holds the HDF5 lock)");
        // The library's advice, to clear the mark of the writer, would break a running recording.
        require(
            record.find("already open for write") == std::string::npos, Failure::data,
            "is being written by another process, or one that wrote it was killed; read it when "
            "it is closed");
        for (const int number : {EMFILE, ENFILE, ENOMEM}) {
            require(record.find(text("errno = ", number, ",")) == std::string::npos,
                    Failure::resource, errno_text(number));
        }
        // It may have been removed since it was looked at.
        std::error_code failed;
        require(std::filesystem::exists(path, failed), Failure::input,
                errno_text(failed ? failed.value() : ENOENT));
        require(unlockable, Failure::data, "damaged HDF5 file: ", reason_in(record));
        access = access_list(false);
        id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access);
    }
    return {id, H5Fclose, Failure::data, "open"};
}

TypeAnswer element_type(Id datatype) {
    const auto& rows = types().rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (const bool big : {false, true}) {
            if (H5Tequal(datatype, rows[i][big ? 1 : 0]) > 0) {
                const auto type = static_cast<ElementType>(i);
                return {true, type, std::string(to_text(type)), big};
            }
        }
    }
    const auto bits = 8 * H5Tget_size(datatype);
    switch (H5Tget_class(datatype)) {
        case H5T_FLOAT:
            return {false, {}, text(bits, "-bit float"), false};
        case H5T_INTEGER:
            return {false, {}, text(bits, "-bit integer"), false};
        case H5T_STRING:
            return {false, {}, "text", false};
        case H5T_COMPOUND:
            return {false, {}, "compound (complex numbers or records)", false};
        case H5T_ENUM:
            return {false, {}, "enumeration (booleans)", false};
        case H5T_VLEN:
            return {false, {}, "lists of varying length", false};
        default:
            return {false, {}, "another type", false};
    }
}

Id file_type(ElementType type) { return types().rows[static_cast<std::size_t>(type)][0]; }

}  // namespace si::hdf5
