#include "si/io/input_file.hpp"

#include <atomic>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "si/base/error.hpp"

namespace si {
namespace {

[[noreturn]] void fail(Failure kind, std::string_view name, std::string_view doing = "") {
    throw Error(kind, text(name, ": ", doing, errno_text(errno)));
}

struct stat status_of(const Descriptor& file, std::string_view name) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) fail(Failure::input, name);
    return status;
}

}  // namespace

InputFile::InputFile(const std::string& spelling) : name_(spelling), path_(spelling) {
    if (spelling == "-") {
        static std::atomic<bool> taken = false;
        require(!taken.exchange(true), Failure::usage,
                "standard input ('-') can be only one of the inputs");
        name_ = "standard input";
        file_ = Descriptor(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    } else {
        file_ = Descriptor(::open(spelling.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    }
    if (!file_) fail(Failure::input, name_);
    if (S_ISDIR(status_of(file_, name_).st_mode)) {
        errno = EISDIR;
        fail(Failure::input, name_);
    }
}

InputFile::InputFile(InputFile&& from) noexcept
    : name_(std::move(from.name_)),
      path_(std::move(from.path_)),
      file_(std::move(from.file_)),
      temporary_(std::exchange(from.temporary_, false)) {}

InputFile::~InputFile() { forget_name(); }

std::string InputFile::read_all(std::size_t limit) {
    std::string bytes;
    const auto status = status_of(file_, name_);
    if (S_ISREG(status.st_mode)) {
        const auto size = static_cast<std::size_t>(status.st_size);
        require(size <= limit, Failure::data, name_, ": larger than ", limit, " bytes");
        bytes.reserve(size + 1);
    }
    // One byte more than allowed tells a file that fits from one that does not.
    if (!read_up_to(file_.get(), limit + 1, bytes)) fail(Failure::input, name_);
    require(bytes.size() <= limit, Failure::data, name_, ": larger than ", limit, " bytes");
    return bytes;
}

void InputFile::make_seekable() {
    if (path_ != "-" && S_ISREG(status_of(file_, name_).st_mode)) return;
    std::string copy;
    Descriptor to = create_unique(temporary_directory() + "/.si", copy);
    if (!to) fail(Failure::create, copy, "cannot create: ");
    path_ = copy;
    temporary_ = true;
    bool reading = true;
    if (!copy_all(file_.get(), to.get(), reading)) {
        if (reading) fail(Failure::input, name_);
        fail(Failure::io, copy, "cannot write: ");
    }
    file_ = std::move(to);
    if (::lseek(file_.get(), 0, SEEK_SET) != 0) fail(Failure::io, copy, "cannot read again: ");
}

std::string InputFile::peek(std::size_t offset, std::size_t count) const {
    std::string bytes(count, '\0');
    std::size_t used = 0;
    while (used < count) {
        const auto got = ::pread(file_.get(), bytes.data() + used, count - used,
                                 static_cast<off_t>(offset + used));
        if (got == 0) break;
        if (got < 0 && errno != EINTR) fail(Failure::input, name_);
        if (got > 0) used += static_cast<std::size_t>(got);
    }
    bytes.resize(used);
    return bytes;
}

std::size_t InputFile::size() const {
    return static_cast<std::size_t>(status_of(file_, name_).st_size);
}

void InputFile::forget_name() {
    if (std::exchange(temporary_, false)) ::unlink(path_.c_str());
}

std::string read_file(const std::string& spelling, std::size_t limit) {
    return InputFile(spelling).read_all(limit);
}

}  // namespace si
