#include <array>
#include <cctype>

#include <png.h>

#include "si/base/error.hpp"
#include "si/plot/drawing.hpp"

namespace si::plot {
std::string png(const Bitmap& bitmap) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(bitmap.width);
    image.height = static_cast<png_uint_32>(bitmap.height);
    image.format = bitmap.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    std::string bytes(size, '\0');
    const bool written = png_image_write_to_memory(&image, bytes.data(), &size, 0,
                                                   bitmap.levels.data(), 0, nullptr) != 0;
    const std::string why = image.message;
    png_image_free(&image);
    require(written, Failure::resource, "cannot write a PNG picture: ", why);
    bytes.resize(size);
    return bytes;
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
