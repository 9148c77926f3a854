#include <algorithm>
#include <limits>
#include <string>

#include <hdf5.h>

#include "si/io/hdf5.hpp"
#include "si/io/posix.hpp"

// Attributes are read in a child process, unless the file is known to be whole: HDF5 1.10 frees
// what it never made when it meets a damaged list of attributes. What the child finds comes as
// text.

namespace si::hdf5 {
namespace {

constexpr std::size_t kMostAttributes = 1000, kLongestText = 1 << 16;

/// How an attribute of text calls its type.
constexpr std::string_view kText = "text";

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Text of varying length is where HDF5 follows most that may be damaged: a child alone reads it.
enum class Reader { child, parent };

std::string text_value(Id attribute, Id datatype, Reader reader) {
    if (H5Tis_variable_str(datatype) > 0) {
        if (reader == Reader::parent) return {};
        char* value = nullptr;
        const Handle memory(H5Tcopy(datatype), H5Tclose, Failure::data, "read");
        if (H5Aread(attribute, memory, static_cast<void*>(&value)) < 0 || value == nullptr) {
            return {};
        }
        std::string copy(value, std::min(std::string_view(value).size(), kLongestText));
        H5free_memory(value);
        return copy;
    }
    const auto size = H5Tget_size(datatype);
    if (size == 0 || size > kLongestText) return {};
    std::string value(size, '\0');
    if (H5Aread(attribute, datatype, value.data()) < 0) return {};
    value.resize(std::min(value.find('\0'), value.size()));
    return value;
}

template <class T>
std::string number_values(Id attribute, Id memory_type, std::size_t count) {
    std::vector<T> values(count);
    if (H5Aread(attribute, memory_type, values.data()) < 0) return {};
    std::vector<std::string> words;
    for (const T value : values) words.push_back(text(value));
    return join(words, ", ");
}

struct Value {
    std::string type, text;
};

Value attribute_value(Id attribute, Reader reader) {
    constexpr hssize_t kMostNumbers = 16;
    const Handle space(H5Aget_space(attribute), H5Sclose, Failure::data, "read");
    const Handle datatype(H5Aget_type(attribute), H5Tclose, Failure::data, "read");
    const auto count = H5Sget_simple_extent_npoints(space);
    if (count < 1 || count > kMostNumbers) return {};
    if (H5Tget_class(datatype) == H5T_STRING) {
        return {std::string(kText), count == 1 ? text_value(attribute, datatype, reader) : ""};
    }
    const auto type = element_type(datatype);
    if (!type.known) return {};
    const auto numbers = static_cast<std::size_t>(count);
    if (type.type >= ElementType::f32) {
        return {type.name, number_values<double>(attribute, H5T_NATIVE_DOUBLE, numbers)};
    }
    if (type.type >= ElementType::u8) {
        return {type.name, number_values<std::uint64_t>(attribute, H5T_NATIVE_UINT64, numbers)};
    }
    return {type.name, number_values<std::int64_t>(attribute, H5T_NATIVE_INT64, numbers)};
}

herr_t add_name(hid_t, const char* name, const H5A_info_t*, void* to) {
    auto& names = *static_cast<std::vector<std::string>*>(to);
    names.emplace_back(name);
    return names.size() < kMostAttributes ? 0 : 1;
}

/// Number of object, name, type and value in turn, each with a NUL behind it.
void add_attributes(Id file, const std::string& object, std::size_t number, Reader reader,
                    std::string& all) {
    const Handle open = open_object(file, object);
    std::vector<std::string> names;
    hsize_t position = 0;
    check(H5Aiterate2(open, H5_INDEX_NAME, H5_ITER_INC, &position, add_name, &names), Failure::data,
          "list its attributes");
    for (const auto& name : names) {
        const Handle attribute(H5Aopen(open, name.c_str(), H5P_DEFAULT), H5Aclose, Failure::data,
                               "read attribute " + name);
        const auto value = attribute_value(attribute, reader);
        if (value.text.empty()) continue;
        for (const std::string& part : {text(number), name, value.type, value.text}) {
            all += part + '\0';
        }
    }
}

bool has_attributes(Id file, const std::string& object) {
    H5O_info_t info{};
    check(H5Oget_info2(open_object(file, object), &info, H5O_INFO_NUM_ATTRS), Failure::data,
          "count its attributes");
    return info.num_attrs > 0;
}

Attribute attribute_of(std::string name, std::string_view type, std::string value) {
    Attribute attribute{.name = std::move(name), .text = std::move(value), .numbers = {}};
    if (type == kText) return attribute;
    for (std::size_t i = 0; i <= static_cast<std::size_t>(ElementType::f64); ++i) {
        const auto one = static_cast<ElementType>(i);
        if (to_text(one) == type) attribute.type = one;
    }
    std::string_view rest = attribute.text;
    while (!rest.empty()) {
        const auto end = std::min(rest.find(", "), rest.size());
        attribute.numbers.push_back(parse_real(rest.substr(0, end)).value_or(kNan));
        rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    return attribute;
}

}  // namespace

std::vector<std::vector<Attribute>> attributes_of(Id file, const std::vector<std::string>& objects,
                                                  bool trusted) {
    std::vector<std::vector<Attribute>> found(objects.size());
    std::vector<std::size_t> some;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (has_attributes(file, objects[i])) some.push_back(i);
    }
    if (some.empty()) return found;
    const auto read = [&](Reader reader) {
        std::string all;
        for (const std::size_t i : some) add_attributes(file, objects[i], i, reader, all);
        return all;
    };
    const std::string all =
        trusted ? read(Reader::parent) : in_child([&] { return read(Reader::child); });
    auto next = [&, at = std::size_t{0}]() mutable {
        const std::string part = all.c_str() + at;
        at += part.size() + 1;
        return at > all.size() ? std::string() : part;
    };
    for (std::string number = next(); !number.empty(); number = next()) {
        const std::string name = next(), type = next(), value = next();
        const auto object = static_cast<std::size_t>(parse_integer(number).value_or(0));
        found.at(object).push_back(attribute_of(name, type, value));
    }
    return found;
}

}  // namespace si::hdf5
