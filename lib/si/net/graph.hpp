#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "si/base/types.hpp"
#include "si/net/product_kernels.hpp"

// A network is a shape: a graph of ops that is recorded once, for columns of a batch. It holds
// no parameters and no buffers, so one object serves all threads. Parameters are one flat
// vector that the caller owns; optimisers, averages, checkpoints and difference tests see
// nothing else.

namespace si {

/// How a tensor starts.
struct Init {
    double deviation = 0;  ///< of independent normals
    double value = 0;      ///< mean
};

/// A named block of the flat parameter vector, row-major.
struct Tensor {
    std::string name;
    std::vector<Index> shape;
    Index offset = 0;
    Init init;

    Index size() const;
};

/// Where the random numbers of a training step come from: column j, and column `samples` + j, are
/// sample `first` + j of the batch of `step`.
struct Chance {
    std::uint64_t seed = 0;
    std::uint32_t step = 0;
    Index first = 0, samples = 1;
    Index network = 0;  ///< 0 to 7: which of those that are trained together
};

/// What an op works on: batches are (rows, columns), column-major; `parameters` is the whole
/// flat vector.
template <class T>
struct ForwardCall {
    Index columns = 0;
    std::span<const T* const> inputs;
    const T* parameters = nullptr;
    const T* packed = nullptr;  ///< what the op's pack() wrote; null in double
    const ProductKernels* products = nullptr;
    T* output = nullptr;
    T* saved = nullptr;  ///< (saved_rows, columns) kept for backward; null when there will be none
    const Chance* chance = nullptr;  ///< null but in training steps
};

/// A derivative that is not requested is null. An input's derivative is added to what is there when
/// its `keep` is 1, and overwrites it when `keep` is 0.
template <class T>
struct BackwardCall {
    Index columns = 0;
    std::span<const T* const> inputs;
    const T* parameters = nullptr;
    const T* packed = nullptr;
    const ProductKernels* products = nullptr;
    const T* output = nullptr;
    const T* saved = nullptr;
    T* d_output = nullptr;  ///< may be overwritten
    std::span<T* const> d_inputs;
    std::span<const T> keep;
    T* d_parameters = nullptr;
    T keep_parameters = 1;  ///< 1: their derivative is added to; 0: it is set
};

/// One operation. Const and without state: the same object serves all threads.
class Op {
  public:
    virtual ~Op() = default;
    virtual Index saved_rows() const { return 0; }
    /// Multiply-adds of one column in matrix products, forward.
    virtual Index products() const { return 0; }
    /// Room for what pack() writes: the op's matrices, in the order in which products read them.
    virtual Index packed_size() const { return 0; }
    virtual void pack(const ProductKernels& /*products*/, const float* /*parameters*/,
                      float* /*packed*/) const {}
    virtual void forward(const ForwardCall<float>& call) const = 0;
    virtual void forward(const ForwardCall<double>& call) const = 0;
    virtual void backward(const BackwardCall<float>& call) const = 0;
    virtual void backward(const BackwardCall<double>& call) const = 0;
};

/// The result of an op while a graph is recorded. Of an image or a sequence, a column holds
/// `positions` pixels or tokens one after another, each with all of its channels.
struct Var {
    int node = -1;
    Index rows = 0;
    Index positions = 1;

    Index channels() const { return rows / positions; }
};

class Graph {
  public:
    struct Node {
        std::shared_ptr<const Op> op;  ///< null for an input
        std::vector<int> inputs;
        Index rows = 0;
        bool trained = false;  ///< this or an ancestor has parameters
        Index packed = 0;      ///< where what its op packs begins
    };

    Var input(Index rows);
    Var apply(std::shared_ptr<const Op> op, const std::vector<Var>& inputs, Index rows,
              bool has_parameters = false, Index positions = 1);
    /// Adds a tensor, which one op alone may use, and returns its offset.
    Index tensor(std::string name, std::vector<Index> shape, Init init);
    void output(Var result) { output_ = result.node; }

    const std::vector<Node>& nodes() const { return nodes_; }
    const std::vector<Tensor>& tensors() const { return tensors_; }
    const std::vector<int>& inputs() const { return inputs_; }
    int output() const { return output_; }
    Index rows(int node) const { return nodes_[static_cast<std::size_t>(node)].rows; }

    /// Length of the flat vector.
    Index parameters() const { return parameters_; }

    /// Length of what all ops pack.
    Index packed_size() const { return packed_; }

    /// Multiply-adds of one column, forward.
    Index products() const;

    /// Columns that go through the network together: at most `most`, fewer where what they leave
    /// behind would not stay in a core's cache.
    Index columns_together(Index most) const;

    /// Starting parameters: a pure function of the seed and the tensor's position.
    Eigen::VectorXf initial(std::uint64_t seed) const;

  private:
    std::vector<Node> nodes_;
    std::vector<Tensor> tensors_;
    std::vector<int> inputs_;
    int output_ = -1;
    Index parameters_ = 0, packed_ = 0;
};

}  // namespace si
