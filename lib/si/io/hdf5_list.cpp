#include <algorithm>
#include <string>

#include <hdf5.h>

#include "si/io/hdf5.hpp"
#include "si/io/posix.hpp"

namespace si::hdf5 {
namespace {

constexpr std::size_t kDeepestGroup = 8, kMostObjects = 1000;

struct Names {
    std::vector<std::string> list;
};

/// Only hard links: the others lead to what is listed elsewhere, or out of the file.
herr_t add_hard_link(hid_t, const char* name, const H5L_info_t* info, void* to) {
    auto& names = static_cast<Names*>(to)->list;
    if (info->type == H5L_TYPE_HARD) names.emplace_back(name);
    return names.size() < kMostObjects ? 0 : 1;
}

void list_group(Id file, const std::string& group, std::size_t depth, std::size_t& visited,
                std::vector<DatasetInfo>& found) {
    Names names;
    hsize_t position = 0;
    check(H5Literate_by_name(file, group.c_str(), H5_INDEX_NAME, H5_ITER_INC, &position,
                             add_hard_link, &names, H5P_DEFAULT),
          Failure::data, "list its contents");
    for (const auto& name : names.list) {
        if (++visited > kMostObjects) return;
        const std::string path = text(group, group.ends_with('/') ? "" : "/", name);
        const Handle object = in_context(path, [&] { return open_object(file, path); });
        if (H5Iget_type(object) == H5I_GROUP && depth < kDeepestGroup) {
            list_group(file, path, depth + 1, visited, found);
        }
        if (H5Iget_type(object) != H5I_DATASET) continue;
        in_context(path, [&] {
            const Handle datatype(H5Dget_type(object), H5Tclose, Failure::data, "read its type");
            const auto type = element_type(datatype);
            const auto shape = shape_of(object);
            found.push_back({path, shape, type.name, type.known && !shape.empty()});
        });
    }
}

std::string text_value(Id attribute, Id datatype) {
    constexpr std::size_t kLongest = 1 << 16;
    const auto size = H5Tget_size(datatype);
    if (size == 0 || size > kLongest) return {};
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

std::string attribute_value(Id attribute) {
    constexpr hssize_t kMostNumbers = 16;
    const Handle space(H5Aget_space(attribute), H5Sclose, Failure::data, "read");
    const Handle datatype(H5Aget_type(attribute), H5Tclose, Failure::data, "read");
    const auto count = H5Sget_simple_extent_npoints(space);
    if (count < 1 || count > kMostNumbers) return {};
    if (H5Tget_class(datatype) == H5T_STRING) {
        const bool plain = H5Tis_variable_str(datatype) == 0 && count == 1;
        return plain ? text_value(attribute, datatype) : std::string();
    }
    const auto type = element_type(datatype);
    if (!type.known) return {};
    const auto numbers = static_cast<std::size_t>(count);
    if (type.type >= ElementType::f32) {
        return number_values<double>(attribute, H5T_NATIVE_DOUBLE, numbers);
    }
    if (type.type >= ElementType::u8) {
        return number_values<std::uint64_t>(attribute, H5T_NATIVE_UINT64, numbers);
    }
    return number_values<std::int64_t>(attribute, H5T_NATIVE_INT64, numbers);
}

herr_t add_attribute_name(hid_t, const char* name, const H5A_info_t*, void* to) {
    auto& names = static_cast<Names*>(to)->list;
    names.emplace_back(name);
    return names.size() < kMostObjects ? 0 : 1;
}

}  // namespace

std::vector<DatasetInfo> list_datasets(Id file) {
    std::vector<DatasetInfo> found;
    std::size_t visited = 0;
    list_group(file, "/", 1, visited, found);
    return found;
}

namespace {

/// Names and values in turn, each with a NUL behind it.
std::string attributes_as_text(Id file) {
    Names names;
    hsize_t position = 0;
    check(H5Aiterate_by_name(file, "/", H5_INDEX_NAME, H5_ITER_INC, &position, add_attribute_name,
                             &names, H5P_DEFAULT),
          Failure::data, "list its attributes");
    std::string all;
    for (const auto& name : names.list) {
        const Handle attribute(H5Aopen_by_name(file, "/", name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                               H5Aclose, Failure::data, "read attribute " + name);
        const auto value = attribute_value(attribute);
        if (!value.empty()) all += name + '\0' + value + '\0';
    }
    return all;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> root_attributes(Id file, bool trusted) {
    H5O_info_t info{};
    check(H5Oget_info2(file, &info, H5O_INFO_NUM_ATTRS), Failure::data, "count its attributes");
    if (info.num_attrs == 0) return {};
    // HDF5 1.10 frees what it never made when it meets a damaged list of attributes.
    const std::string all =
        trusted ? attributes_as_text(file) : in_child([&] { return attributes_as_text(file); });
    std::vector<std::pair<std::string, std::string>> attributes;
    for (std::size_t at = 0; at < all.size();) {
        const std::string name = all.c_str() + at;
        const std::string value = all.c_str() + at + name.size() + 1;
        at += name.size() + value.size() + 2;
        attributes.emplace_back(name, value);
    }
    return attributes;
}

}  // namespace si::hdf5
