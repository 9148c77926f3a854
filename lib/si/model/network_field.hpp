#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "si/interpolant/fields.hpp"
#include "si/model/quantity.hpp"
#include "si/net/network.hpp"
#include "si/net/tape.hpp"

// Fields from trained networks: learned quantities by the tape, all others by the equations that
// tie them.

namespace si {

/// Settings of a field that was learned: which quantities, by which network each, and the
/// means of x0 and x1 when they are known and independent (they pin fields at the ends; of models
/// with conditions, next to t = 0 only).
struct NetworkFieldSpec {
    std::string learn = "b";
    Choice<networks> net{"mlp"};
    std::optional<std::vector<double>> mean0, mean1;
    std::optional<double> start_error;
    Index labels = 0;
    std::vector<Index> condition = {};
    bool masked = false;
    std::optional<std::vector<Index>> absent = {};
    std::optional<std::vector<double>> condition_shift = {}, condition_scale = {};

    static constexpr auto fields() {
        return std::tuple{
            field("learn", &NetworkFieldSpec::learn, "Fields that are learned"),
            field("net", &NetworkFieldSpec::net, "Network, one for each of them"),
            field("mean0", &NetworkFieldSpec::mean0, "Mean of x0"),
            field("mean1", &NetworkFieldSpec::mean1, "Mean of x1"),
            field("start_error", &NetworkFieldSpec::start_error,
                  "Root mean square error of E[x0|x_t] at t = 0, where it is x0", kPositive),
            field("labels", &NetworkFieldSpec::labels, "Labels that the fields are conditioned on",
                  kNonNegative),
            field("condition", &NetworkFieldSpec::condition, "Shape of the condition of the fields",
                  kPositive),
            field("masked", &NetworkFieldSpec::masked, "These numbers are 1 where x does not move"),
            field("absent", &NetworkFieldSpec::absent,
                  "Labels that no sample of the training set had", kNonNegative),
            field("condition_shift", &NetworkFieldSpec::condition_shift,
                  "Networks see (condition - shift) / scale: a number for each, or for a channel"),
            field("condition_scale", &NetworkFieldSpec::condition_scale, "See condition_shift",
                  kPositive)};
    }

    /// Throws Failure::data where shifts and scales do not fit the conditions.
    Conditions conditions() const;
};

/// Columns that go through a network together, or fewer of large samples.
inline constexpr Index kChunk = 256;

/// Puts columns `first` .. `first` + n - 1 of `given` where a network expects its label and
/// condition, and zeros in the other of `wide` columns.
void put_conditions(Tape<float>& tape, const Conditions& conditions, const MatrixF& given,
                    Index first, Index n, Index wide);

/// Fields from networks, one for each learned quantity; the others by combine(). The networks'
/// parameters follow one another in one flat vector.
class NetworkField : public Field {
  public:
    /// Throws Failure::data when the number of parameters does not fit.
    NetworkField(const NetworkFieldSpec& spec, Setup setup, const std::vector<Index>& shape,
                 Eigen::VectorXf parameters);

    Index dim() const override { return dim_; }
    Conditions conditions() const override { return conditions_; }
    Index together(Index most) const override { return std::min(together_, most); }
    unsigned available() const override { return available_; }
    std::array<double, 2> span(unsigned want) const override;
    std::unique_ptr<Evaluator> evaluator() const override;

    /// The graph of one learned quantity; all have the same shape.
    static Graph graph(const NetworkFieldSpec& spec, const std::vector<Index>& shape);

  private:
    friend class NetworkEvaluator;

    Setup setup_;
    Index dim_;
    Conditions conditions_;
    Graph graph_;
    Index together_;  ///< columns that go through a network at a time
    std::vector<const Quantity*> learned_;
    Eigen::VectorXf parameters_;
    std::vector<Weights<float>> weights_;   // of each learned quantity
    std::vector<Vector> means_ = {{}, {}};  ///< of the ends, where means_known_
    bool means_known_ = false;
    std::optional<StartError> start_error_;

    Combination rule(double t, const Quantity& wanted) const;
    std::array<double, 2> span_of(const Quantity& wanted) const;

    unsigned available_ = 0;
};

}  // namespace si
