#include "si/interpolant/time.hpp"

#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

using namespace si;

TEST_CASE("every time distribution maps (0, 1) into itself, increasing") {
    for (const TimeRow& row : times()) {
        CAPTURE(std::string(row.name));
        const TimeMap map = Choice<times>(row.name).make();
        double last = 0;
        for (const double u : {0x1p-53, 1e-9, 0.01, 0.2, 0.5, 0.8, 0.99, 1 - 1e-9, 1 - 0x1p-53}) {
            CAPTURE(u);
            CHECK(map(u) > last);
            CHECK(map(u) < 1);
            last = map(u);
        }
    }
}

TEST_CASE("extreme settings stay inside (0, 1)") {
    for (const char* spelling :
         {"logit-normal,sigma=100", "logit-normal,mu=1000", "power,exponent=1e6",
          "power,exponent=1e-9", "beta,a=0.01,b=0.01", "beta,a=100,b=0.01", "beta,a=100,b=100"}) {
        const TimeMap map = Choice<times>(spelling).make();
        for (const double u : {0x1p-53, 0.5, 1 - 0x1p-53}) {
            CHECK(map(u) > 0);
            CHECK(map(u) < 1);
        }
    }
}

TEST_CASE("the normal quantile inverts the normal distribution") {
    for (double p = 0x1p-53; p < 0.5; p *= 1.7) {
        CAPTURE(p);
        const double x = normal_quantile(p);
        // A relative error e of x becomes x^2 e in the tail probability: 75 e at the far end.
        CHECK(std::erfc(-x / std::numbers::sqrt2) / 2 == doctest::Approx(p).epsilon(5e-14));
        if (p > 1e-3) CHECK(normal_quantile(1 - p) == doctest::Approx(-x).epsilon(1e-12));
    }
    CHECK(std::abs(normal_quantile(0.5)) <= 1e-15);
    CHECK(normal_quantile(0.975) == doctest::Approx(1.959963984540054).epsilon(1e-15));
}

TEST_CASE("logit-normal and power have the quantiles of their definition") {
    const TimeMap logit = Choice<times>("logit-normal,mu=0.5,sigma=2").make();
    const double t = logit(0.975);
    CHECK(std::log(t / (1 - t)) == doctest::Approx(0.5 + 2 * 1.959963984540054).epsilon(1e-13));
    CHECK(Choice<times>("power,exponent=3").make()(0.5) == doctest::Approx(0.125));
}

namespace {

/// `t` as a function of u against the quantile on paper, from the far tails to the middle. An
/// error e of u moves t by e dt/du, which is e t / a near 0: relative errors compare directly.
/// Near 1, t itself is stored in steps of 1e-16, and 1 / (1 + exp) rounds by two of them.
void check_quantile(const char* spelling, double (*quantile)(double u, double rest)) {
    CAPTURE(spelling);
    const TimeMap map = Choice<times>(spelling).make();
    for (double p = 0x1p-50; p < 0.5; p *= 1.3) {
        CAPTURE(p);
        CHECK(map(p) == doctest::Approx(quantile(p, 1 - p)).epsilon(1e-10));
        const double u = 1 - p, t = map(u);
        CHECK(std::abs(t - quantile(u, 1 - u)) <= 1e-10 * (1 - t) + 3e-16);
    }
    CHECK(map(0.5) == doctest::Approx(quantile(0.5, 0.5)).epsilon(1e-10));
}

}  // namespace

TEST_CASE("beta has the quantiles that are known on paper") {
    check_quantile("beta", [](double u, double) { return u; });
    check_quantile("beta,a=0.5", [](double u, double) { return u * u; });
    check_quantile("beta,a=3", [](double u, double) { return std::cbrt(u); });
    check_quantile("beta,a=40", [](double u, double) { return std::pow(u, 1.0 / 40); });
    check_quantile("beta,b=0.2", [](double, double rest) { return 1 - std::pow(rest, 5); });
    check_quantile("beta,b=7", [](double, double rest) { return -std::expm1(std::log(rest) / 7); });
    check_quantile("beta,a=0.5,b=0.5", [](double u, double) {
        return std::pow(std::sin(std::numbers::pi / 2 * u), 2);
    });
    // u = 3 t^2 - 2 t^3.
    check_quantile("beta,a=2,b=2", [](double u, double) {
        const double t = 0.5 - std::sin(std::asin(1 - 2 * u) / 3);
        if (t > 0.01) return t;
        double small = std::sqrt(u / 3);  // where the sines cancel
        for (int i = 0; i < 40; ++i) small = std::sqrt(u / (3 - 2 * small));
        return small;
    });
}

TEST_CASE("beta has the quantiles of a 40-digit computation") {
    // Bisection on mpmath's betainc(a, b, 0, t, regularized=True). Relative errors of t are
    // those of u times u / (t density), at most 10 here (a = 0.1).
    struct KnownEnds {
        double a, b, u, t;
    };
    constexpr KnownEnds known[] = {
        {0.1, 30, 1e-9, 2.0550800460882761e-92},  {0.1, 30, 0.01, 2.0550800460882761e-22},
        {0.1, 30, 0.3, 1.2135080987197369e-7},    {0.1, 30, 0.7, 0.00058957030585972598},
        {0.1, 30, 0.99, 0.052330428103770441},    {0.7, 3.3, 1e-9, 3.8387320715101958e-14},
        {0.7, 3.3, 0.01, 0.00038407273510708099}, {0.7, 3.3, 0.3, 0.053174894512913005},
        {0.7, 3.3, 0.7, 0.22613930557282206},     {0.7, 3.3, 0.99, 0.70538190970319638},
        {2.5, 80, 1e-9, 5.0298128673235185e-6},   {2.5, 80, 0.01, 0.0034264268569561679},
        {2.5, 80, 0.3, 0.018404699159738435},     {2.5, 80, 0.7, 0.036856631555513958},
        {2.5, 80, 0.99, 0.089192163197485561},    {100, 100, 1e-9, 0.2969050349835738},
        {100, 100, 0.01, 0.4182038851431736},     {100, 100, 0.3, 0.48144285015861232},
        {100, 100, 0.7, 0.51855714984138768},     {100, 100, 0.99, 0.5817961148568264},
        {60, 0.02, 1e-9, 0.78825588531144643},    {60, 0.02, 0.01, 0.99065267139784205},
    };
    for (const KnownEnds& at : known) {
        CAPTURE(at.a);
        CAPTURE(at.u);
        const TimeMap map = Choice<times>(text("beta,a=", at.a, ",b=", at.b)).make();
        CHECK(map(at.u) == doctest::Approx(at.t).epsilon(1e-10));
    }
    CHECK_THROWS_WITH_AS(Choice<times>("beta,a=0"), "beta: a: must be between 0.01 and 100, is 0",
                         Error);
}
