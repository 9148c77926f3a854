#include "si/io/atomic_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "si/base/error.hpp"

namespace si {
namespace {

[[noreturn]] void fail(Failure kind, std::string_view name, std::string_view doing) {
    throw Error(kind_of(errno, kind), text(name, ": ", doing, ": ", errno_text(errno)));
}

/// Not all systems can flush a directory or a device; then there is nothing to wait for.
bool flush(int fd) {
    return ::fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
}

std::string beside(const std::string& destination) {
    const auto slash = destination.rfind('/');
    const auto name = slash == std::string::npos ? 0 : slash + 1;
    // Part of the name says whose file it is; all of it might be too long for the suffix.
    return text(destination.substr(0, name), ".", destination.substr(name, 100));
}

/// Where a link to what is not there yet leads, after as many links as the system follows.
std::string end_of_links(std::string path) {
    namespace fs = std::filesystem;
    std::error_code none;
    for (int k = 0; k < 40 && fs::is_symlink(fs::symlink_status(path, none)); ++k) {
        path = (fs::path(path).parent_path() / fs::read_symlink(path, none)).string();
    }
    return path;
}

}  // namespace

AtomicFile::AtomicFile(const std::string& destination, Content content)
    : name_(destination), destination_(destination), to_stdout_(destination == "-") {
    std::string prefix;
    struct stat old {};
    bool replaces = false;
    if (to_stdout_) {
        name_ = "standard output";
        if (::fcntl(STDOUT_FILENO, F_GETFD) < 0) fail(Failure::create, name_, "cannot write");
        require(content == Content::text || ::isatty(STDOUT_FILENO) == 0, Failure::usage,
                "standard output is a terminal; use -o FILE or a pipe");
    } else if (::stat(destination.c_str(), &old) != 0) {
        if (errno != ENOENT) fail(Failure::create, name_, "cannot create");
        if (destination.empty()) fail(Failure::create, "''", "cannot create");
        destination_ = end_of_links(destination);
        prefix = beside(destination_);
    } else if (S_ISREG(old.st_mode)) {
        if (::access(destination.c_str(), W_OK) != 0) fail(Failure::create, name_, "cannot write");
        std::error_code failed;
        destination_ = std::filesystem::canonical(destination, failed).string();
        if (failed) destination_ = destination;
        prefix = beside(destination_);
        replaces = true;
    } else {
        target_ = Descriptor(::open(destination.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
        if (!target_) fail(Failure::create, name_, "cannot write");
    }
    file_ = sends() ? create_nameless() : create_unique(prefix, temporary_);
    if (!file_) {
        const auto place = text("temporary file in ", temporary_directory());
        fail(Failure::create, sends() ? place : name_, "cannot create");
    }
    // Bits that let a program run as somebody else were given to the old contents alone.
    if (replaces) static_cast<void>(::fchmod(file_.get(), old.st_mode & 0777));
}

void AtomicFile::write(std::string_view bytes) {
    if (write_all(file_.get(), bytes)) return;
    fail(Failure::io, sends() ? "temporary file" : name_, "cannot write");
}

int AtomicFile::receiver() const { return to_stdout_ ? STDOUT_FILENO : target_.get(); }

void AtomicFile::write_at(std::uint64_t place, std::string_view bytes) {
    if (!std::exchange(placed_, true) && sends()) widen_pipe(receiver());
    if (sends() && place == sent_) {
        if (!write_all(receiver(), bytes)) fail(Failure::io, name_, "cannot write");
        sent_ += bytes.size();
        return send_what_waits();
    }
    if (!write_all_at(file_.get(), place, bytes)) {
        fail(Failure::io, sends() ? "temporary file" : name_, "cannot write");
    }
    if (!sends()) return;
    auto& end = waiting_[place];
    require(end == 0, Failure::internal, name_, ": a place is written twice");
    end = place + bytes.size();
    if (const auto at = waiting_.find(place); at != waiting_.begin()) {
        if (const auto before = std::prev(at); before->second == place) {
            before->second = end;
            waiting_.erase(at);
        }
    }
}

void AtomicFile::send_what_waits() {
    while (!waiting_.empty() && waiting_.begin()->first == sent_) {
        const auto end = waiting_.begin()->second;
        bool reading = true;
        if (::lseek(file_.get(), static_cast<off_t>(sent_), SEEK_SET) < 0 ||
            !copy_some(file_.get(), receiver(), end - sent_, reading)) {
            fail(Failure::io, reading ? "temporary file" : name_, "cannot write");
        }
        sent_ = end;
        waiting_.erase(waiting_.begin());
    }
}

void AtomicFile::commit() {
    if (sends()) {
        copy_to_target();
    } else {
        put_in_place();
    }
}

void AtomicFile::copy_to_target() {
    const int to = receiver();
    if (placed_) {
        require(waiting_.empty(), Failure::internal, name_, ": a place was left out");
    } else {
        bool reading = true;
        if (::lseek(file_.get(), 0, SEEK_SET) != 0 || !copy_all(file_.get(), to, reading)) {
            fail(Failure::io, reading ? "temporary file" : name_, "cannot write");
        }
    }
    if (!flush(to)) fail(Failure::io, name_, "cannot write");
    if (!file_.close() || (target_ && !target_.close())) fail(Failure::io, name_, "cannot write");
}

void AtomicFile::put_in_place() {
    if (!flush(file_.get())) fail(Failure::io, name_, "cannot write");
    if (!file_.close()) fail(Failure::io, name_, "cannot write");
    const auto slash = destination_.rfind('/');
    const auto folder = slash == std::string::npos ? "." : destination_.substr(0, slash + 1);
    const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (::rename(temporary_.path(), destination_.c_str()) != 0) {
        fail(Failure::io, name_, "cannot replace");
    }
    temporary_.release();
    // A directory that may be written but not read cannot be flushed; the file is in place.
    if (directory && !flush(directory.get())) fail(Failure::io, name_, "cannot write");
}

void write_file(const std::string& destination, std::string_view bytes, Content content) {
    AtomicFile file(destination, content);
    file.write(bytes);
    file.commit();
}

}  // namespace si
