#include <algorithm>
#include <string>

#include <hdf5.h>

#include "si/base/remarks.hpp"
#include "si/io/hdf5.hpp"

namespace si::hdf5 {
namespace {

constexpr std::size_t kDeepestGroup = 8, kMostObjects = 20000;

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

}  // namespace

std::vector<DatasetInfo> list_datasets(Id file) {
    std::vector<DatasetInfo> found;
    std::size_t visited = 0;
    list_group(file, "/", 1, visited, found);
    if (visited > kMostObjects) {
        doubt(text("the file holds more than ", kMostObjects,
                   " datasets and groups; the others are left "
                   "alone"));
    }
    return found;
}

}  // namespace si::hdf5
