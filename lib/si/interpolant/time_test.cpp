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
    for (const char* spelling : {"logit-normal,sigma=1000", "logit-normal,mu=1000",
                                 "power,exponent=1e6", "power,exponent=1e-9"}) {
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
