#include "si/io/zip.hpp"

#include <limits>

#include <zlib.h>

#include "si/base/error.hpp"

namespace si {
namespace {

constexpr std::uint16_t kZipVersion = 20, kDay = 0x21;  // 1980-01-01

template <class T>
void put(std::string& to, T value) {
    for (std::size_t k = 0; k < sizeof(T); ++k) {
        to += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * k) & 0xff);
    }
}

/// What a file's own header and its line in the directory have in common.
std::string description(const std::string& name, std::string_view bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    std::string out;
    put<std::uint16_t>(out, kZipVersion);
    put<std::uint16_t>(out, 0);  // flags
    put<std::uint16_t>(out, 0);  // stored
    put<std::uint16_t>(out, 0);  // midnight
    put<std::uint16_t>(out, kDay);
    const auto* from = reinterpret_cast<const Bytef*>(bytes.data());
    put<std::uint32_t>(out, static_cast<std::uint32_t>(::crc32_z(0, from, bytes.size())));
    put<std::uint32_t>(out, size);
    put<std::uint32_t>(out, size);
    put<std::uint16_t>(out, static_cast<std::uint16_t>(name.size()));
    put<std::uint16_t>(out, 0);  // nothing extra
    return out;
}

}  // namespace

void Zip::add(const std::string& name, std::string_view bytes) {
    constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
    const std::size_t place = archive_.size();
    require(bytes.size() < kMost && place + bytes.size() + 2 * name.size() + 1000 < kMost,
            Failure::data, "does not fit: a zip archive of this form ends at 4 GB");
    const std::string about = description(name, bytes);
    archive_ += "PK\x03\x04" + about + name;
    archive_ += bytes;
    directory_ += "PK\x01\x02";
    put<std::uint16_t>(directory_, kZipVersion);  // made by
    directory_ += about;
    put<std::uint16_t>(directory_, 0);  // no comment
    put<std::uint16_t>(directory_, 0);  // disk
    put<std::uint16_t>(directory_, 0);  // binary
    put<std::uint32_t>(directory_, 0);  // attributes
    put<std::uint32_t>(directory_, static_cast<std::uint32_t>(place));
    directory_ += name;
    ++files_;
}

std::string Zip::finish() {
    const auto place = static_cast<std::uint32_t>(archive_.size());
    archive_ += directory_ + "PK\x05\x06";
    put<std::uint32_t>(archive_, 0);  // disks
    put<std::uint16_t>(archive_, files_);
    put<std::uint16_t>(archive_, files_);
    put<std::uint32_t>(archive_, static_cast<std::uint32_t>(directory_.size()));
    put<std::uint32_t>(archive_, place);
    put<std::uint16_t>(archive_, 0);  // no comment
    return std::move(archive_);
}

}  // namespace si
