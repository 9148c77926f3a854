#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "si/base/error.hpp"

// Made once, in json.cpp, instead of in every file: a third of the time to build.
extern template class nlohmann::basic_json<nlohmann::ordered_map>;

// JSON values, read with none of the conversions that lose something.

namespace si {

/// Keys keep the order they were written in, so that a file reads as it was meant to.
using Json = nlohmann::ordered_json;

/// The value of a node as exactly a T: nlohmann's own get<int>() takes 3.7 for 3, and
/// get<unsigned>() takes -1. Throws Failure::data.
template <class T>
T exactly(const Json& node) {
    const auto fail = [&](std::string_view wanted) {
        throw Error(Failure::data, text("expected ", wanted, ", got ", shortened(node.dump(), 40)));
    };
    if constexpr (std::is_same_v<T, bool>) {
        if (!node.is_boolean()) fail("true or false");
    } else if constexpr (std::is_floating_point_v<T>) {
        if (!node.is_number()) fail("a number");
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (!node.is_string()) fail("a string");
    } else {
        const bool fits =
            node.is_number_unsigned()
                ? std::in_range<T>(node.get<std::uint64_t>())
                : node.is_number_integer() && std::in_range<T>(node.get<std::int64_t>());
        if (!fits) fail("an integer in range");
    }
    return node.get<T>();
}

/// The member `key` of an object; throws Failure::data when it is missing.
inline const Json& member(const Json& object, const std::string& key) {
    require(object.is_object(), Failure::data, "expected an object");
    const auto found = object.find(key);
    require(found != object.end(), Failure::data, "/", key, ": missing");
    return *found;
}

/// member() as exactly a T, with the key in the text of an error.
template <class T>
T member_as(const Json& object, const std::string& key) {
    const Json& node = member(object, key);
    return in_context(text("/", key), [&] { return exactly<T>(node); });
}

}  // namespace si
