#include "si/model/network_field.hpp"

#include <algorithm>

#include "si/base/threads.hpp"

namespace si {
namespace {

/// Where the equations for a field break down at an end, samplers keep this far off it.
constexpr double kMargin = 1e-3;

}  // namespace

void put_conditions(Tape<float>& tape, const Conditions& conditions, const MatrixF& given,
                    Index first, Index n, Index wide) {
    std::size_t input = 2;
    const auto put = [&](Index from, Index rows) {
        Eigen::Map<MatrixF> to(tape.input(input++), rows, wide);
        to.leftCols(n) = given.block(from, first, rows, n);
        to.rightCols(wide - n).setZero();
    };
    const Index label = conditions.labels > 0 ? 1 : 0;
    if (label > 0) put(0, 1);
    if (conditions.numbers() > 0) put(label, conditions.numbers());
}

/// Networks run in float32 on padded chunks; combinations are formed in double.
class NetworkEvaluator : public Evaluator {
  public:
    explicit NetworkEvaluator(const NetworkField& field) : field_(field) {}

    void condition(ConstMatrix given) override {
        require(given.rows() == field_.conditions_.rows(), Failure::internal, "conditions have ",
                given.rows(), " rows");
        given_ = field_.conditions_.seen(given).cast<float>();
        if (field_.conditions_.start) start_ = given.bottomRows(field_.dim_);
    }

    void operator()(const Times& t, ConstMatrix x, unsigned want, FieldValues& out) override {
        check_request(field_, t, x, want);
        check_conditions(x.cols());
        make_room(out, want, field_.dim_, x.cols());
        const bool divergence = (want & (kDivB | kDivS)) != 0;
        open_tape(divergence);
        for (const Columns& columns : chunks(x.cols(), field_.together_)) {
            plan(t.segment(columns.first, columns.count), want);
            const auto points = x.middleCols(columns.first, columns.count);
            run_networks(t.segment(columns.first, columns.count), points, columns.first, divergence,
                         [&](Tape<float>& tape, const Weights<float>& weights, Index wide) {
                             return exact_trace(tape, weights, columns.count, wide);
                         });
            squares_.setConstant(1, columns.count, static_cast<double>(field_.dim_));
            for (const Plan& plan : plans_) {
                const Quantity& row = *plan.row;
                if ((want & row.flag) != 0) {
                    combine_values(plan, points, columns.first,
                                   (out.*row.value).middleCols(columns.first, columns.count));
                }
                if ((want & row.divergence_flag) != 0) {
                    combine_traces(plan);
                    (out.*row.divergence).segment(columns.first, columns.count) =
                        combined_.transpose();
                }
            }
        }
    }

    void probe(const Times& t, ConstMatrix x, ConstMatrix probes, FieldValues& out,
               MatrixRef quadratic) override {
        check_request(field_, t, x, kB | kDivB);
        check_conditions(x.cols());
        make_room(out, kB, field_.dim_, x.cols());
        open_tape(true);
        for (const Columns& columns : chunks(x.cols(), field_.together_)) {
            plan(t.segment(columns.first, columns.count), kB);
            const auto points = x.middleCols(columns.first, columns.count);
            const auto along = probes.middleCols(columns.first, columns.count);
            run_networks(t.segment(columns.first, columns.count), points, columns.first, true,
                         [&](Tape<float>& tape, const Weights<float>& weights, Index wide) {
                             return probed_traces(tape, weights, along, wide);
                         });
            squares_ = squared_lengths(along);
            combine_values(plans_.front(), points, columns.first,
                           out.b.middleCols(columns.first, columns.count));
            combine_traces(plans_.front());
            quadratic.middleCols(columns.first, columns.count) = combined_;
        }
    }

    void pull_back(const Times& t, ConstMatrix x, Want of, ConstMatrix r, FieldValues& out,
                   MatrixRef product) override {
        check_request(field_, t, x, of);
        check_conditions(x.cols());
        make_room(out, of, field_.dim_, x.cols());
        Matrix& value = out.*answer_of(of).field;
        open_tape(true);
        for (const Columns& columns : chunks(x.cols(), field_.together_)) {
            plan(t.segment(columns.first, columns.count), of);
            const Plan& plan = plans_.front();
            const auto points = x.middleCols(columns.first, columns.count);
            const auto along = r.middleCols(columns.first, columns.count);
            auto sum = product.middleCols(columns.first, columns.count);
            for (Index j = 0; j < columns.count; ++j) {
                sum.col(j) = plan.rule(j).of_x * along.col(j);
            }
            std::size_t k = 0;  // of the networks that are needed, one after another
            run_networks(t.segment(columns.first, columns.count), points, columns.first, true,
                         [&](Tape<float>& tape, const Weights<float>& weights, Index wide) {
                             while (needed_[k] == 0) ++k;
                             add_pulled_back(tape, weights, plan, k++, along, wide, sum);
                             return Matrix();
                         });
            combine_values(plan, points, columns.first,
                           value.middleCols(columns.first, columns.count));
        }
    }

  private:
    /// How one wanted quantity follows at each column of a chunk.
    struct Plan {
        const Quantity* row;
        std::vector<Combination> rules;  // one for each run of equal times
        std::vector<std::size_t> rule_of_column;

        const Combination& rule(Index j) const {
            return rules[rule_of_column[static_cast<std::size_t>(j)]];
        }
    };

    void check_conditions(Index n) const {
        require(field_.conditions_.rows() == 0 || given_.cols() == n, Failure::usage,
                "this model is conditioned on ", field_.conditions_.labels > 0 ? "labels" : "data",
                ", and none are given");
    }

    /// Fills plans_, and marks in needed_ the networks that have a part in them.
    void plan(const Times& t, unsigned want) {
        plans_.clear();
        needed_.assign(field_.learned_.size(), 0);
        for (const Quantity& row : quantities()) {
            if ((want & (row.flag | row.divergence_flag)) == 0) continue;
            Plan plan{&row, {}, {}};
            for (Index j = 0; j < t.size(); ++j) {
                if (j == 0 || t[j] != t[j - 1]) {
                    plan.rules.push_back(field_.rule(t[j], row));
                    const auto& weights = plan.rules.back().of_learned;
                    for (std::size_t k = 0; k < weights.size(); ++k) {
                        if (weights[k] != 0) needed_[k] = 1;
                    }
                }
                plan.rule_of_column.push_back(plan.rules.size() - 1);
            }
            plans_.push_back(std::move(plan));
        }
    }

    void open_tape(bool divergence) {
        using Mode = Tape<float>::Mode;
        auto& tape = divergence ? differentiable_ : lean_;
        if (!tape)
            tape.emplace(field_.graph_, field_.together_,
                         divergence ? Mode::differentiable : Mode::forward_only);
        values_.resize(field_.learned_.size());
        traces_.resize(field_.learned_.size());
    }

    /// Runs the networks that are needed; `trace` answers for one of them after its forward pass.
    /// Column `first` of what is given belongs to the first of x.
    template <class Trace>
    void run_networks(const Times& t, ConstMatrix x, Index first, bool divergence,
                      const Trace& trace) {
        Tape<float>& tape = divergence ? *differentiable_ : *lean_;
        const Index d = field_.dim_, n = x.cols(), wide = fill_inputs(tape, t, x);
        put_conditions(tape, field_.conditions_, given_, first, n, wide);
        for (std::size_t k = 0; k < values_.size(); ++k) {
            if (needed_[k] == 0) continue;
            const float* y = tape.forward(field_.weights_[k], wide);
            values_[k] = Eigen::Map<const MatrixF>(y, d, n).cast<double>();
            if (divergence) traces_[k] = trace(tape, field_.weights_[k], wide);
        }
    }

    /// The trace of the Jacobian (1, n): one backward pass for each row of it over one forward
    /// pass.
    Matrix exact_trace(Tape<float>& tape, const Weights<float>& weights, Index n, Index wide) {
        const Index d = field_.dim_;
        Matrix trace = Matrix::Zero(1, n);
        for (Index i = 0; i < d; ++i) {
            Eigen::Map<MatrixF> seed(tape.seed(), d, wide);
            seed.setZero();
            seed.row(i).setOnes();
            tape.backward(weights, wide, tape.seed(), nullptr, true);
            trace +=
                Eigen::Map<const MatrixF>(tape.d_input(0), d, wide).row(i).head(n).cast<double>();
        }
        return trace;
    }

    /// |e|^2 of each probe (K, n).
    Matrix squared_lengths(ConstMatrix probes) const {
        const Index d = field_.dim_;
        Matrix squares = Matrix::Zero(probes.rows() / d, probes.cols());
        for (Index j = 0; j < probes.cols(); ++j) {
            for (Index i = 0; i < probes.rows(); ++i) {
                squares(i / d, j) += probes(i, j) * probes(i, j);
            }
        }
        return squares;
    }

    /// e^T J e for each probe e (K, n): one backward pass a probe.
    Matrix probed_traces(Tape<float>& tape, const Weights<float>& weights, ConstMatrix probes,
                         Index wide) {
        const Index d = field_.dim_, n = probes.cols();
        Matrix traces(probes.rows() / d, n);
        for (Index k = 0; k < traces.rows(); ++k) {
            Eigen::Map<MatrixF> seed(tape.seed(), d, wide);
            seed.leftCols(n) = probes.middleRows(k * d, d).cast<float>();
            seed.rightCols(wide - n).setZero();
            tape.backward(weights, wide, tape.seed(), nullptr, true);
            const Eigen::Map<const MatrixF> product(tape.d_input(0), d, wide);
            for (Index j = 0; j < n; ++j) {
                double sum = 0;
                for (Index i = 0; i < d; ++i) {
                    sum += static_cast<double>(product(i, j)) * probes(k * d + i, j);
                }
                traces(k, j) = sum;
            }
        }
        return traces;
    }

    /// Adds J^T r of network k, as often as it counts in the plan: one backward pass.
    void add_pulled_back(Tape<float>& tape, const Weights<float>& weights, const Plan& plan,
                         std::size_t k, ConstMatrix r, Index wide, MatrixRef sum) {
        const Index d = field_.dim_, n = r.cols();
        Eigen::Map<MatrixF> seed(tape.seed(), d, wide);
        seed.rightCols(wide - n).setZero();
        for (Index j = 0; j < n; ++j) {
            seed.col(j) = (plan.rule(j).of_learned[k] * r.col(j)).cast<float>();
        }
        tape.backward(weights, wide, tape.seed(), nullptr, true);
        sum += Eigen::Map<const MatrixF>(tape.d_input(0), d, wide).leftCols(n).cast<double>();
    }

    /// Column `first` of what is given belongs to the first of x.
    void combine_values(const Plan& plan, ConstMatrix x, Index first, MatrixRef out) const {
        for (Index j = 0; j < x.cols(); ++j) {
            const Combination& rule = plan.rule(j);
            out.col(j) = rule.of_x * x.col(j);
            for (std::size_t k = 0; k < values_.size(); ++k) {
                if (rule.of_learned[k] != 0) out.col(j) += rule.of_learned[k] * values_[k].col(j);
            }
            for (Index k = 0; k < rule.of_means.size(); ++k) {
                if (rule.of_means[k] == 0) continue;
                const bool given = k == 0 && field_.conditions_.start;
                const Vector& mean = field_.means_[static_cast<std::size_t>(k)];
                out.col(j) += rule.of_means[k] * (given ? Vector(start_.col(first + j)) : mean);
            }
        }
    }

    /// The same combination of traces, where x has the Jacobian I: trace d, or |e|^2 of a probe.
    void combine_traces(const Plan& plan) {
        combined_.resizeLike(squares_);
        for (Index j = 0; j < squares_.cols(); ++j) {
            const Combination& rule = plan.rule(j);
            combined_.col(j) = rule.of_x * squares_.col(j);
            for (std::size_t k = 0; k < traces_.size(); ++k) {
                if (rule.of_learned[k] != 0) {
                    combined_.col(j) += rule.of_learned[k] * traces_[k].col(j);
                }
            }
        }
    }

    const NetworkField& field_;
    std::optional<Tape<float>> lean_, differentiable_;
    std::vector<Plan> plans_;
    std::vector<char> needed_;
    MatrixF given_;
    Matrix start_;  // x0, where that is given
    std::vector<Matrix> values_, traces_;
    Matrix squares_, combined_;
};

Graph NetworkField::graph(const NetworkFieldSpec& spec, const std::vector<Index>& shape) {
    const Index dim = Conditions{.shape = shape}.numbers();
    const Index numbers = in_context("/condition", [&] { return spec.conditions().numbers(); });
    // A mask is one for all channels of an image, or has all that x has.
    const Index pixels = shape.size() == 3 ? shape[1] * shape[2] : dim;
    require(!spec.masked || numbers == dim || numbers == pixels, Failure::data,
            "/condition: a masked field is conditioned on its mask, ", pixels,
            " numbers; these are ", numbers);
    return spec.net.make(NetworkShape{dim, dim, shape, spec.labels, spec.condition, spec.masked});
}

Conditions NetworkFieldSpec::conditions() const {
    Conditions all{labels, condition, masked};
    if (absent) all.absent = *absent;
    if (!condition_shift && !condition_scale) return all;
    require(
        condition_shift && condition_scale && condition_shift->size() == condition_scale->size(),
        Failure::data, "/condition_shift and /condition_scale are lists of the same length");
    all.shift = *condition_shift;
    all.scale = *condition_scale;
    require(!all.shift.empty() && all.numbers() % std::ssize(all.shift) == 0, Failure::data,
            "/condition_shift: has ", all.shift.size(), " numbers for ", all.numbers(),
            " conditions");
    return all;
}

NetworkField::NetworkField(const NetworkFieldSpec& spec, Setup setup,
                           const std::vector<Index>& shape, Eigen::VectorXf parameters)
    : setup_(std::move(setup)),
      dim_(Conditions{.shape = shape}.numbers()),
      conditions_(spec.conditions()),
      graph_(graph(spec, shape)),
      together_(graph_.columns_together(kChunk)),
      learned_(parse_learned(spec.learn)),
      parameters_(std::move(parameters)) {
    const Index wanted = graph_.parameters() * std::ssize(learned_);
    require(parameters_.size() == wanted, Failure::data, "the networks have ", wanted,
            " parameters, the model has ", parameters_.size());
    for (std::size_t k = 0; k < learned_.size(); ++k) {
        weights_.emplace_back(graph_).set(parameters_.data() +
                                          static_cast<Index>(k) * graph_.parameters());
    }
    conditions_.start = setup_.given_start();
    require(!conditions_.start || (conditions_.numbers() == dim_ && !spec.masked), Failure::data,
            "/condition: x0 is given, so these are as many numbers as it has");
    if (spec.mean0 && spec.mean1) {
        const auto as_vector = [&](const std::vector<double>& list) {
            require(std::ssize(list) == dim_, Failure::data, "a mean has ", list.size(),
                    " numbers, the model has dimension ", dim_);
            return Vector(Eigen::Map<const Vector>(list.data(), dim_));
        };
        means_ = {as_vector(*spec.mean0), as_vector(*spec.mean1)};
        means_known_ = conditions_.rows() == 0;
        if (spec.start_error && setup_.one_sided()) {
            start_error_ = {*spec.start_error, means_known_ ? 0.0 : 1.0};
        }
    }
    for (const Quantity& row : quantities()) {
        const auto where = span_of(row);
        if (where[0] < where[1]) available_ |= row.flag | row.divergence_flag;
    }
    // A score that was learned without a latent was learned from nothing.
    if (!setup_.one_sided() && !setup_.interpolant.has_latent()) {
        available_ &= ~unsigned{kS | kDivS | kEta};
    }
}

Combination NetworkField::rule(double t, const Quantity& wanted) const {
    if (start_error_) return steadied(setup_, t, learned_, wanted, means_known_, *start_error_);
    return combine(setup_, t, learned_, wanted, means_known_);
}

std::array<double, 2> NetworkField::span_of(const Quantity& wanted) const {
    return determined_span(setup_, learned_, wanted, means_known_, kMargin, start_error_);
}

std::array<double, 2> NetworkField::span(unsigned want) const {
    std::array<double, 2> all{0, 1};
    for (const Quantity& row : quantities()) {
        if ((want & (row.flag | row.divergence_flag)) == 0) continue;
        const auto one = span_of(row);
        all = {std::max(all[0], one[0]), std::min(all[1], one[1])};
    }
    return all;
}

std::unique_ptr<Evaluator> NetworkField::evaluator() const {
    return std::make_unique<NetworkEvaluator>(*this);
}

}  // namespace si
