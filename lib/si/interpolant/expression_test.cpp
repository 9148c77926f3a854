#include "si/interpolant/expression.hpp"

#include <cmath>
#include <numbers>
#include <string>

#include <doctest/doctest.h>

#include "si/base/error.hpp"

namespace {

using namespace si;

double value(const char* formula, double t = 0) { return Expression(formula)(t).value; }

std::string refusal(const std::string& formula) {
    try {
        const Expression expression(formula);
    } catch (const Error& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("a formula means what it means on paper") {
    CHECK(value("1 + 2*3") == 7);
    CHECK(value("(1+2)*3") == 9);
    CHECK(value("10-4-3") == 3);
    CHECK(value("12/3/2") == 2);
    CHECK(value("2*-3") == -6);
    CHECK(value("2^3^2") == 512);
    CHECK(value("-t^2", 3) == -9);
    CHECK(value("(-t)^2", 3) == 9);
    CHECK(value("2^-t^2", 2) == 0.0625);
    CHECK(value("--t", 3) == 3);
    CHECK(value("+t - +1", 3) == 2);
    CHECK(value("1.5e-3*t", 2) == 0.003);
    CHECK(value("pi") == std::numbers::pi);
    CHECK(value("log(e)") == 1);
    CHECK(value("abs(t-1)+sqrt(4)", 0.25) == 2.75);
    CHECK(value(" ( t ) ", 0.25) == 0.25);
}

TEST_CASE("derivatives of formulas are derivatives") {
    // Central differences with h = 1e-5 lose f''' h^2 / 6 + 1e-16 / h, and f'''' h^2 / 12 of the
    // second derivative, taken from the first.
    for (const char* formula : {"t",
                                "3",
                                "t^2",
                                "t^3-2*t",
                                "-t^2",
                                "1/t",
                                "t^0.5",
                                "t^t",
                                "2^t",
                                "sin(3*t)",
                                "cos(t)^2",
                                "tan(t)",
                                "exp(-t^2/2)",
                                "log(1+t)",
                                "sqrt(1-t^2)",
                                "abs(t-0.9)*t",
                                "sinh(t)/cosh(t)",
                                "tanh(5*(t-0.5))",
                                "t*sqrt(1-t)",
                                "(1-t)/(1+t)",
                                "(sin(t)+2)^cos(t)"}) {
        CAPTURE(formula);
        const Expression f(formula);
        for (const double t : {0.1, 0.3, 0.55, 0.8}) {
            const double h = 1e-5;
            const Jet at = f(t), lo = f(t - h), hi = f(t + h);
            const double slope = (hi.value - lo.value) / (2 * h);
            const double bend = (hi.slope - lo.slope) / (2 * h);
            CHECK(std::abs(at.slope - slope) <= 1e-6 * (1 + std::abs(slope)));
            CHECK(std::abs(at.bend - bend) <= 1e-6 * (1 + std::abs(bend)));
        }
    }
}

TEST_CASE("derivatives hold at t = 0 and for negative bases") {
    for (const char* formula : {"t", "t^1", "t*1"}) {
        const Jet line = Expression(formula)(0);
        CHECK(line.slope == 1);
        CHECK(line.bend == 0);
    }
    CHECK(Expression("t^2")(0).bend == 2);
    CHECK(Expression("t^3")(0).bend == 0);
    CHECK(Expression("(t-1)^3")(0.5).slope == doctest::Approx(0.75));
    CHECK(std::isinf(Expression("sqrt(t)")(0).slope));
}

TEST_CASE("a formula that is a root shows what stands under it") {
    CHECK(Expression("sqrt(t*(1-t))").is_root());
    CHECK(Expression("(sqrt(t))").is_root());
    CHECK_FALSE(Expression("2*sqrt(t)").is_root());
    CHECK_FALSE(Expression("sqrt(t)+0").is_root());
    CHECK_FALSE(Expression("t").is_root());
    CHECK(Expression("sqrt(t*(1-t))").under_root(0.25).value == 0.1875);
    CHECK(Expression("sqrt(t*(1-t))").under_root(0).slope == 1);
    CHECK(Expression("sqrt(t*(1-t))").under_root(1).slope == -1);
}

TEST_CASE("a wrong formula is refused with its column") {
    CHECK(refusal("") == "column 1: expected a number, t, a function or '(', got the end");
    CHECK(refusal("1-") == "column 3: expected a number, t, a function or '(', got the end");
    CHECK(refusal("1-*t") == "column 3: expected a number, t, a function or '(', got '*'");
    CHECK(refusal("(1-t") == "column 5: expected ')', got the end");
    CHECK(refusal("1-t)") == "column 4: expected an operator, got ')'");
    CHECK(refusal("2t") == "column 2: expected an operator, got 't'");
    CHECK(refusal("1.2.3") == "column 4: expected an operator, got '.'");
    CHECK(refusal(".") == "column 1: expected a number, got '.'");
    CHECK(refusal("1 + sqr(t)") == "column 5: nothing is called 'sqr'; did you mean 'sqrt'?");
    CHECK(refusal("sin t") == "column 5: expected '(', got 't'");
    CHECK(refusal("1-x^2") == "column 3: nothing is called 'x'; did you mean 't'?");
    CHECK(
        refusal("1-xyzzy").ends_with("(there are: t, pi, e, sin, cos, tan, exp, log, sqrt, abs, "
                                     "tanh, sinh, cosh)"));
    CHECK(refusal("t;t") == "column 2: expected an operator, got ';'");
    CHECK(refusal(std::string(100000, '(')) == "column 65: nested too deeply");
    CHECK(refusal(std::string(100000, '-') + "t") == "column 65: nested too deeply");
    std::string tower = "t";
    for (int i = 0; i < 40; ++i) tower = "1+2*t^(" + tower + ")";
    CHECK(refusal(tower).ends_with("nested too deeply"));
}
