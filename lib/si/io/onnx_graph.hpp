#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "si/base/text.hpp"
#include "si/base/types.hpp"
#include "si/io/protobuf.hpp"

// A builder of ONNX graphs on the protobuf writer: values have names, an operation makes one.

namespace si {

/// An ONNX graph under construction: values have names, and each operation makes one. Numbers of
/// fields are those of onnx.proto3.
class OnnxGraph {
  public:
    enum class Type { float32 = 1, int64 = 7 };

    /// A column of the batch has `width` numbers; 0 makes a list of one number each.
    void input(const std::string& name, Type type, Index width);
    void output(const std::string& name, Index width);

    /// A tensor of float32 in row-major order, by its name.
    std::string constant(const std::string& name, const std::vector<Index>& shape,
                         std::string_view bytes);
    std::string constant(const std::string& name, const std::vector<Index>& shape,
                         const std::vector<float>& values);
    /// A single number, or a row of them.
    std::string constant(float value);
    std::string row(const Vector& values);

    /// The name of the result of an operation.
    std::string apply(std::string_view op, const std::vector<std::string>& inputs,
                      const Message& attributes = {});
    /// The result has this name.
    void apply_as(const std::string& name, std::string_view op,
                  const std::vector<std::string>& inputs, const Message& attributes = {});
    static Message attribute(const std::string& name, Index value);

    /// The file: a model of this graph, with notes for a person and named texts.
    std::string file(const std::string& notes,
                     const std::vector<std::pair<std::string, std::string>>& texts) const;

  private:
    std::string next() { return text("v", ++count_); }

    Message nodes_, tensors_, inputs_, outputs_;
    int count_ = 0;
};

}  // namespace si
