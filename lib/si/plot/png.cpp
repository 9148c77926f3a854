#include <array>
#include <cctype>

#include <zlib.h>

#include "si/base/error.hpp"
#include "si/plot/drawing.hpp"

namespace si::plot {
namespace {

std::string big_endian(std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFFU);
    return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
    const std::string body = type + data;
    const auto sum =
        crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    return big_endian(static_cast<std::uint32_t>(data.size())) + body +
           big_endian(static_cast<std::uint32_t>(sum));
}

}  // namespace

std::string png(const Bitmap& bitmap) {
    const Index line = bitmap.width * bitmap.channels;
    std::string rows;
    for (Index y = 0; y < bitmap.height; ++y) {
        rows += '\0';  // no filter
        rows.append(reinterpret_cast<const char*>(bitmap.levels.data() + y * line),
                    static_cast<std::size_t>(line));
    }
    uLongf size = compressBound(static_cast<uLong>(rows.size()));
    std::string packed(size, '\0');
    const int status = compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                                 reinterpret_cast<const Bytef*>(rows.data()),
                                 static_cast<uLong>(rows.size()), Z_BEST_COMPRESSION);
    require(status == Z_OK, Failure::resource, "cannot compress a picture");
    packed.resize(size);
    std::string header = big_endian(static_cast<std::uint32_t>(bitmap.width)) +
                         big_endian(static_cast<std::uint32_t>(bitmap.height));
    header += '\x08';                                // bits a channel
    header += bitmap.channels == 3 ? '\x02' : '\0';  // RGB or grey
    header += std::string(3, '\0');                  // deflate, no filter method, not interlaced
    return "\x89PNG\r\n\x1A\n" + chunk("IHDR", header) + chunk("IDAT", packed) + chunk("IEND", "");
}

std::string pgm(const Bitmap& bitmap) {
    return text("P5\n", bitmap.width, " ", bitmap.height, "\n255\n") +
           std::string(bitmap.levels.begin(), bitmap.levels.end());
}

namespace {

constexpr auto kFormats = std::to_array<PictureFormat>({
    {".png", [](const Drawing& drawing, double scale,
                Theme theme) { return png(raster(drawing, scale, theme)); }},
    {".svg", [](const Drawing& drawing, double, Theme theme) { return svg(drawing, theme); }},
    {".pgm", [](const Drawing& drawing, double scale,
                Theme theme) { return pgm(grey(raster(drawing, scale, theme))); }},
});

}  // namespace

const PictureFormat& picture_format(const std::string& file) {
    std::string name = file.substr(file.rfind('/') + 1);
    if (name.find('.') == std::string::npos) return kFormats.front();
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::vector<std::string_view> endings;
    for (const auto& format : kFormats) {
        if (name.ends_with(format.ending)) return format;
        endings.push_back(format.ending);
    }
    throw Error(Failure::usage,
                text(file, ": ends with none of ", join({endings.begin(), endings.end()}, ", ")));
}

}  // namespace si::plot
