#include "si/io/posix.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "si/base/error.hpp"

namespace si {
namespace {

constexpr std::size_t kBlock = 1 << 20;
constexpr std::size_t kMostOfChild = 1 << 24;
constexpr std::size_t kLargestCall = 1 << 30;  // Linux moves less than 2 GiB at a time

}  // namespace

std::string errno_text(int number) { return std::generic_category().message(number); }

Descriptor::Descriptor(int fd) : fd_(fd) {
    if (fd < 0 || fd > 2) return;
    fd_ = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    const int saved = errno;
    ::close(fd);
    errno = saved;
}

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

bool Descriptor::close() { return ::close(std::exchange(fd_, -1)) == 0; }

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), std::min(bytes.size(), kLargestCall));
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool write_all_at(int fd, std::uint64_t place, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::pwrite(fd, bytes.data(), std::min(bytes.size(), kLargestCall),
                                      static_cast<off_t>(place));
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
            place += static_cast<std::uint64_t>(written);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

namespace {

template <class Read>
std::ptrdiff_t fully(std::size_t count, Read&& read) {
    std::size_t used = 0;
    while (used < count) {
        const auto got = read(used, std::min(count - used, kLargestCall));
        if (got == 0) break;
        if (got > 0) {
            used += static_cast<std::size_t>(got);
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return static_cast<std::ptrdiff_t>(used);
}

}  // namespace

std::ptrdiff_t read_fully(int fd, char* to, std::size_t count) {
    return fully(count,
                 [&](std::size_t at, std::size_t most) { return ::read(fd, to + at, most); });
}

std::ptrdiff_t read_fully_at(int fd, std::uint64_t place, char* to, std::size_t count) {
    return fully(count, [&](std::size_t at, std::size_t most) {
        return ::pread(fd, to + at, most, static_cast<off_t>(place + at));
    });
}

void widen_pipe(int fd) { static_cast<void>(::fcntl(fd, F_SETPIPE_SZ, 1 << 20)); }

bool read_up_to(int fd, std::size_t limit, std::string& out) {
    std::size_t used = out.size();
    const std::size_t end = used + limit;
    std::size_t block = kBlock;
    while (used < end) {
        if (used == out.size()) {
            out.resize(used + std::min(block, end - used));
            block = std::min(2 * block, kLargestCall);
        }
        const auto got = ::read(fd, out.data() + used, std::min(out.size() - used, kLargestCall));
        if (got == 0) break;
        if (got > 0) {
            used += static_cast<std::size_t>(got);
        } else if (errno != EINTR) {
            return false;
        }
    }
    out.resize(used);
    return true;
}

bool copy_all(int from, int to, bool& reading) {
    std::vector<char> buffer(kBlock);
    while (true) {
        reading = true;
        const auto got = read_fully(from, buffer.data(), buffer.size());
        if (got <= 0) return got == 0;
        reading = false;
        if (!write_all(to, {buffer.data(), static_cast<std::size_t>(got)})) return false;
    }
}

bool copy_some(int from, int to, std::uint64_t count, bool& reading) {
    std::vector<char> buffer(kBlock);
    while (count > 0) {
        reading = true;
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(count, kBlock));
        const auto got = read_fully(from, buffer.data(), size);
        if (got >= 0 && got < static_cast<std::ptrdiff_t>(size)) errno = EIO;
        if (got < static_cast<std::ptrdiff_t>(size)) return false;
        reading = false;
        if (!write_all(to, {buffer.data(), size})) return false;
        count -= size;
    }
    return true;
}

Failure kind_of(int number, Failure otherwise) {
    const bool exhausted = number == EMFILE || number == ENFILE || number == ENOMEM;
    return exhausted ? Failure::resource : otherwise;
}

namespace {

Descriptor create(const std::string& prefix, Leftover& name, mode_t mode) {
    static std::atomic<unsigned> count = 0;
    while (true) {
        name = Leftover(text(prefix, ".", ::getpid(), "-", ++count, ".tmp"));
        const int fd = ::open(name.path(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0) return Descriptor(fd);
        const int failure = errno;
        name.release();
        errno = failure;
        // Another host may have the same process number on a shared disk.
        if (failure != EEXIST) return {};
    }
}

}  // namespace

Descriptor create_unique(const std::string& prefix, Leftover& name) {
    return create(prefix, name, 0666);
}

Descriptor create_nameless() {
    Leftover name;
    Descriptor file = create(temporary_directory() + "/.si", name, 0600);
    const int failure = errno;
    name.remove();
    errno = failure;
    return file;
}

std::string in_child(const std::function<std::string()>& body) {
    int ends[2];
    require(::pipe2(ends, O_CLOEXEC) == 0, Failure::resource, "pipe: ", errno_text(errno));
    Descriptor from(ends[0]), to(ends[1]);
    const pid_t child = ::fork();
    require(child >= 0, Failure::resource, "fork: ", errno_text(errno));
    if (child == 0) {
        // A core dump or a handler of the parent would make a matter of it that it is not.
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE}) std::signal(signal, SIG_DFL);
        int status = 1;
        try {
            if (write_all(to.get(), body())) status = 0;
        } catch (const Error& error) {
            write_all(to.get(), error.what());
        } catch (...) {
        }
        ::_exit(status);
    }
    to.close();
    std::string said;
    const bool read = read_up_to(from.get(), kMostOfChild, said);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    require(read && WIFEXITED(status), Failure::data, "is damaged");
    require(WEXITSTATUS(status) == 0, Failure::data, said);
    return said;
}

std::string temporary_directory() {
    const char* given = std::getenv("TMPDIR");
    return given != nullptr && *given != '\0' ? given : "/tmp";
}

}  // namespace si
