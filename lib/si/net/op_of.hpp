#pragma once

#include "si/base/simd.hpp"
#include "si/net/graph.hpp"

// Helpers that all sources of ops share. Forward and backward of an op stand next to each other; dX
// is dL/dX.

namespace si {

/// Writes an op once as templates `run` and `back`.
template <class Self>
class OpOf : public Op {
  public:
    void forward(const ForwardCall<float>& call) const override { self().run(call); }
    void forward(const ForwardCall<double>& call) const override { self().run(call); }
    void backward(const BackwardCall<float>& call) const override { self().back(call); }
    void backward(const BackwardCall<double>& call) const override { self().back(call); }

  private:
    const Self& self() const { return static_cast<const Self&>(*this); }
};

/// The same for ops whose loops are worth compiling for several instruction sets. `run` and `back`
/// are SI_INLINE, and SI_CLONE_OP(Self) follows the op.
template <class Self>
class ClonedOpOf : public Op {
  public:
    void forward(const ForwardCall<float>& call) const override { run_cloned(self(), call); }
    void forward(const ForwardCall<double>& call) const override { self().run(call); }
    void backward(const BackwardCall<float>& call) const override { back_cloned(self(), call); }
    void backward(const BackwardCall<double>& call) const override { self().back(call); }

  private:
    const Self& self() const { return static_cast<const Self&>(*this); }
};

#define SI_CLONE_OP(Self)                                                                       \
    SI_CLONES void run_cloned(const Self& op, const ForwardCall<float>& call) { op.run(call); } \
    SI_CLONES void back_cloned(const Self& op, const BackwardCall<float>& call) { op.back(call); }

/// For an input's derivative: dx = factor dy + keep dx, unless it is not requested (null).
template <class T>
void pass(Index n, T factor, const T* dy, T keep, T* dx) {
    if (dx == nullptr) return;
    if (keep == T(0)) {
        for (Index i = 0; i < n; ++i) dx[i] = factor * dy[i];
    } else {
        for (Index i = 0; i < n; ++i) dx[i] += factor * dy[i];
    }
}

}  // namespace si
