#include "si/io/tensor.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

#include "si/io/base64.hpp"
#include "si/io/crc32c.hpp"
#include "si/io/samples.hpp"

namespace si {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

template <class T>
constexpr std::string_view kDtype = std::is_same_v<T, float> ? "F32" : "F64";

template <class T>
T decimal(const Json& item) {
    const auto value = exactly<double>(item);
    require(std::abs(value) <= std::numeric_limits<T>::max(), Failure::data, "too large for ",
            kDtype<T>);
    return static_cast<T>(value);
}

/// Lists inside lists, as deep as the shape is long.
template <class T>
void read_nested(const Json& node, const std::vector<Index>& shape, std::size_t level,
                 std::vector<T>& out) {
    require(node.is_array(), Failure::data, "expected a list of ", shape[level]);
    require(std::cmp_equal(node.size(), shape[level]), Failure::data, "expected ", shape[level],
            " items, got ", node.size());
    for (std::size_t i = 0; i < node.size(); ++i) {
        try {
            if (level + 1 == shape.size()) {
                out.push_back(decimal<T>(node[i]));
            } else {
                read_nested(node[i], shape, level + 1, out);
            }
        } catch (const Error& error) {
            throw error.within(text("/", i));
        }
    }
}

template <class T>
std::vector<T> read_list(const Json& node, const std::vector<Index>& shape) {
    const Index count = count_of(shape);
    const bool flat = node.is_array() && !node.empty() && !node.front().is_array();
    std::vector<T> out;
    read_nested(node, flat || shape.empty() ? std::vector{count} : shape, 0, out);
    return out;
}

template <class Stored, class T>
std::vector<T> read_bytes(const std::string& bytes, const std::vector<Index>& shape) {
    const auto count = static_cast<std::size_t>(count_of(shape));
    require(bytes.size() == count * sizeof(Stored), Failure::data, "/data: ", shape_text(shape),
            " numbers take ", count * sizeof(Stored), " bytes, got ", bytes.size());
    std::vector<T> out(count);
    const char* from = bytes.data();
    for (std::size_t i = 0; i < count; ++i, from += sizeof(Stored)) {
        Stored value;
        std::memcpy(&value, from, sizeof value);
        require(std::isfinite(value), Failure::data, "/data: value ", i + 1, " is ", value);
        out[i] = static_cast<T>(value);
    }
    return out;
}

template <class T>
std::vector<T> read_base64(const Json& node, const std::vector<Index>& shape) {
    const Json& data = member(node, "data");
    require(data.is_string(), Failure::data, "/data: expected base64 text");
    const std::string bytes =
        in_context("/data", [&] { return base64_decode(data.get_ref<const std::string&>()); });
    require(member_as<std::string>(node, "crc32c") == crc32c_text(crc32c(bytes)), Failure::data,
            "/crc32c: does not match the data");
    const auto dtype = member_as<std::string>(node, "dtype");
    if (dtype == kDtype<T>) return read_bytes<T, T>(bytes, shape);
    require(dtype == "F32", Failure::data, "/dtype: expected ", kDtype<T>, ", got '",
            shortened(dtype, 20), "'");
    return read_bytes<float, T>(bytes, shape);
}

}  // namespace

template <class T>
Json tensor_to_json(const T* values, const std::vector<Index>& shape) {
    const Index count = count_of(shape);
    for (Index i = 0; i < count; ++i) {
        require(std::isfinite(values[i]), Failure::check, "value ", i + 1, " is ", values[i]);
    }
    std::string bytes(static_cast<std::size_t>(count) * sizeof(T), '\0');
    if (count > 0) std::memcpy(bytes.data(), values, bytes.size());
    return {{"dtype", kDtype<T>},
            {"shape", shape},
            {"encoding", "base64"},
            {"crc32c", crc32c_text(crc32c(bytes))},
            {"data", base64_encode(bytes)}};
}

template <class T>
std::vector<T> read_tensor(const Json& node, const std::vector<Index>& shape) {
    if (node.is_array()) return read_list<T>(node, shape);
    const auto given = tensor_shape(node);
    require(given == shape, Failure::data, "/shape: expected ", shape_text(shape), ", got ",
            shape_text(given));
    const auto encoding = member_as<std::string>(node, "encoding");
    if (encoding == "base64") return read_base64<T>(node, shape);
    require(encoding == "decimal", Failure::data, "/encoding: expected base64 or decimal, got '",
            shortened(encoding, 20), "'");
    const Json& data = member(node, "data");
    return in_context("/data", [&] { return read_list<T>(data, shape); });
}

std::vector<Index> tensor_shape(const Json& node) {
    std::vector<Index> shape;
    if (node.is_array()) {
        for (const Json* list = &node; list->is_array(); list = &list->front()) {
            shape.push_back(static_cast<Index>(list->size()));
            if (list->empty()) break;
        }
        return shape;
    }
    const Json& sizes = member(node, "shape");
    return in_context("/shape", [&] {
        require(sizes.is_array() && sizes.size() <= 8, Failure::data, "expected a list of sizes");
        for (const Json& size : sizes) shape.push_back(exactly<Index>(size));
        count_of(shape);
        return shape;
    });
}

template Json tensor_to_json(const float*, const std::vector<Index>&);
template Json tensor_to_json(const double*, const std::vector<Index>&);
template std::vector<float> read_tensor(const Json&, const std::vector<Index>&);
template std::vector<double> read_tensor(const Json&, const std::vector<Index>&);

}  // namespace si
