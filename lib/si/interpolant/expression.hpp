#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

// Formulas that users write: in t for custom paths, with exact first and second derivatives, and in
// any other variables.

namespace si {

/// A function of t at one time: its value and its first two derivatives.
struct Jet {
    double value = 0, slope = 0, bend = 0;
};

/// A formula in t with exact derivatives, as in "sqrt(1 - t^2)". It knows numbers, t, pi, e,
/// + - * / ^ and parentheses, and sin cos tan exp log sqrt abs tanh sinh cosh. As on paper, ^
/// binds tightest and to the right: -t^2 is -(t^2), and 2^3^2 is 2^9.
class Expression {
  public:
    /// Throws Failure::usage with a column that counts from 1: "column 3: expected ')'".
    explicit Expression(std::string_view text);

    /// Not finite where the formula is not, as in 1/t at 0.
    Jet operator()(double t) const { return run(t, program_.size()); }

    /// True when the whole formula is sqrt(...).
    bool is_root() const;

    /// Of such a formula, what stands under the root.
    Jet under_root(double t) const { return run(t, program_.size() - 1); }

    /// One step of the formula in postfix order.
    struct Step {
        enum Kind {
            number,
            variable,
            add,
            subtract,
            multiply,
            divide,
            power,
            negate,
            function
        } kind;
        double number_value = 0;
        Jet (*apply)(const Jet&) = nullptr;
        int index = 0;  ///< of a variable
    };

  private:
    Jet run(double t, std::size_t steps) const;

    std::vector<Step> program_;
};

/// The variables of a formula. `index` of a name, or nothing; throws with what is wrong with a name
/// that looks like one. `named` is what messages call them: "t".
struct FormulaVariables {
    std::string_view named;
    std::function<std::optional<int>(std::string_view)> index;
};

/// The steps of a formula in postfix order. Throws Failure::usage as Expression does.
std::vector<Expression::Step> parse_formula(std::string_view text,
                                            const FormulaVariables& variables);

}  // namespace si
