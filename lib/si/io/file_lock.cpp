#include "si/io/file_lock.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace si {
namespace {

constexpr std::string_view kHolder = "process ";

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "an unknown host";
}

/// What the lock says of its holder: "process 123 on host a".
std::string holder_in(const Descriptor& lock) {
    std::string said(300, '\0');
    const auto got = read_fully_at(lock.get(), 0, said.data(), said.size());
    said.resize(static_cast<std::size_t>(std::max<std::ptrdiff_t>(got, 0)));
    return said.substr(0, said.find('\n'));
}

/// False, with errno set, when it is not ours.
bool take(const Descriptor& lock) {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return ::fcntl(lock.get(), F_SETLK, &whole) == 0;
}

/// False when the holder removed the name between our opening and our locking.
bool is_named(const Descriptor& lock, const std::string& path) {
    struct stat open {
    }, named{};
    return ::fstat(lock.get(), &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
           open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

}  // namespace

FileLock::FileLock(const std::string& file, Progress& progress) {
    const std::string path = file + ".lock";
    const auto refuse = [&](int reason) {
        throw Error(kind_of(reason, Failure::create),
                    text(path, ": cannot create: ", errno_text(reason)));
    };
    do {
        constexpr int kHow = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
        lock_ = Descriptor(::open(path.c_str(), kHow, 0666));
        if (!lock_) refuse(errno);
        const auto holder = holder_in(lock_);
        require(holder.empty() || holder.starts_with(kHolder), Failure::create, path,
                ": is there already, and is no lock; remove it, or choose another name for ", file);
        if (take(lock_)) continue;
        require(errno != EACCES && errno != EAGAIN, Failure::resource, file, ": is in use by ",
                holder.empty() ? "another process" : holder,
                "; give every run a file of its own, or wait for the end of that one");
        progress.aside(text(path, ": this disk has no locks (", errno_text(errno),
                            "), so nothing keeps other runs from ", file));
        break;
    } while (!is_named(lock_, path));
    name_ = Leftover(path);
    const auto said = text(kHolder, ::getpid(), " on host ", host_name(), "\n");
    if (::ftruncate(lock_.get(), 0) != 0 || !write_all_at(lock_.get(), 0, said)) refuse(errno);
}

}  // namespace si
