#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "si/base/threads.hpp"
#include "si/model/model.hpp"
#include "si/net/network.hpp"
#include "si/net/optimizer.hpp"
#include "si/net/tape.hpp"

// Paths between two points that a network bends, for the max-min of the neural bridge.

namespace si {

/// A path between two points that a network N bends,
///
///     I(t, x0, x1) = cos(pi t / 2) x0 + sin(pi t / 2) x1 + sum_k sin(k pi t) N_k(x0, x1),
///
/// path fourier with coefficients that see x0 and x1. It starts in x0 and ends in x1 whatever the
/// network says, and its velocity needs no derivative of it. It begins with N = 0.
class BentPath {
  public:
    /// `net` for points of dimension `dim`, with `modes` sines.
    BentPath(Index dim, const Choice<networks>& net, Index modes, std::uint64_t seed, int workers);

    /// Most samples of one call of tangents() and gradient().
    Index together() const { return together_; }

    /// Copies of the weights, as learned or averaged, for the calls that follow.
    void take(bool averaged);

    /// The points where the tangent to the path at time t meets t = 0 and t = 1: I = (1 - t) start
    /// + t end, and dI/dt = end - start. So position and velocity at one time are those of the
    /// linear path between these points.
    void tangents(int worker, ConstVector t, ConstMatrix x0, ConstMatrix x1, MatrixRef start,
                  MatrixRef end);

    /// After tangents() by the same worker at the same points: `gradient` (parameters()) becomes
    /// the derivative by the parameters of sum_j (I_j . pull_j + (dI/dt)_j . push_j).
    void gradient(int worker, ConstVector t, ConstMatrix pull, ConstMatrix push, float* gradient);

    Index parameters() const { return graph_.parameters(); }

    /// One step of an optimiser, downhill.
    void update(const float* gradient, const UpdateRates& rates, const Update& rule);

  private:
    Index dim_, modes_, together_;
    Interpolant path_;                              ///< without the bend
    std::array<double, 2> (*mode_)(Index, double);  ///< a sine, from 0, and its slope
    Graph graph_;
    Weights<float> weights_;
    Eigen::VectorXf learned_, average_, first_, second_;
    std::vector<std::optional<Tape<float>>> tapes_;  // of each worker
};

}  // namespace si
