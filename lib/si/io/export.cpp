#include "si/io/export.hpp"

#include <array>
#include <cstring>

#include "si/io/model_file.hpp"
#include "si/io/npy.hpp"
#include "si/io/onnx.hpp"
#include "si/io/tensor.hpp"
#include "si/io/zip.hpp"

namespace si {
namespace {

std::string bytes_of(const std::vector<float>& values) {
    std::string bytes(values.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

/// Eight bytes of the header's length, the header as JSON, and the numbers one after another
/// (https://github.com/huggingface/safetensors).
std::string safetensors(const Model& model) {
    const auto [tensors, rest] = take_apart(model);
    Json header{{"__metadata__", {{"format", "si-model"}, {"model", rest.dump()}}}};
    std::string data;
    for (const NamedTensor& tensor : tensors) {
        const std::size_t begin = data.size();
        data += bytes_of(tensor.values);
        header[tensor.name] = {
            {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
    }
    std::string words = header.dump();
    words.resize((words.size() + 7) / 8 * 8, ' ');  // numbers begin at a multiple of 8
    std::string file;
    for (int k = 0; k < 8; ++k) file += static_cast<char>(words.size() >> (8 * k) & 0xff);
    return file + words + data;
}

std::string npz(const Model& model) {
    const auto [tensors, rest] = take_apart(model);
    Zip zip;
    const std::string words = rest.dump();
    zip.add("model_json.npy", npy_header("|u1", {static_cast<Index>(words.size())}) + words);
    for (const NamedTensor& tensor : tensors) {
        zip.add(tensor.name + ".npy", npy_header("<f4", tensor.shape) + bytes_of(tensor.values));
    }
    return zip.finish();
}

constexpr auto kExports = std::to_array<ExportRow>({
    {"safetensors", "tensors for PyTorch, JAX and others", spec_of<NoSettings>, safetensors},
    {"npz", "tensors for NumPy", spec_of<NoSettings>, npz},
    {"onnx", "the learned fields as a graph that runs elsewhere", spec_of<NoSettings>, onnx_file},
});

}  // namespace

Catalogue<ExportRow> exports() { return {"export format", kExports}; }

std::vector<std::string> export_names() { return exports().names(); }

TakenApart take_apart(const Model& model) {
    require(model.parameters.size() > 0, Failure::data,
            "has no tensors: its field is in closed form, and this file is all of it");
    TakenApart parts{{}, model_to_json(model)};
    for (const auto& [name, node] : parts.rest.at("tensors").items()) {
        auto shape = tensor_shape(node);
        auto values = read_tensor<float>(node, shape);
        parts.tensors.push_back({name, std::move(shape), std::move(values)});
    }
    parts.rest.erase("tensors");
    return parts;
}

}  // namespace si
