#include "si/bridge/bent_path.hpp"

#include "si/model/network_field.hpp"
#include "si/net/gemm.hpp"

namespace si {
BentPath::BentPath(Index dim, const Choice<networks>& net, Index modes, std::uint64_t seed,
                   int workers)
    : dim_(dim),
      modes_(modes),
      path_({.path = Choice<paths>("fourier")}),
      mode_(path_.spec().path.row().mode),
      graph_(net.make(NetworkShape{2 * dim, modes * dim, {2 * dim}})),
      weights_(graph_),
      learned_(graph_.initial(seed)),
      tapes_(static_cast<std::size_t>(workers)) {
    together_ = graph_.columns_together(kChunk);
    for (const Tensor& tensor : graph_.tensors()) {
        if (tensor.name.starts_with("output.")) {
            learned_.segment(tensor.offset, tensor.size()).setZero();
        }
    }
    average_ = learned_;
    first_ = second_ = Eigen::VectorXf::Zero(learned_.size());
}

void BentPath::take(bool averaged) { weights_.set((averaged ? average_ : learned_).data()); }

void BentPath::tangents(int worker, ConstVector t, ConstMatrix x0, ConstMatrix x1, MatrixRef start,
                        MatrixRef end) {
    auto& tape = tapes_[static_cast<std::size_t>(worker)];
    if (!tape) tape.emplace(graph_, together_, Tape<float>::Mode::differentiable);
    const Index n = t.size();
    Matrix ends(2 * dim_, n);
    ends << x0, x1;
    const Index wide = fill_inputs(*tape, Vector::Zero(n), ends);  // N does not know the time
    const Eigen::Map<const MatrixF> bends(tape->forward(weights_, wide), modes_ * dim_, n);
    for (Index j = 0; j < n; ++j) {
        const auto c = path_.at(t[j]);
        auto at = start.col(j), velocity = end.col(j);
        at = c.alpha() * x0.col(j) + c.beta() * x1.col(j);
        velocity = c.alpha_dot() * x0.col(j) + c.beta_dot() * x1.col(j);
        for (Index k = 0; k < modes_; ++k) {
            const auto [value, slope] = mode_(k, t[j]);
            const auto bend = bends.col(j).segment(k * dim_, dim_).cast<double>();
            at += value * bend;
            velocity += slope * bend;
        }
        at -= t[j] * velocity;
        velocity += at;  // which is the start now
    }
}

void BentPath::gradient(int worker, ConstVector t, ConstMatrix pull, ConstMatrix push,
                        float* gradient) {
    Tape<float>& tape = *tapes_[static_cast<std::size_t>(worker)];
    const Index n = t.size(), wide = std::min(padded(n), together_);
    Eigen::Map<MatrixF> seed(tape.seed(), modes_ * dim_, wide);
    for (Index j = 0; j < n; ++j) {
        for (Index k = 0; k < modes_; ++k) {
            const auto [value, slope] = mode_(k, t[j]);
            seed.col(j).segment(k * dim_, dim_) =
                (value * pull.col(j) + slope * push.col(j)).cast<float>();
        }
    }
    seed.rightCols(wide - n).setZero();
    std::fill_n(gradient, parameters(), 0.0F);
    tape.backward(weights_, wide, tape.seed(), gradient, false);
}

void BentPath::update(const float* gradient, const UpdateRates& rates, const Update& rule) {
    rule({parameters(), learned_.data(), gradient, average_.data(), first_.data(), second_.data()},
         rates);
}

}  // namespace si
