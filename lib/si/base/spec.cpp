#include "si/base/spec.hpp"

namespace si {

std::string spelled(const Json& value) {
    if (value.is_null()) return "";
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_float()) return to_text(value.get<double>());
    std::vector<std::string> pieces;
    if (value.is_array()) {
        for (const auto& item : value) pieces.push_back(spelled(item));
        return join(pieces, ":");
    }
    if (value.is_object()) {
        for (const auto& [key, item] : value.items()) {
            if (item.is_null()) continue;  // absent is how absent is typed
            pieces.push_back(key == "kind" ? spelled(item) : key + "=" + spelled(item));
        }
        return join(pieces, ",");
    }
    return value.dump();
}

std::string typed(const Json& value) {
    if (!value.is_array()) return spelled(value);
    std::vector<std::string> items;
    for (const auto& item : value) items.push_back(spelled(item));
    return join(items, ",");
}

}  // namespace si
