#include "si/base/leftover.hpp"

#include <array>
#include <atomic>
#include <cstring>

#include <unistd.h>

namespace si {
namespace {

/// More files than a program has open at a time; others are removed by destructors alone.
std::array<std::atomic<const char*>, 32> names{};

/// Whether `from` was there.
bool exchange(const char* from, const char* to) {
    for (auto& name : names) {
        const char* expected = from;
        if (name.compare_exchange_strong(expected, to)) return true;
    }
    return false;
}

}  // namespace

Leftover::Leftover(const std::string& path) : path_(new char[path.size() + 1]) {
    std::memcpy(path_.get(), path.c_str(), path.size() + 1);
    exchange(nullptr, path_.get());
}

Leftover::Leftover(Leftover&& other) noexcept = default;

Leftover& Leftover::operator=(Leftover&& other) noexcept {
    remove();
    path_ = std::move(other.path_);
    return *this;
}

void Leftover::remove() noexcept {
    if (path_) ::unlink(path_.get());
    release();
}

void Leftover::release() noexcept {
    // What is not in the table may be in the hands of a signal handler, which still reads it.
    if (path_ && !exchange(path_.get(), nullptr)) static_cast<void>(path_.release());
    path_.reset();
}

void remove_leftovers() noexcept {
    for (auto& name : names) {
        if (const char* path = name.exchange(nullptr)) ::unlink(path);
    }
}

}  // namespace si
