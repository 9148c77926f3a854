#include "si/interpolant/custom.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "si/interpolant/spline.hpp"
#include "support/examples.hpp"

namespace {

using namespace si;
using examples::interpolant;

std::string refusal(const std::string& path, const std::string& gamma) {
    try {
        interpolant(path, gamma);
    } catch (const Error& error) {
        CHECK(error.kind() == Failure::usage);
        return error.what();
    }
    return "accepted";
}

std::string refused_path(const std::string& path) { return refusal(path, "none"); }
std::string refused_gamma(const std::string& gamma) { return refusal("linear", gamma); }

/// The same numbers from both, at times inside and at the ends.
void check_same(const Interpolant& a, const Interpolant& b) {
    for (const double t : {0.0, 1e-6, 0.1, 0.35, 0.5, 0.8, 1 - 1e-6, 1.0}) {
        CAPTURE(t);
        const Coefficients p = a.at(t), q = b.at(t);
        const auto near = [](double x, double y) {
            CHECK((x == y || std::abs(x - y) <= 1e-9 * std::abs(y) + 1e-14));
        };
        CHECK(std::abs(p.alpha() - q.alpha()) <= 1e-9 * (1e-6 + q.alpha()));
        CHECK(std::abs(p.beta() - q.beta()) <= 1e-15);
        CHECK(std::abs(p.alpha_alpha_dot() - q.alpha_alpha_dot()) <= 1e-9);
        CHECK(std::abs(p.gamma_gamma_dot - q.gamma_gamma_dot) <= 1e-9);
        near(p.alpha_dot(), q.alpha_dot());
        near(p.beta_dot(), q.beta_dot());
        near(p.gamma, q.gamma);
        near(a.gamma_dot(t), b.gamma_dot(t));
    }
}

}  // namespace

TEST_CASE("formulas of the rows give the rows") {
    // t = 1 - 1e-6 is known to 1e-16, so 1 - t^2 to 1e-10 of itself.
    check_same(interpolant("custom", "custom"), interpolant("linear", "brownian"));
    check_same(interpolant("custom,alpha=sqrt(1-t^2),beta=t", "custom,gamma=t*(1-t)"),
               interpolant("vp", "quadratic"));
    check_same(interpolant("linear", "custom,gamma=sqrt(2*t*(1-t)^2)"),
               interpolant("linear", "brownian-start,a=2"));
    check_same(interpolant("linear", "custom,gamma=sqrt(2*t^2*(1-t))"),
               interpolant("linear", "brownian-end,a=2"));
}

TEST_CASE("the ends of a formula are exact") {
    const Interpolant trig =
        interpolant("custom,alpha=cos(pi/2*t),beta=sin(pi/2*t)", "custom,gamma=sqrt(sin(pi*t))");
    CHECK(trig.at(1).alpha() == 0);
    CHECK(trig.at(1).beta() == 1);
    CHECK(trig.at(1).gamma == 0);
    CHECK(trig.at(1).gamma_gamma_dot == doctest::Approx(-std::numbers::pi / 2));
}

TEST_CASE("tables of rows give the rows") {
    // Cubics come back exactly; so do parabolas from three knots.
    check_same(interpolant("table", "table"), interpolant("linear", "brownian"));
    check_same(interpolant("table,t=0:0.1:0.4:0.7:1,alpha=1:0.99:0.84:0.51:0,"
                           "beta=0:0.01:0.16:0.49:1",
                           "none"),
               interpolant("polynomial,n=2", "none"));
}

TEST_CASE("a spline reproduces cubics, and is smooth at its knots") {
    const auto cubic = [](double t) { return 1 + t * (2 + t * (-3 + 5 * t)); };
    for (const auto& knots : {std::vector{0.0, 0.1, 0.5, 1.0},
                              {0.0, 0.3, 0.4, 0.8, 1.0},
                              {0.0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0}}) {
        std::vector<double> values;
        for (const double t : knots) values.push_back(cubic(t));
        const Spline spline(knots, values);
        for (double t = 0; t <= 1; t += 0.03125) {
            CHECK(spline(t).value == doctest::Approx(cubic(t)).epsilon(1e-13));
            CHECK(std::abs(spline(t).slope - (2 + t * (-6 + 15 * t))) <= 1e-12);
            CHECK(std::abs(spline(t).bend - (-6 + 30 * t)) <= 1e-11);
        }
    }
    const Spline rough({0, 0.2, 0.3, 0.7, 0.8, 1}, {0, 1, -1, 2, 0, 1});
    for (const double knot : {0.2, 0.3, 0.7, 0.8}) {
        // Third derivatives are of order 1e4, and the two sides 2e-9 apart.
        const Jet before = rough(knot - 1e-9), after = rough(knot + 1e-9);
        CHECK(std::abs(before.slope - after.slope) <= 1e-5);
        CHECK(std::abs(before.bend - after.bend) <= 1e-3);
    }
    CHECK(rough(0.3).value == -1);
    CHECK(Spline({0, 1}, {1, 3})(0.25).value == 1.5);
}

TEST_CASE("a spline converges with the fourth power of its step") {
    const auto error = [](int n) {
        std::vector<double> knots, values;
        for (int i = 0; i <= n; ++i) {
            knots.push_back(static_cast<double>(i) / n);
            values.push_back(std::exp(2 * knots.back()));
        }
        const Spline spline(knots, values);
        double largest = 0;
        for (double t = 0; t <= 1; t += 1.0 / 512) {
            largest = std::max(largest, std::abs(spline(t).value - std::exp(2 * t)));
        }
        return largest;
    };
    CHECK(error(32) / error(64) == doctest::Approx(16).epsilon(0.2));
}

TEST_CASE("what cannot be an interpolant is refused, with what to write instead") {
    CHECK(refused_path("custom,alpha=1-x") ==
          "path custom: alpha: column 3: nothing is called 'x'; did you mean 't'?");
    CHECK(refused_path("custom,alpha=1-t^2,beta=2*t") ==
          "path custom: beta: must be 1 at t = 1, is 2");
    CHECK(refused_path("custom,alpha=2-t") == "path custom: alpha: must be 1 at t = 0, is 2");
    CHECK(refused_path("custom,alpha=(1-t)^0.5") ==
          "path custom: alpha: its slope is not finite at t = 1; write it as sqrt(...), whose "
          "square has a finite slope");
    CHECK(refused_path("custom,alpha=sqrt(1-t)") == "accepted");
    CHECK(refused_path("custom,beta=sqrt(t)") ==
          "path custom: beta: its slope must be finite, is inf at t = 0");
    CHECK(refused_path("custom,alpha=1-t+1/(t-0.5)-1/(t-0.5)")
              .starts_with("path custom: alpha: not finite at t = 0.5"));
    CHECK(refused_gamma("custom,gamma=t") == "gamma custom: must be 0 at t = 1, is 1");
    CHECK(refused_gamma("custom,gamma=t*sqrt(1-t)") ==
          "gamma custom: its slope is not finite at t = 1; write it as sqrt(...), whose square "
          "has a finite slope");
    CHECK(refused_gamma("custom,gamma=sqrt(t^0.5*(1-t))") ==
          "gamma custom: its slope is not finite at t = 0, nor is that of its square; choose a "
          "gentler one");
    CHECK(refused_gamma("custom,gamma=t*(1-t)*(t-0.5)") ==
          "gamma custom: must be positive inside (0, 1), is -0.0019302964210510254 at t = "
          "0.00390625");
    CHECK(refused_gamma("custom,gamma=sqrt(t*(1-t)*(t-0.5))")
              .starts_with("gamma custom: the root of a negative number"));
    CHECK(refused_gamma("custom,gamma=sqrt(t") ==
          "gamma custom: column 7: expected ')', got the end");
    CHECK(refused_path("table,t=0:0.5:0.5:1") ==
          "path table: alpha: must be 4 like the knots, are 3");
    CHECK(refused_path("table,t=0:0.6:0.5") ==
          "path table: alpha: knots must increase; number 3 is not above the one before");
    CHECK(refused_path("table,t=0:0.5:2") ==
          "path table: alpha: knots must run from 0 to 1, run "
          "from 0 to 2");
    CHECK(refused_path("table,t=0.5,alpha=1,beta=0") ==
          "path table: alpha: needs at least 2 knots, has 1");
    CHECK(refused_gamma("table,t=0:0.1:0.2:1,variance=0:1:0.01:0")
              .starts_with("gamma table: the root of a negative number"));
}
