#include "si/io/input_file.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "si/base/error.hpp"
#include "si/base/ranks.hpp"

namespace si {
namespace {

[[noreturn]] void fail(Failure kind, std::string_view name, std::string_view doing = "") {
    throw Error(kind_of(errno, kind), text(name, ": ", doing, errno_text(errno)));
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
        require(!ranks().several(), Failure::usage,
                "standard input ('-') reaches one rank only; give a file that all can read");
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
      front_(std::move(from.front_)),
      taken_(from.taken_) {}

InputFile::~InputFile() = default;

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

bool InputFile::arrives() const {
    return path_ == "-" || !S_ISREG(status_of(file_, name_).st_mode);
}

const std::string& InputFile::front() {
    if (!front_.empty()) return front_;
    widen_pipe(file_.get());
    front_.resize(kFront);
    const auto got = read_fully(file_.get(), front_.data(), kFront);
    if (got < 0) fail(Failure::input, name_);
    front_.resize(static_cast<std::size_t>(got));
    return front_;
}

std::size_t InputFile::read(char* to, std::size_t count) {
    const std::size_t ready = std::min(count, front_.size() - taken_);
    std::memcpy(to, front_.data() + taken_, ready);
    taken_ += ready;
    if (ready == count) return count;
    const auto got = read_fully(file_.get(), to + ready, count - ready);
    if (got < 0) fail(Failure::input, name_);
    return ready + static_cast<std::size_t>(got);
}

void InputFile::make_seekable() {
    if (!arrives()) return;
    const std::string copy = text("temporary file in ", temporary_directory());
    Descriptor to = create_nameless();
    if (!to) fail(Failure::create, copy, "cannot create: ");
    path_.clear();
    bool reading = false;
    if (!write_all(to.get(), front_) || !copy_all(file_.get(), to.get(), reading)) {
        if (reading) fail(Failure::input, name_);
        fail(Failure::io, copy, "cannot write: ");
    }
    file_ = std::move(to);
    if (::lseek(file_.get(), 0, SEEK_SET) != 0) fail(Failure::io, copy, "cannot read again: ");
}

std::string InputFile::peek(std::size_t offset, std::size_t count) const {
    std::string bytes(count, '\0');
    const auto got = read_fully_at(file_.get(), offset, bytes.data(), count);
    if (got < 0) fail(Failure::input, name_);
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
}

void InputFile::read_at(std::uint64_t place, char* to, std::size_t count) const {
    const auto got = read_fully_at(file_.get(), place, to, count);
    if (got < 0) fail(Failure::input, name_);
    require(static_cast<std::size_t>(got) == count, Failure::data, name_,
            ": has become shorter while it was read");
}

std::size_t InputFile::size() const {
    return static_cast<std::size_t>(status_of(file_, name_).st_size);
}

std::string read_file(const std::string& spelling, std::size_t limit) {
    return InputFile(spelling).read_all(limit);
}

}  // namespace si
