#include "si/io/posix.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "si/base/text.hpp"

namespace si {
namespace {

constexpr std::size_t kBlock = 1 << 20;
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
        const auto got = ::read(from, buffer.data(), buffer.size());
        reading = true;
        if (got == 0) return true;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        reading = false;
        if (!write_all(to, {buffer.data(), static_cast<std::size_t>(got)})) return false;
    }
}

Descriptor create_unique(const std::string& prefix, std::string& path) {
    static std::atomic<unsigned> count = 0;
    while (true) {
        path = text(prefix, ".", ::getpid(), "-", ++count, ".tmp");
        const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        // Another host may have the same process number on a shared disk.
        if (fd >= 0 || errno != EEXIST) return Descriptor(fd);
    }
}

std::string temporary_directory() {
    const char* given = std::getenv("TMPDIR");
    return given != nullptr && *given != '\0' ? given : "/tmp";
}

}  // namespace si
