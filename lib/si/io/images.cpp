#include "si/io/images.hpp"

#include <array>
#include <cctype>

#include <png.h>
#include <zlib.h>

#include "si/base/text.hpp"
#include "si/io/input_file.hpp"

namespace si {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 34;
constexpr Index kMostNumbers = Index{1} << 32;
constexpr std::string_view kGzip = "\x1f\x8b", kPng = "\x89PNG\r\n\x1a\n";

bool is_idx(std::string_view bytes) {
    return bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] >= 0x08 &&
           bytes[2] <= 0x0e && bytes[3] >= 1 && bytes[3] <= 4;
}

bool is_pnm(std::string_view bytes) {
    return bytes.size() >= 3 && bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '6') &&
           std::isspace(static_cast<unsigned char>(bytes[2])) != 0;
}

std::string unzipped(const std::string& bytes) {
    z_stream stream{};
    require(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK, Failure::resource, "zlib cannot begin");
    std::string out;
    std::vector<char> piece(std::size_t{1} << 20);
    std::size_t fed = 0;
    int status = Z_OK;
    while (status == Z_OK) {
        if (stream.avail_in == 0) {
            const auto some = std::min<std::size_t>(bytes.size() - fed, std::size_t{1} << 28);
            stream.next_in = reinterpret_cast<Bytef*>(
                const_cast<char*>(bytes.data() + fed));  // NOLINT: not written
            stream.avail_in = static_cast<uInt>(some);
            fed += some;
        }
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        status = inflate(&stream, Z_NO_FLUSH);
        out.append(piece.data(), piece.size() - stream.avail_out);
        if (out.size() > kMostBytes) break;
    }
    inflateEnd(&stream);
    require(status == Z_STREAM_END, Failure::data, "is damaged: it does not unpack");
    return out;
}

/// Magic 0, 0, type, rank; sizes as big-endian 32-bit numbers; numbers, big-endian.
Samples parse_idx(std::string_view bytes) {
    constexpr std::array<std::pair<int, ElementType>, 6> kTypes{{{0x08, ElementType::u8},
                                                                 {0x09, ElementType::i8},
                                                                 {0x0b, ElementType::i16},
                                                                 {0x0c, ElementType::i32},
                                                                 {0x0d, ElementType::f32},
                                                                 {0x0e, ElementType::f64}}};
    Samples samples;
    bool known = false;
    for (const auto& [code, type] : kTypes) {
        if (code != bytes[2]) continue;
        samples.type = type;
        known = true;
    }
    require(known, Failure::data, "is IDX with numbers of an unknown type");
    const auto rank = static_cast<std::size_t>(bytes[3]);
    require(bytes.size() >= 4 + 4 * rank, Failure::data, "is IDX and ends in its header");
    std::vector<Index> sizes;
    for (std::size_t k = 0; k < rank; ++k) {
        Index size = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            size = size << 8 | static_cast<unsigned char>(bytes[4 + 4 * k + i]);
        }
        sizes.push_back(size);
    }
    const Index n = sizes.front(), count = count_of(sizes);
    require(count <= kMostNumbers, Failure::data, "is IDX with too many numbers: ", count);
    require(std::ssize(bytes) == 4 + 4 * std::ssize(sizes) + count * size_of(samples.type),
            Failure::data, "is IDX, but its length is not that of ", shape_text(sizes), " numbers");
    samples.shape.assign(sizes.begin() + 1, sizes.end());
    if (samples.shape.size() == 2) samples.shape.insert(samples.shape.begin(), 1);  // grey
    if (samples.shape.empty()) samples.shape = {1};
    samples.values = allocate(n > 0 ? count / n : 0, n);
    convert_numbers(samples.type, bytes.data() + 4 + 4 * rank, count, true, samples.values.data());
    return samples;
}

/// One picture from pixels of all channels side by side.
Samples picture(Index channels, Index height, Index width, const std::uint8_t* pixels) {
    Samples samples;
    samples.type = ElementType::u8;
    samples.shape = {channels, height, width};
    samples.values.resize(channels * height * width, 1);
    for (Index p = 0; p < height * width; ++p) {
        for (Index k = 0; k < channels; ++k) {
            samples.values(k * height * width + p, 0) = pixels[p * channels + k];
        }
    }
    return samples;
}

/// A PNG file without the chunks that tell how its numbers are to be shown: gamma, profiles, times.
/// libpng would change the numbers by them.
std::string numbers_of_png(std::string_view bytes) {
    std::string kept(bytes.substr(0, kPng.size()));
    std::size_t at = kPng.size();
    while (bytes.size() >= at + 12) {
        std::size_t length = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            length = length << 8 | static_cast<unsigned char>(bytes[at + i]);
        }
        const std::string_view kind = bytes.substr(at + 4, 4);
        const std::size_t whole = std::min(length + 12, bytes.size() - at);
        if (std::isupper(static_cast<unsigned char>(kind[0])) != 0 || kind == "tRNS") {
            kept += bytes.substr(at, whole);
        }
        if (kind == "IHDR" && whole > 16) {
            require(bytes[at + 16] != 16, Failure::data,
                    "is a PNG picture of 65536 levels; 256 are wanted");
        }
        at += whole;
    }
    return kept;
}

/// What is transparent is laid on black.
Samples parse_png(std::string_view file) {
    const std::string bytes = numbers_of_png(file);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    const auto fail = [&] {
        const std::string why = image.message;
        png_image_free(&image);
        throw Error(Failure::data, text("is a damaged PNG picture: ", why));
    };
    if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) fail();
    const bool colour = (image.format & PNG_FORMAT_FLAG_COLOR) != 0;
    image.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    const Index height = image.height, width = image.width;
    if (height * width > kMostNumbers / 3) {
        png_image_free(&image);
        throw Error(Failure::data, text("is a PNG picture of ", width, " x ", height, " pixels"));
    }
    std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
    png_color black{};
    if (png_image_finish_read(&image, &black, pixels.data(), 0, nullptr) == 0) fail();
    return picture(colour ? 3 : 1, height, width, pixels.data());
}

/// "P5" or "P6", width, height and largest value in text with comments, one space, pixels.
Samples parse_pnm(std::string_view bytes) {
    std::size_t at = 2;
    const auto number = [&] {
        while (at < bytes.size()) {
            if (bytes[at] == '#') {
                while (at < bytes.size() && bytes[at] != '\n') ++at;
            } else if (std::isspace(static_cast<unsigned char>(bytes[at])) != 0) {
                ++at;
            } else {
                break;
            }
        }
        Index value = 0;
        const std::size_t first = at;
        while (at < bytes.size() && std::isdigit(static_cast<unsigned char>(bytes[at])) != 0 &&
               at < first + 9) {
            value = 10 * value + (bytes[at++] - '0');
        }
        require(at > first, Failure::data, "is a damaged PGM or PPM picture");
        return value;
    };
    const Index width = number(), height = number(), most = number();
    require(most == 255, Failure::data, "is a PGM or PPM picture of ", most + 1,
            " levels; 256 are wanted");
    ++at;
    const Index channels = bytes[1] == '6' ? 3 : 1, size = width * height * channels;
    require(size > 0 && size <= kMostNumbers &&
                static_cast<Index>(bytes.size()) >= static_cast<Index>(at) + size,
            Failure::data, "is a damaged PGM or PPM picture");
    return picture(channels, height, width,
                   reinterpret_cast<const std::uint8_t*>(bytes.data() + at));
}

Samples read_one(const std::string& file) {
    std::string bytes = read_file(file, kMostBytes);
    return in_file(file, [&] {
        if (bytes.starts_with(kGzip)) bytes = unzipped(bytes);
        if (bytes.starts_with(kPng)) return parse_png(bytes);
        if (is_pnm(bytes)) return parse_pnm(bytes);
        require(is_idx(bytes), Failure::data, "is not IDX, PNG, PGM or PPM");
        return parse_idx(bytes);
    });
}

}  // namespace

bool is_image_file(std::string_view start) {
    return is_idx(start) || is_pnm(start) || start.starts_with(kPng) || start.starts_with(kGzip);
}

Samples read_images(const std::vector<std::string>& files) {
    std::vector<Samples> parts;
    Index n = 0;
    for (const auto& file : files) {
        parts.push_back(read_one(file));
        const Samples& part = parts.back();
        require(part.shape == parts.front().shape, Failure::data, file, ": is ",
                shape_text(part.shape), ", ", files.front(), " is ",
                shape_text(parts.front().shape));
        n += part.n();
    }
    if (parts.size() == 1) {
        parts.front().source = files.front();
        return std::move(parts.front());
    }
    Samples all = std::move(parts.front());
    Matrix values = allocate(all.values.rows(), n);
    Index at = all.n();
    values.leftCols(at) = all.values;
    for (std::size_t k = 1; k < parts.size(); ++k) {
        values.middleCols(at, parts[k].n()) = parts[k].values;
        at += parts[k].n();
    }
    all.values = std::move(values);
    all.source = text(files.front(), " and ", files.size() - 1, " more");
    return all;
}

}  // namespace si
