#include "si/interpolant/expression.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>
#include <string>

#include "si/base/error.hpp"

namespace si {

namespace {

using Step = Expression::Step;

constexpr int kStack = 64;    // values waiting for their operator
constexpr int kNesting = 64;  // calls of the parser inside each other

Jet operator+(const Jet& a, const Jet& b) {
    return {a.value + b.value, a.slope + b.slope, a.bend + b.bend};
}

Jet operator-(const Jet& a) { return {-a.value, -a.slope, -a.bend}; }

Jet operator*(const Jet& a, const Jet& b) {
    return {a.value * b.value, a.slope * b.value + a.value * b.slope,
            a.bend * b.value + 2 * a.slope * b.slope + a.value * b.bend};
}

/// f(x) from f and its derivatives at the value of x.
Jet chain(const Jet& x, double f, double f1, double f2) {
    return {f, f1 * x.slope, f2 * x.slope * x.slope + f1 * x.bend};
}

Jet inverse(const Jet& x) {
    const double v = 1 / x.value;
    return chain(x, v, -v * v, 2 * v * v * v);
}

Jet sin_of(const Jet& x) {
    const double s = std::sin(x.value);
    return chain(x, s, std::cos(x.value), -s);
}
Jet cos_of(const Jet& x) {
    const double c = std::cos(x.value);
    return chain(x, c, -std::sin(x.value), -c);
}
Jet tan_of(const Jet& x) {
    const double v = std::tan(x.value), slope = 1 + v * v;
    return chain(x, v, slope, 2 * v * slope);
}
Jet exp_of(const Jet& x) {
    const double v = std::exp(x.value);
    return chain(x, v, v, v);
}
Jet log_of(const Jet& x) {
    return chain(x, std::log(x.value), 1 / x.value, -1 / (x.value * x.value));
}
Jet sqrt_of(const Jet& x) {
    const double v = std::sqrt(x.value);
    return chain(x, v, 1 / (2 * v), -1 / (4 * v * x.value));
}
Jet abs_of(const Jet& x) { return x.value < 0 ? -x : x; }
Jet sinh_of(const Jet& x) {
    const double s = std::sinh(x.value);
    return chain(x, s, std::cosh(x.value), s);
}
Jet cosh_of(const Jet& x) {
    const double c = std::cosh(x.value);
    return chain(x, c, std::sinh(x.value), c);
}
Jet tanh_of(const Jet& x) {
    const double v = std::tanh(x.value), slope = 1 - v * v;
    return chain(x, v, slope, -2 * v * slope);
}

/// A constant power keeps to powers of x, which may be negative or zero. A factor of 0 ends the
/// derivatives of t, t^2, ... at t = 0, where the power that it multiplies is infinite.
Jet power_of(const Jet& x, const Jet& p) {
    if (p.slope != 0 || p.bend != 0) return exp_of(p * log_of(x));
    const auto term = [&](double factor, double lower) {
        return factor == 0 ? 0 : factor * std::pow(x.value, p.value - lower);
    };
    return chain(x, term(1, 0), term(p.value, 1), term(p.value * (p.value - 1), 2));
}

struct Function {
    std::string_view name;
    Jet (*apply)(const Jet&);
};

constexpr auto kFunctions = std::to_array<Function>({{"sin", sin_of},
                                                     {"cos", cos_of},
                                                     {"tan", tan_of},
                                                     {"exp", exp_of},
                                                     {"log", log_of},
                                                     {"sqrt", sqrt_of},
                                                     {"abs", abs_of},
                                                     {"tanh", tanh_of},
                                                     {"sinh", sinh_of},
                                                     {"cosh", cosh_of}});

struct Name {
    std::string_view name;
    Step step;
};

constexpr auto kNames = std::to_array<Name>(
    {{"pi", {Step::number, std::numbers::pi}}, {"e", {Step::number, std::numbers::e}}});

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_number(char c) { return (c >= '0' && c <= '9') || c == '.'; }

/// Recursive descent: one function a level of precedence, each leaving its value on the stack.
class Parser {
  public:
    Parser(std::string_view text, const FormulaVariables& variables)
        : text_(text), variables_(variables) {}

    std::vector<Step> program() {
        sum();
        if (at_ < text_.size()) fail("an operator");
        return std::move(program_);
    }

  private:
    void sum() {
        product();
        while (true) {
            if (took('+')) {
                product();
                emit({Step::add});
            } else if (took('-')) {
                product();
                emit({Step::subtract});
            } else {
                return;
            }
        }
    }

    void product() {
        factor();
        while (true) {
            if (took('*')) {
                factor();
                emit({Step::multiply});
            } else if (took('/')) {
                factor();
                emit({Step::divide});
            } else {
                return;
            }
        }
    }

    /// All recursion comes through here.
    void factor() {
        require(++nesting_ <= kNesting, Failure::usage, "column ", at_ + 1, ": nested too deeply");
        if (took('-')) {
            factor();
            emit({Step::negate});
        } else if (took('+')) {
            factor();
        } else {
            atom();
            if (took('^')) {
                factor();
                emit({Step::power});
            }
        }
        --nesting_;
    }

    void atom() {
        skip_spaces();
        if (took('(')) {
            sum();
            close();
        } else if (at_ < text_.size() && is_number(text_[at_])) {
            number();
        } else if (at_ < text_.size() && is_letter(text_[at_])) {
            name();
        } else {
            fail(text("a number, ", variables_.named, ", a function or '('"));
        }
    }

    void number() {
        double value = 0;
        const auto [end, error] =
            std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
        if (error != std::errc()) fail("a number");
        at_ = static_cast<std::size_t>(end - text_.data());
        emit({Step::number, value});
    }

    void name() {
        const std::size_t start = at_;
        while (at_ < text_.size() && (is_letter(text_[at_]) || is_number(text_[at_]))) ++at_;
        const std::string_view word = text_.substr(start, at_ - start);
        std::vector<std::string> known{std::string(variables_.named)};
        const auto variable =
            in_context(text("column ", start + 1), [&] { return variables_.index(word); });
        if (variable) return emit({Step::variable, 0, nullptr, *variable});
        for (const Name& one : kNames) {
            if (one.name == word) return emit(one.step);
            known.emplace_back(one.name);
        }
        for (const Function& one : kFunctions) {
            if (one.name == word) {
                if (!took('(')) fail("'('");
                sum();
                close();
                return emit({Step::function, 0, one.apply});
            }
            known.emplace_back(one.name);
        }
        const std::string hint = did_you_mean(word, known);
        throw Error(
            Failure::usage,
            text("column ", start + 1, ": nothing is called '", shortened(std::string(word), 40),
                 "'", hint.empty() ? text(" (there are: ", join(known, ", "), ")") : hint));
    }

    void close() {
        if (!took(')')) fail("')'");
    }

    bool took(char c) {
        skip_spaces();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    void skip_spaces() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }

    void emit(const Step& step) {
        const bool pushes = step.kind == Step::number || step.kind == Step::variable;
        const bool keeps = step.kind == Step::negate || step.kind == Step::function;
        stack_ += pushes ? 1 : keeps ? 0 : -1;
        require(stack_ <= kStack, Failure::usage, "column ", at_ + 1, ": nested too deeply");
        program_.push_back(step);
    }

    [[noreturn]] void fail(std::string_view wanted) const {
        const std::string found =
            at_ == text_.size() ? "the end" : text("'", text_.substr(at_, 1), "'");
        throw Error(Failure::usage,
                    text("column ", at_ + 1, ": expected ", wanted, ", got ", found));
    }

    std::string_view text_;
    const FormulaVariables& variables_;
    std::size_t at_ = 0;
    int nesting_ = 0, stack_ = 0;
    std::vector<Step> program_;
};

}  // namespace

std::vector<Step> parse_formula(std::string_view text, const FormulaVariables& variables) {
    return Parser(text, variables).program();
}

Expression::Expression(std::string_view text)
    : program_(parse_formula(text, {"t", [](std::string_view word) {
                                        return word == "t" ? std::optional(0) : std::nullopt;
                                    }})) {}

bool Expression::is_root() const { return program_.back().apply == sqrt_of; }

Jet Expression::run(double t, std::size_t steps) const {
    std::array<Jet, kStack> stack;
    std::size_t size = 0;
    for (std::size_t i = 0; i < steps; ++i) {
        const Step& step = program_[i];
        if (step.kind == Step::number || step.kind == Step::variable) {
            stack[size++] =
                step.kind == Step::variable ? Jet{t, 1, 0} : Jet{step.number_value, 0, 0};
            continue;
        }
        const Jet last = stack[size - 1];
        if (step.kind == Step::negate || step.kind == Step::function) {
            stack[size - 1] = step.kind == Step::negate ? -last : step.apply(last);
            continue;
        }
        Jet& out = stack[--size - 1];
        switch (step.kind) {
            case Step::add:
                out = out + last;
                break;
            case Step::subtract:
                out = out + -last;
                break;
            case Step::multiply:
                out = out * last;
                break;
            case Step::divide:
                out = out * inverse(last);
                break;
            default:
                out = power_of(out, last);
                break;
        }
    }
    return stack[0];
}

}  // namespace si
