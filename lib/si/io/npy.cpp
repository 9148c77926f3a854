#include "si/io/npy.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "si/io/atomic_file.hpp"

namespace si {
namespace {

constexpr std::size_t kLongestHeader = 1 << 16;
constexpr std::size_t kLargestRank = 8;

struct Header {
    std::string descr;
    bool fortran = false;
    std::vector<Index> shape;
    std::size_t end = 0;  ///< where the numbers begin
};

/// Reads the one form of Python dict that NumPy writes:
/// {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class DictReader {
  public:
    explicit DictReader(std::string_view rest) : rest_(rest) {}

    Header header() {
        Header header;
        std::vector<std::string> keys;
        expect('{');
        while (!skip('}')) {
            const std::string key = quoted();
            if (std::find(keys.begin(), keys.end(), key) != keys.end()) fail();
            keys.push_back(key);
            expect(':');
            if (key == "descr") {
                require(look() != '[', Failure::data,
                        "records are not read; make numbers of them with "
                        "numpy.lib.recfunctions.structured_to_unstructured(x)");
                header.descr = quoted();
            } else if (key == "fortran_order") {
                const std::string order = word();
                if (order != "True" && order != "False") fail();
                header.fortran = order == "True";
            } else if (key == "shape") {
                header.shape = tuple();
            } else {
                fail();
            }
            if (!skip(',')) {
                expect('}');
                break;
            }
        }
        if (keys.size() != 3) fail();
        return header;
    }

  private:
    [[noreturn]] static void fail() { throw Error(Failure::data, "damaged NPY header"); }

    char look() {
        const auto start = rest_.find_first_not_of(" \n");
        if (start == std::string_view::npos) fail();
        rest_.remove_prefix(start);
        return rest_.front();
    }
    bool skip(char c) {
        if (look() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char c) {
        if (!skip(c)) fail();
    }
    std::string take(std::size_t count) {
        const std::string taken(rest_.substr(0, count));
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::string quoted() {
        expect('\'');
        const auto end = rest_.find('\'');
        if (end == std::string_view::npos) fail();
        const auto taken = take(end);
        expect('\'');
        return taken;
    }
    std::string word() {
        look();
        return take(std::min(rest_.find_first_of(", )}"), rest_.size()));
    }
    std::vector<Index> tuple() {
        std::vector<Index> sizes;
        expect('(');
        while (!skip(')')) {
            const auto size = parse_integer(word());
            if (!size || sizes.size() == kLargestRank) fail();
            sizes.push_back(*size);
            if (!skip(',') && look() != ')') fail();
        }
        return sizes;
    }

    std::string_view rest_;
};

Header read_header(std::string_view bytes) {
    const auto byte = [&](std::size_t i) -> std::size_t {
        require(i < bytes.size(), Failure::data, "truncated NPY header");
        return static_cast<unsigned char>(bytes[i]);
    };
    const std::size_t version = byte(6);
    require(version >= 1 && version <= 3, Failure::data, "NPY format ", version, ".0 is not known");
    std::size_t start = 10, length = byte(8) | byte(9) << 8;
    if (version > 1) {
        start = 12;
        length |= byte(10) << 16 | byte(11) << 24;
    }
    require(length <= kLongestHeader && start + length <= bytes.size(), Failure::data,
            "truncated NPY header");
    Header header = DictReader(bytes.substr(start, length)).header();
    header.end = start + length;
    return header;
}

struct CodeRow {
    std::string_view code;
    ElementType type;
};

constexpr auto kCodes = std::to_array<CodeRow>({{"i1", ElementType::i8},
                                                {"i2", ElementType::i16},
                                                {"i4", ElementType::i32},
                                                {"i8", ElementType::i64},
                                                {"u1", ElementType::u8},
                                                {"u2", ElementType::u16},
                                                {"u4", ElementType::u32},
                                                {"u8", ElementType::u64},
                                                {"f4", ElementType::f32},
                                                {"f8", ElementType::f64}});

/// What makes numbers that are read of a type that is not.
std::string_view advice_for(char kind) {
    switch (kind) {
        case 'c':
            return "; save np.c_[x.real, x.imag]";
        case 'O':
            return "; of rows of one length, np.stack(x) makes numbers";
        case 'M':
            return "; x.astype('datetime64[s]').astype('int64') is in seconds";
        case 'm':
            return "; x.astype('timedelta64[s]').astype('int64') is in seconds";
        case 'f':
        case 'b':
            return "; convert them with x.astype('float32')";
        default:
            return "";
    }
}

ElementType type_of(const std::string& descr) {
    for (const CodeRow& row : kCodes) {
        const bool ordered = descr.starts_with('<') || descr.starts_with('>');
        const bool single = descr.starts_with('|') && size_of(row.type) == 1;
        if ((ordered || single) && descr.substr(1) == row.code) return row.type;
    }
    throw Error(Failure::data, text("values of type '", shortened(descr, 20), "' are not read",
                                    descr.size() > 1 ? advice_for(descr[1]) : ""));
}

template <class T>
std::string raw_bytes(ConstMatrix values) {
    std::string out(static_cast<std::size_t>(values.size()) * sizeof(T), '\0');
    char* to = out.data();
    for (Index j = 0; j < values.cols(); ++j) {
        for (Index i = 0; i < values.rows(); ++i, to += sizeof(T)) {
            const T value = static_cast<T>(values(i, j));
            std::memcpy(to, &value, sizeof(T));
        }
    }
    return out;
}

}  // namespace

Samples parse_npy(std::string_view bytes) {
    const Header header = read_header(bytes);
    Samples samples;
    samples.type = type_of(header.descr);
    require(!header.shape.empty(), Failure::data, "a single number is not a data set");
    const Index count = count_of(header.shape);
    require(count > 0, Failure::data, "no rows");
    const auto given = bytes.size() - header.end;
    const auto needed = static_cast<std::size_t>(count * size_of(samples.type));
    require(given == needed, Failure::data, "an array of ", shape_text(header.shape), " takes ",
            needed, " bytes, the file has ", given);
    samples.shape.assign(header.shape.begin() + 1, header.shape.end());
    if (samples.shape.empty()) samples.shape = {1};
    samples.values = allocate(count / header.shape[0], header.shape[0]);
    convert_numbers(samples.type, bytes.data() + header.end, count, header.descr[0] == '>',
                    samples.values.data());
    if (header.fortran) samples.values = from_fortran(samples.values, header.shape);
    return samples;
}

std::string npy_header(std::string_view type, const std::vector<Index>& shape) {
    std::vector<std::string> sizes;
    for (const Index size : shape) sizes.push_back(text(size));
    std::string dict = text("{'descr': '", type, "', 'fortran_order': False, 'shape': (",
                            join(sizes, ", "), sizes.size() == 1 ? ",), }" : "), }");
    dict.resize((10 + dict.size() + 1 + 63) / 64 * 64 - 11, ' ');  // numbers start at 64 k
    dict += '\n';
    std::string header = text(kNpyMagic, '\x01', '\x00');
    header += static_cast<char>(dict.size() & 0xff);
    header += static_cast<char>(dict.size() >> 8);
    return header + dict;
}

void write_npy(const std::string& file, ConstMatrix values, const std::vector<Index>& sample_shape,
               ElementType type) {
    in_context(file, [&] { require_representable(values, Failure::check, type); });
    const bool single = type == ElementType::f32;
    std::vector<Index> shape{values.cols()};
    shape.insert(shape.end(), sample_shape.begin(), sample_shape.end());
    AtomicFile out(file, Content::binary);
    out.write(npy_header(single ? "<f4" : "<f8", shape));
    out.write(single ? raw_bytes<float>(values) : raw_bytes<double>(values));
    out.commit();
}

}  // namespace si
