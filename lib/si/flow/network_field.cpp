#include "si/flow/network_field.hpp"

#include <algorithm>

#include "si/base/threads.hpp"
#include "si/net/gemm.hpp"
#include "si/net/tape.hpp"

namespace si {
namespace {

/// Where the equations for a field break down at an end, samplers keep this far off it.
constexpr double kMargin = 1e-3;

}  // namespace

/// Networks run in float32 on padded chunks; combinations are formed in double.
class NetworkEvaluator : public Evaluator {
  public:
    explicit NetworkEvaluator(const NetworkField& field) : field_(field) {}

    void operator()(ConstVector t, ConstMatrix x, unsigned want, FieldValues& out) override {
        check_request(field_, t, x, want);
        make_room(out, want, field_.dim_, x.cols());
        const bool divergence = (want & (kDivB | kDivS)) != 0;
        open_tape(divergence);
        for (const Columns& columns : chunks(x.cols(), kChunk)) {
            evaluate_networks(t.segment(columns.first, columns.count),
                              x.middleCols(columns.first, columns.count), divergence);
            combine_columns(t, x, columns, want, out);
        }
    }

  private:
    void open_tape(bool divergence) {
        using Mode = Tape<float>::Mode;
        auto& tape = divergence ? differentiable_ : lean_;
        if (!tape)
            tape.emplace(field_.graph_, kChunk,
                         divergence ? Mode::differentiable : Mode::forward_only);
        values_.resize(field_.learned_.size());
        divergences_.resize(field_.learned_.size());
    }

    void evaluate_networks(ConstVector t, ConstMatrix x, bool divergence) {
        Tape<float>& tape = divergence ? *differentiable_ : *lean_;
        const Index d = field_.dim_, n = x.cols(), wide = padded(n);
        Eigen::Map<MatrixF> points(tape.input(0), d, wide);
        Eigen::Map<Eigen::RowVectorXf> times(tape.input(1), wide);
        points.leftCols(n) = x.cast<float>();
        times.head(n) = t.transpose().cast<float>();
        points.rightCols(wide - n).setZero();
        times.tail(wide - n).setZero();
        const float* parameters = field_.parameters_.data();
        for (std::size_t k = 0; k < values_.size(); ++k, parameters += field_.graph_.parameters()) {
            const float* y = tape.forward(parameters, wide);
            values_[k] = Eigen::Map<const MatrixF>(y, d, n).cast<double>();
            if (divergence) divergences_[k] = exact_divergence(tape, parameters, n, wide);
        }
    }

    /// The trace of the Jacobian: one backward pass for each row of it over one forward pass.
    Vector exact_divergence(Tape<float>& tape, const float* parameters, Index n, Index wide) {
        const Index d = field_.dim_;
        Vector trace = Vector::Zero(n);
        for (Index i = 0; i < d; ++i) {
            Eigen::Map<MatrixF> seed(tape.seed(), d, wide);
            seed.setZero();
            seed.row(i).setOnes();
            tape.backward(parameters, wide, tape.seed(), nullptr, true);
            trace += Eigen::Map<const MatrixF>(tape.d_input(0), d, wide)
                         .row(i)
                         .head(n)
                         .transpose()
                         .cast<double>();
        }
        return trace;
    }

    void combine_columns(ConstVector t, ConstMatrix x, const Columns& columns, unsigned want,
                         FieldValues& out) {
        for (const Quantity& row : quantities()) {
            const bool wants_value = (want & row.flag) != 0;
            const bool wants_trace = (want & row.divergence_flag) != 0;
            if (!wants_value && !wants_trace) continue;
            Combination rule;
            double rule_time = -1;
            for (Index j = 0; j < columns.count; ++j) {
                const Index at = columns.first + j;
                if (t[at] != rule_time) {
                    rule = combine(field_.setup_, t[at], field_.learned_, row, field_.means_known_);
                    rule_time = t[at];
                }
                if (wants_value) (out.*row.value).col(at) = column(rule, x.col(at), j);
                if (wants_trace) {
                    double sum = rule.of_x * static_cast<double>(field_.dim_);
                    for (std::size_t k = 0; k < values_.size(); ++k) {
                        if (rule.of_learned[k] != 0) sum += rule.of_learned[k] * divergences_[k][j];
                    }
                    (out.*row.divergence)[at] = sum;
                }
            }
        }
    }

    Vector column(const Combination& rule, ConstVector x, Index j) const {
        Vector result = rule.of_x * x;
        for (std::size_t k = 0; k < values_.size(); ++k) {
            if (rule.of_learned[k] != 0) result += rule.of_learned[k] * values_[k].col(j);
        }
        if (rule.of_mean0 != 0) result += rule.of_mean0 * field_.mean0_;
        if (rule.of_mean1 != 0) result += rule.of_mean1 * field_.mean1_;
        return result;
    }

    const NetworkField& field_;
    std::optional<Tape<float>> lean_, differentiable_;
    std::vector<Matrix> values_;
    std::vector<Vector> divergences_;
};

Graph NetworkField::graph(const NetworkFieldSpec& spec, Index dim) {
    return spec.net.make(NetworkShape{dim, dim});
}

NetworkField::NetworkField(const NetworkFieldSpec& spec, Setup setup, Index dim,
                           Eigen::VectorXf parameters)
    : setup_(std::move(setup)),
      dim_(dim),
      graph_(graph(spec, dim)),
      learned_(parse_learned(spec.learn)),
      parameters_(std::move(parameters)) {
    const Index wanted = graph_.parameters() * std::ssize(learned_);
    require(parameters_.size() == wanted, Failure::data, "the networks have ", wanted,
            " parameters, the model has ", parameters_.size());
    if (spec.mean0 && spec.mean1) {
        const auto as_vector = [&](const std::vector<double>& list) {
            require(std::ssize(list) == dim, Failure::data, "a mean has ", list.size(),
                    " numbers, the model has dimension ", dim);
            return Vector(Eigen::Map<const Vector>(list.data(), dim));
        };
        mean0_ = as_vector(*spec.mean0);
        mean1_ = as_vector(*spec.mean1);
        means_known_ = true;
    }
    for (const Quantity& row : quantities()) {
        const auto where = determined_span(setup_, learned_, row, means_known_, kMargin);
        if (where[0] < where[1]) available_ |= row.flag | row.divergence_flag;
    }
}

std::array<double, 2> NetworkField::span(unsigned want) const {
    std::array<double, 2> all{0, 1};
    for (const Quantity& row : quantities()) {
        if ((want & (row.flag | row.divergence_flag)) == 0) continue;
        const auto one = determined_span(setup_, learned_, row, means_known_, kMargin);
        all = {std::max(all[0], one[0]), std::min(all[1], one[1])};
    }
    return all;
}

std::unique_ptr<Evaluator> NetworkField::evaluator() const {
    return std::make_unique<NetworkEvaluator>(*this);
}

}  // namespace si
