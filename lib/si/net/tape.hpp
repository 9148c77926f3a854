#pragma once

#include <optional>
#include <vector>

#include "si/base/times.hpp"
#include "si/net/weights.hpp"

// The execution of a graph on chunks of columns, forward and backward, without allocation.

namespace si {

/// Runs a graph on chunks of columns, forward and back. Its memory is taken once, for
/// `capacity` columns, and reused: running allocates nothing. One tape a thread.
template <class T>
class Tape {
  public:
    enum class Mode { forward_only, differentiable };

    Tape(const Graph& graph, Index capacity, Mode mode);

    Index capacity() const { return capacity_; }

    /// Where the caller puts input `k` (rows, columns) before forward().
    T* input(std::size_t k);

    /// Evaluates the first `columns` columns; the output (rows, columns) stays valid until the
    /// next call. `chance` is what ops that are random in training draw from.
    const T* forward(const Weights<T>& weights, Index columns, const Chance* chance = nullptr);

    /// With a flat vector that is packed each time.
    const T* forward(const T* parameters, Index columns);

    /// Given dL/d output (rows, columns) in `d_output`, which is overwritten: adds dL/d parameters
    /// to `d_parameters` unless it is null (with `keep` 0: sets it, where the output depends on
    /// it), and makes d_input(k) ready for the inputs asked for. May be called several times after
    /// one forward().
    void backward(const Weights<T>& weights, Index columns, T* d_output, T* d_parameters,
                  bool inputs_wanted, T keep = T(1));

    /// With the flat vector of the last forward().
    void backward(const T* parameters, Index columns, T* d_output, T* d_parameters,
                  bool inputs_wanted);

    /// dL/d input `k` (rows, columns), after backward() with inputs_wanted.
    const T* d_input(std::size_t k) const;

    /// A buffer (output rows, capacity) for the caller's d_output.
    T* seed() { return seed_; }

  private:
    struct Slot {
        T *value = nullptr, *saved = nullptr, *gradient = nullptr;
    };

    const Graph* graph_;
    Index capacity_;
    std::vector<T> memory_;
    std::optional<Weights<T>> weights_;  // where the caller has none
    std::vector<Slot> slots_;
    T* seed_ = nullptr;
    std::vector<const T*> inputs_;  // scratch for calls
    std::vector<T*> d_inputs_;
    std::vector<T> keep_;
    std::vector<char> reached_;
};

/// Puts x, and beside it `more` at the same times, into inputs 0 (points) and 1 (times) of a tape,
/// and zeros into the columns up to the width that it returns, which is what products are padded
/// to. `more` has as many columns as x, or none.
Index fill_inputs(Tape<float>& tape, const Times& t, ConstMatrix x, ConstMatrix more);
Index fill_inputs(Tape<float>& tape, const Times& t, ConstMatrix x);

}  // namespace si
