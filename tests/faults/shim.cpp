// A library for LD_PRELOAD that lets one call fail: FAULT=CALL:N:HOW, where the N-th CALL of the
// process (write, fsync, close, rename, link, ftruncate, malloc; pwrite is a write) fails with HOW,
// which is EIO, ENOSPC, EINTR, ENOMEM, what link() says where there is none, or SHORT for half of
// the bytes. "write:3+:EIO" lets all fail from the third on. When it does, the file FAULT_MARK is
// made, so that a test can count to the last.

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

constexpr int kShort = -1;

struct Plan {
    char call[16] = {};
    long number = 0;
    bool onwards = false;
    int how = EIO;
    const char* mark = nullptr;
};

int how_of(const char* word) {
    if (std::strcmp(word, "ENOSPC") == 0) return ENOSPC;
    if (std::strcmp(word, "EINTR") == 0) return EINTR;
    if (std::strcmp(word, "ENOMEM") == 0) return ENOMEM;
    if (std::strcmp(word, "EOPNOTSUPP") == 0) return EOPNOTSUPP;
    if (std::strcmp(word, "ENOSYS") == 0) return ENOSYS;
    if (std::strcmp(word, "EMLINK") == 0) return EMLINK;
    if (std::strcmp(word, "EXDEV") == 0) return EXDEV;
    if (std::strcmp(word, "EPERM") == 0) return EPERM;
    return std::strcmp(word, "SHORT") == 0 ? kShort : EIO;
}

/// Reads the environment without allocating, since malloc itself asks.
const Plan& plan() {
    static Plan made;
    static std::atomic<int> state{0};
    if (state.load() == 2) return made;
    if (state.exchange(1) == 1) return made;
    const char* word = std::getenv("FAULT");
    if (word != nullptr) {
        const char* colon = std::strchr(word, ':');
        if (colon != nullptr && colon - word < 16) {
            std::memcpy(made.call, word, static_cast<std::size_t>(colon - word));
            char* end = nullptr;
            made.number = std::strtol(colon + 1, &end, 10);
            made.onwards = *end == '+';
            const char* last = std::strchr(end, ':');
            if (last != nullptr) made.how = how_of(last + 1);
        }
        made.mark = std::getenv("FAULT_MARK");
    }
    state = 2;
    return made;
}

/// 0, or how this call has to fail.
int verdict(const char* call) {
    const Plan& now = plan();
    if (now.number == 0 || std::strcmp(now.call, call) != 0) return 0;
    static std::atomic<long> count{0};
    const long number = ++count;
    if (number != now.number && !(now.onwards && number > now.number)) return 0;
    if (now.mark != nullptr) {
        const long fd = ::syscall(SYS_open, now.mark, O_WRONLY | O_CREAT, 0666);
        if (fd >= 0) ::syscall(SYS_close, fd);
    }
    return now.how;
}

bool failed(const char* call) {
    const int how = verdict(call);
    if (how > 0) errno = how;
    return how > 0;
}

/// Turns a plan into the number of bytes to move, or -1 for a failure.
long allowed(const char* call, std::size_t size) {
    const int how = verdict(call);
    if (how > 0) {
        errno = how;
        return -1;
    }
    return static_cast<long>(how == kShort && size > 1 ? size / 2 : size);
}

/// libhdf5 1.10 does not survive that its own allocations fail, and the C library ends the process
/// when it cannot note the destructor of a thread's variable, so those succeed.
#define refused() (!of_others(__builtin_return_address(0)) && failed("malloc"))

bool hdf5_starts = false;

bool holds(const char* name, const char* part) {
    return name != nullptr && std::strstr(name, part) != nullptr;
}

bool of_others(const void* caller) {
    if (plan().number == 0) return false;
    if (hdf5_starts) return true;
    Dl_info place{};
    return ::dladdr(caller, &place) != 0 && (holds(place.dli_fname, "libhdf5") ||
                                             holds(place.dli_sname, "__cxa_thread_atexit_impl"));
}

}  // namespace

extern "C" {

int H5open() {
    hdf5_starts = true;
    const auto real = reinterpret_cast<int (*)()>(::dlsym(RTLD_NEXT, "H5open"));
    const int status = real();
    hdf5_starts = false;
    return status;
}

ssize_t write(int fd, const void* from, std::size_t size) {
    const long some = allowed("write", size);
    return some < 0 ? -1 : ::syscall(SYS_write, fd, from, some);
}

ssize_t pwrite(int fd, const void* from, std::size_t size, off_t place) {
    const long some = allowed("write", size);
    return some < 0 ? -1 : ::syscall(SYS_pwrite64, fd, from, some, place);
}

ssize_t pwrite64(int fd, const void* from, std::size_t size, off64_t place) {
    return pwrite(fd, from, size, place);
}

int fsync(int fd) { return failed("fsync") ? -1 : static_cast<int>(::syscall(SYS_fsync, fd)); }

int close(int fd) {
    const bool fails = fd > 2 && failed("close");
    const int reason = errno;
    const long result = ::syscall(SYS_close, fd);  // a failing close has let go of the file too
    if (fails) errno = reason;
    return fails ? -1 : static_cast<int>(result);
}

int rename(const char* from, const char* to) {
    return failed("rename") ? -1 : static_cast<int>(::syscall(SYS_rename, from, to));
}

int link(const char* from, const char* to) {
    return failed("link") ? -1 : static_cast<int>(::syscall(SYS_link, from, to));
}

int ftruncate(int fd, off_t size) {
    return failed("ftruncate") ? -1 : static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}

void* malloc(std::size_t size) { return refused() ? nullptr : __libc_malloc(size); }

void* calloc(std::size_t count, std::size_t size) {
    return refused() ? nullptr : __libc_calloc(count, size);
}

void* realloc(void* from, std::size_t size) {
    return refused() ? nullptr : __libc_realloc(from, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return refused() ? nullptr : __libc_memalign(alignment, size);
}

int posix_memalign(void** to, std::size_t alignment, std::size_t size) {
    if (refused()) return ENOMEM;
    *to = __libc_memalign(alignment, size);
    return *to == nullptr ? ENOMEM : 0;
}

}  // extern "C"
