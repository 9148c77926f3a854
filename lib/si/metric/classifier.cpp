#include "si/metric/classifier.hpp"

#include <algorithm>
#include <cmath>

#include "si/base/error.hpp"
#include "si/base/threads.hpp"
#include "si/net/graph.hpp"
#include "si/net/ops.hpp"
#include "si/net/optimizer.hpp"
#include "si/net/tape.hpp"
#include "si/random/draw.hpp"

namespace si {
namespace {

constexpr Index kWidth = 64, kBatch = 128, kLeastSteps = 200, kMostSteps = 1000, kEpochs = 30;
constexpr double kRate = 4e-3;
constexpr std::uint32_t kShuffle = 1U << 20;  ///< steps from here on are not batches

Graph two_layers(Index dim) {
    Graph graph;
    const LinearOptions hidden{.activation = "silu", .gain = 1.6};
    const Var first = linear(graph, graph.input(dim), kWidth, "layer.0", hidden);
    const Var second = linear(graph, first, kWidth, "layer.1", hidden);
    graph.output(linear(graph, second, 1, "output", {.gain = 0.1}));
    return graph;
}

/// Both sets one after the other, standardised, and where they meet.
struct Labelled {
    MatrixF values;
    Index boundary;

    /// Shuffled: rows that alternate must not make halves that differ.
    Labelled(ConstMatrix x, ConstMatrix y, std::uint64_t seed)
        : values(x.rows(), x.cols() + y.cols()), boundary(x.cols()) {
        Matrix all(values.rows(), values.cols());
        const Permutation of_x({seed, Purpose::classifier, kShuffle}, x.cols()),
            of_y({seed, Purpose::classifier, kShuffle + 1}, y.cols());
        for (Index j = 0; j < x.cols(); ++j) all.col(j) = x.col(of_x(j));
        for (Index j = 0; j < y.cols(); ++j) all.col(boundary + j) = y.col(of_y(j));
        all.colwise() -= Vector(all.rowwise().mean());
        const Vector deviation =
            (all.rowwise().squaredNorm() / static_cast<double>(all.cols())).cwiseSqrt();
        all.array().colwise() /= (deviation.array() > 0).select(deviation.array(), 1);
        values = all.cast<float>();
    }
    /// Sample k of a half: even columns or odd ones, so that both halves hold both labels.
    Index column(Index half, Index k) const { return 2 * k + half; }
    Index half_size(Index half) const { return (values.cols() + 1 - half) / 2; }
    float label(Index column) const { return column < boundary ? 1.0F : 0.0F; }
};

class Classifier {
  public:
    /// Learns from one half.
    Classifier(const Labelled& data, Index half, std::uint64_t seed)
        : graph_(two_layers(data.values.rows())),
          parameters_(graph_.initial(seed + static_cast<std::uint64_t>(half))),
          weights_(graph_),
          tape_(graph_, kBatch, Tape<float>::Mode::differentiable) {
        const Index n = data.half_size(half);
        const Index steps = std::clamp(kEpochs * n / kBatch, kLeastSteps, kMostSteps);
        const auto adam = optimizers().at("adamw").make({{"weight_decay", 0.1}});
        const auto size = parameters_.size();
        Eigen::VectorXf gradient(size), average(parameters_), first(size), second(size);
        first.setZero(), second.setZero();
        for (Index step = 0; step < steps; ++step) {
            const Address address{seed, Purpose::classifier,
                                  static_cast<std::uint32_t>(2 * step + half)};
            Eigen::Map<MatrixF> x(tape_.input(0), data.values.rows(), kBatch);
            Eigen::Array<float, 1, kBatch> label;
            for (Index j = 0; j < kBatch; ++j) {
                const auto k =
                    static_cast<Index>(random_word(address, j) % static_cast<std::uint64_t>(n));
                x.col(j) = data.values.col(data.column(half, k));
                label[j] = data.label(data.column(half, k));
            }
            weights_.set(parameters_.data());
            const Eigen::Map<const Eigen::Array<float, 1, kBatch>> y(
                tape_.forward(weights_, kBatch));
            // The slope of the logarithmic loss.
            Eigen::Map<Eigen::Array<float, 1, kBatch>> slope(tape_.seed());
            slope = (1 / (1 + (-y).exp()) - label) / static_cast<float>(kBatch);
            tape_.backward(weights_, kBatch, tape_.seed(), gradient.data(), false, 0.0F);
            const double left = 1 - static_cast<double>(step) / static_cast<double>(steps);
            adam({size, parameters_.data(), gradient.data(), average.data(), first.data(),
                  second.data()},
                 {.step = step + 1, .rate = static_cast<float>(kRate * left)});
        }
        weights_.set(parameters_.data());
    }

    /// Right answers to the other half, to each label: 1, 0, or 1/2 where it cannot tell.
    void answer(const Labelled& data, Index half, Vector& right) {
        for (const Columns& part : chunks(data.half_size(half), kBatch)) {
            Eigen::Map<MatrixF> x(tape_.input(0), data.values.rows(), kBatch);
            x.setZero();
            for (Index j = 0; j < part.count; ++j) {
                x.col(j) = data.values.col(data.column(half, part.first + j));
            }
            const float* y = tape_.forward(weights_, kBatch);
            for (Index j = 0; j < part.count; ++j) {
                const Index column = data.column(half, part.first + j);
                const bool of_x = data.label(column) > 0;
                right[column] = y[j] == 0 ? 0.5 : (y[j] > 0) == of_x ? 1 : 0;
            }
        }
    }

  private:
    Graph graph_;
    Eigen::VectorXf parameters_;
    Weights<float> weights_;
    Tape<float> tape_;
};

}  // namespace

Estimate classifier_accuracy(ConstMatrix x, ConstMatrix y, std::uint64_t seed) {
    require(x.cols() == y.cols() && x.cols() >= 4, Failure::internal,
            "a classifier needs equally many of both, four or more");
    const Labelled data(x, y, seed);
    Vector right(data.values.cols());
    for (Index half : {0, 1}) Classifier(data, half, seed).answer(data, 1 - half, right);
    const auto n = static_cast<double>(right.size());
    const double share = right.mean();
    return {share, std::sqrt(share * (1 - share) / n)};
}

}  // namespace si
