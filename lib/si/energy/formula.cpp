#include <charconv>
#include <cmath>

#include "si/energy/rows.hpp"
#include "si/interpolant/expression.hpp"

namespace si {
namespace {

using Step = Expression::Step;

/// A formula in postfix order, whose gradient is found backwards from its value.
class Formula : public PointFunction {
  public:
    explicit Formula(std::vector<Step> steps) : steps_(std::move(steps)), from_(steps_.size()) {
        // Where the operands of each step are.
        std::vector<std::size_t> stack;
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            const auto kind = steps_[i].kind;
            if (kind != Step::number && kind != Step::variable) {
                from_[i].last = stack.back();
                stack.pop_back();
                if (kind != Step::negate && kind != Step::function) {
                    from_[i].first = stack.back();
                    stack.pop_back();
                }
            }
            stack.push_back(i);
        }
    }

    void evaluate(ConstMatrix x, Vector& values, Matrix* gradients) const override {
        std::vector<double> value(steps_.size()), weight(steps_.size());
        for (Index j = 0; j < x.cols(); ++j) {
            for (std::size_t i = 0; i < steps_.size(); ++i) value[i] = value_of(i, x, j, value);
            values[j] = value.back();
            if (gradients == nullptr) continue;
            std::fill(weight.begin(), weight.end(), 0.0);
            weight.back() = 1;
            gradients->col(j).setZero();
            for (std::size_t i = steps_.size(); i-- > 0;) {
                if (weight[i] != 0) pass_back(i, j, value, weight, *gradients);
            }
        }
    }

  private:
    struct Operands {
        std::size_t first = 0, last = 0;
    };

    double value_of(std::size_t i, ConstMatrix x, Index j, const std::vector<double>& value) const {
        const Step& step = steps_[i];
        const double a = value[from_[i].first], b = value[from_[i].last];
        switch (step.kind) {
            case Step::number:
                return step.number_value;
            case Step::variable:
                return x(step.index, j);
            case Step::negate:
                return -b;
            case Step::function:
                return step.apply({b, 1, 0}).value;
            case Step::add:
                return a + b;
            case Step::subtract:
                return a - b;
            case Step::multiply:
                return a * b;
            case Step::divide:
                return a / b;
            case Step::power:
                return std::pow(a, b);
        }
        return 0;
    }

    void pass_back(std::size_t i, Index j, const std::vector<double>& value,
                   std::vector<double>& weight, Matrix& gradients) const {
        const Step& step = steps_[i];
        const auto [first, last] = from_[i];
        const double a = value[first], b = value[last], w = weight[i];
        switch (step.kind) {
            case Step::number:
                return;
            case Step::variable:
                gradients(step.index, j) += w;
                return;
            case Step::negate:
                weight[last] -= w;
                return;
            case Step::function:
                weight[last] += w * step.apply({b, 1, 0}).slope;
                return;
            case Step::add:
                weight[first] += w;
                weight[last] += w;
                return;
            case Step::subtract:
                weight[first] += w;
                weight[last] -= w;
                return;
            case Step::multiply:
                weight[first] += w * b;
                weight[last] += w * a;
                return;
            case Step::divide:
                weight[first] += w / b;
                weight[last] -= w * a / (b * b);
                return;
            case Step::power:
                if (b != 0) weight[first] += w * b * std::pow(a, b - 1);
                // A power that is a number has no use for the logarithm, which may not exist.
                if (steps_[last].kind != Step::number && a > 0) {
                    weight[last] += w * value[i] * std::log(a);
                }
                return;
        }
    }

    std::vector<Step> steps_;
    std::vector<Operands> from_;
};

/// x1 .. xd.
std::optional<int> coordinate(std::string_view word, Index d) {
    if (word.size() < 2 || word[0] != 'x') return {};
    int number = 0;
    const auto [end, error] = std::from_chars(word.data() + 1, word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size()) return {};
    require(number >= 1 && number <= d, Failure::usage, "there is no ", word,
            "; samples have x1 to x", d);
    return number - 1;
}

}  // namespace

MadeFunction make_formula(const FormulaSpec& spec, const SampleShape& shape) {
    require(!spec.u.empty(), Failure::usage, "give the formula: u=FORMULA");
    const Index d = dimension_of(shape);
    const FormulaVariables variables{"x1, x2, ...",
                                     [d](std::string_view word) { return coordinate(word, d); }};
    return in_context("u",
                      [&] { return std::make_unique<Formula>(parse_formula(spec.u, variables)); });
}

}  // namespace si
