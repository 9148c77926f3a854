#include "si/interpolant/custom.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include "si/interpolant/expression.hpp"
#include "si/interpolant/spline.hpp"

namespace si {

namespace {

constexpr double kEndSlack = 1e-12;  // sin(pi t) is 1e-16 at t = 1, and means 0
constexpr int kProbes = 256;

/// One curve of the user's and the values that it must have at its ends. `at` gives the curve,
/// or its square when that is what is known.
struct Curve {
    std::function<Jet(double)> at;
    bool squared = false;
    double start = 0, end = 0;
};

/// The curve at one time. `product` is value times slope.
struct Point {
    double value, slope, product;
};

/// sqrt(E) has the slope E'/2 / sqrt(E); where E vanishes with its slope, sqrt(E''/2).
Point root_of(const Jet& e, double value, double t) {
    const double product = e.slope / 2;
    if (value > 0) return {value, product / value, product};
    const double size =
        product == 0 ? std::sqrt(e.bend / 2) : std::numeric_limits<double>::infinity();
    return {value, t < 0.5 ? size : -size, product};
}

Point point(const Curve& curve, double t) {
    const Jet jet = curve.at(t);
    const bool at_end = t == 0 || t == 1;
    const double exact = t == 0 ? curve.start : curve.end;
    if (!curve.squared) {
        const double value = at_end ? exact : jet.value;
        return {value, jet.slope, value * jet.slope};
    }
    require(!(jet.value < -kEndSlack), Failure::usage, "the root of a negative number, ", jet.value,
            ", at t = ", t);
    return root_of(jet, at_end ? exact : std::sqrt(std::max(jet.value, 0.0)), t);
}

void check_end(const Curve& curve, double t, double wanted) {
    const double value = curve.at(t).value;
    require(std::abs(value - wanted) <= kEndSlack, Failure::usage, "must be ", wanted,
            " at t = ", t, ", is ", curve.squared ? std::sqrt(value) : value);
}

/// Where the slope of a curve may be infinite.
struct Steep {
    bool start = false, end = false;
};

/// Throws unless the curve and its product with its slope are finite on [0, 1], and its slope is
/// where it may not be steep.
void check_curve(const Curve& curve, Steep may_be) {
    check_end(curve, 0, curve.start);
    check_end(curve, 1, curve.end);
    for (int i = 0; i <= kProbes; ++i) {
        const double t = static_cast<double>(i) / kProbes;
        const Point at = point(curve, t);
        require(std::isfinite(at.value), Failure::usage, "not finite at t = ", t);
        const bool steep = (i == 0 && may_be.start) || (i == kProbes && may_be.end);
        require(steep || std::isfinite(at.slope), Failure::usage, "its slope must be finite, is ",
                at.slope, " at t = ", t);
        require(std::isfinite(at.product), Failure::usage, "its slope is not finite at t = ", t,
                curve.squared ? ", nor is that of its square; choose a gentler one"
                              : "; write it as sqrt(...), whose square has a finite slope");
    }
}

Curve formula(const std::string& text, double start, double end) {
    const Expression expression(text);
    if (!expression.is_root()) return {expression, false, start, end};
    return {[expression](double t) { return expression.under_root(t); }, true, start, end};
}

Curve table(const std::vector<double>& knots, const std::vector<double>& values, bool squared,
            double start, double end) {
    const Spline spline(knots, values);
    require(knots.front() == 0 && knots.back() == 1, Failure::usage,
            "knots must run from 0 to 1, run from ", knots.front(), " to ", knots.back());
    return {spline, squared, start, end};
}

Path path_of(const Curve& alpha, const Curve& beta) {
    in_context("alpha", [&] { check_curve(alpha, {.end = true}); });
    in_context("beta", [&] { check_curve(beta, {}); });
    return [alpha, beta](double t, const GammaValue&) {
        const Point a = point(alpha, t), b = point(beta, t);
        return PathValue{a.value, b.value, a.slope, b.slope, a.product};
    };
}

Gamma gamma_of(const Curve& gamma) {
    check_curve(gamma, {.start = true, .end = true});
    for (int i = 1; i < kProbes; ++i) {
        const double t = static_cast<double>(i) / kProbes, value = point(gamma, t).value;
        require(value > 0, Failure::usage, "must be positive inside (0, 1), is ", value,
                " at t = ", t);
    }
    return [gamma](double t) {
        const Point at = point(gamma, t);
        return GammaValue{at.value, at.product, at.slope};
    };
}

}  // namespace

Path custom_path(const CustomPathSpec& spec) {
    return in_context("path custom", [&] {
        const Curve alpha = in_context("alpha", [&] { return formula(spec.alpha, 1, 0); });
        const Curve beta = in_context("beta", [&] { return formula(spec.beta, 0, 1); });
        return path_of(alpha, beta);
    });
}

Path table_path(const TablePathSpec& spec) {
    return in_context("path table", [&] {
        const Curve alpha =
            in_context("alpha", [&] { return table(spec.t, spec.alpha, false, 1, 0); });
        const Curve beta =
            in_context("beta", [&] { return table(spec.t, spec.beta, false, 0, 1); });
        return path_of(alpha, beta);
    });
}

Gamma custom_gamma(const CustomGammaSpec& spec) {
    return in_context("gamma custom", [&] { return gamma_of(formula(spec.gamma, 0, 0)); });
}

Gamma table_gamma(const TableGammaSpec& spec) {
    return in_context("gamma table",
                      [&] { return gamma_of(table(spec.t, spec.variance, true, 0, 0)); });
}

}  // namespace si
