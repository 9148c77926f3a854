#include "si/io/tensor.hpp"

#include <limits>

#include <doctest/doctest.h>

#include "scratch.hpp"
#include "si/io/base64.hpp"
#include "si/io/crc32c.hpp"
#include "si/io/json_file.hpp"

using namespace si;

namespace {

template <class T>
std::string reading(const Json& node, const std::vector<Index>& shape) {
    return failure([&] { read_tensor<T>(node, shape); });
}

}  // namespace

TEST_CASE("a tensor has the bytes that its description promises") {
    const float values[] = {1, -2, 0.5F, 3};
    const auto json = tensor_to_json(values, {2, 2});
    const std::string bytes("\0\0\x80\x3f\0\0\0\xc0\0\0\0\x3f\0\0\x40\x40", 16);
    CHECK(json == Json{{"dtype", "F32"},
                       {"shape", {2, 2}},
                       {"encoding", "base64"},
                       {"crc32c", crc32c_text(crc32c(bytes))},
                       {"data", "AACAPwAAAMAAAAA/AABAQA=="}});
    CHECK(read_tensor<float>(json, {2, 2}) == std::vector<float>{1, -2, 0.5F, 3});
    CHECK(read_tensor<double>(json, {2, 2}) == std::vector<double>{1, -2, 0.5, 3});
    CHECK(tensor_shape(json) == std::vector<Index>{2, 2});
}

TEST_CASE("tensors come back bit by bit") {
    std::vector<double> values{0.1, -0.0, 5e-324, 1e308, 1.0 / 3, -7};
    const auto json = parse_json(json_text(tensor_to_json(values.data(), {1, 2, 3})));
    CHECK(read_tensor<double>(json, {1, 2, 3}) == values);
    CHECK(read_tensor<double>(tensor_to_json(values.data(), {0, 4}), {0, 4}).empty());
    CHECK(read_tensor<double>(tensor_to_json(values.data(), {}), {}) == std::vector{0.1});
}

TEST_CASE("decimal tensors may be nested, flat, or bare lists") {
    const std::vector<double> expected{1, 2, 3, 4.5, 5, 6};
    const Json nested = parse_json("[[1, 2, 3], [4.5, 5, 6]]");
    const Json flat = parse_json("[1, 2, 3, 4.5, 5, 6]");
    for (const Json& list : {nested, flat}) {
        CHECK(read_tensor<double>(list, {2, 3}) == expected);
        const Json object{
            {"dtype", "F64"}, {"shape", {2, 3}}, {"encoding", "decimal"}, {"data", list}};
        CHECK(read_tensor<double>(object, {2, 3}) == expected);
        CHECK(read_tensor<float>(object, {2, 3}).at(3) == 4.5F);
    }
    CHECK(tensor_shape(nested) == std::vector<Index>{2, 3});
}

TEST_CASE("a wrong tensor is refused with its place") {
    const float values[] = {1, 2};
    const double wide[] = {1, 2};
    const Json good = tensor_to_json(values, {2});
    const auto with = [&](const char* key, const Json& value) {
        Json json = good;
        json[key] = value;
        return reading<float>(json, {2});
    };
    CHECK(reading<float>(good, {1, 2}) == "65 /shape: expected 1 x 2, got 2");
    CHECK(with("crc32c", "00000000") == "65 /crc32c: does not match the data");
    CHECK(with("data", "AACAPwAAAEE=") == "65 /crc32c: does not match the data");
    CHECK(with("data", "AACAPwAAA!E=") == "65 /data: not base64 at character 10");
    CHECK(with("data", 3) == "65 /data: expected base64 text");
    CHECK(with("encoding", "hex") == "65 /encoding: expected base64 or decimal, got 'hex'");
    CHECK(with("dtype", "I64") == "65 /dtype: expected F32, got 'I64'");
    CHECK(with("shape", {1.5}) == "65 /shape: expected an integer in range, got 1.5");
    CHECK(with("shape", "2") == "65 /shape: expected a list of sizes");
    CHECK(reading<float>(tensor_to_json(wide, {2}), {2}) == "65 /dtype: expected F32, got 'F64'");
    Json longer = tensor_to_json(values, {1});
    longer["shape"] = {2};
    CHECK(reading<float>(longer, {2}) == "65 /data: 2 numbers take 8 bytes, got 4");
    CHECK(reading<float>(parse_json("[[1, 2], [3]]"), {2, 2}) == "65 /1: expected 2 items, got 1");
    CHECK(reading<float>(parse_json("[[1, 2], [3, \"x\"]]"), {2, 2}) ==
          "65 /1/1: expected a number, got \"x\"");
    CHECK(reading<float>(parse_json("[1e300]"), {1}) == "65 /0: too large for F32");
    CHECK(reading<float>(parse_json("[1, 2, 3]"), {2, 2}) == "65 expected 4 items, got 3");
    CHECK(reading<float>(parse_json("3"), {1}) == "65 expected an object");
    Json missing = good;
    missing.erase("crc32c");
    CHECK(reading<float>(missing, {2}) == "65 /crc32c: missing");
}

TEST_CASE("a tensor that is not finite is neither written nor read") {
    const float values[] = {1, std::numeric_limits<float>::infinity()};
    CHECK(failure([&] { tensor_to_json(values, {2}); }) == "1 value 2 is inf");
    Json json = tensor_to_json(values, {1});
    json["shape"] = {2};
    const std::string bytes("\x00\x00\x80\x3f\x00\x00\x80\x7f", 8);
    json["data"] = base64_encode(bytes);
    json["crc32c"] = crc32c_text(crc32c(bytes));
    CHECK(reading<float>(json, {2}) == "65 /data: value 2 is inf");
}
