#include "si/solver/ode.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace si;

namespace {

/// dx/dt = cos(t) x^2 in each coordinate: x = 1 / (1/x0 - sin t). Not linear, not autonomous.
void drift(ConstVector t, ConstMatrix x, MatrixRef dx) {
    for (Index j = 0; j < x.cols(); ++j) dx.col(j) = std::cos(t[j]) * x.col(j).array().square();
}

Matrix exact(const Matrix& x0, double t) { return (x0.array().inverse() - std::sin(t)).inverse(); }

Matrix start(Index n) {
    Matrix x(3, n);
    for (Index j = 0; j < n; ++j) {
        for (Index i = 0; i < 3; ++i)
            x(i, j) = -0.9 + 0.13 * static_cast<double>((5 * j + 3 * i) % 13);
    }
    return x.array() + 0.011;
}

double error_with(const OdeRow& row, Index steps) {
    const auto solve = row.make({{"steps", steps}});
    return (solve(drift, {0, 1, {}}, start(7)).x - exact(start(7), 1)).cwiseAbs().maxCoeff();
}

bool fixed_steps(const OdeRow& row) { return row.spec.fields().front().name == "steps"; }

}  // namespace

TEST_CASE("every solver with equal steps has the order that its row states") {
    for (const OdeRow& row : ode_solvers()) {
        if (!fixed_steps(row)) continue;
        CAPTURE(std::string(row.name));
        const double order = std::log2(error_with(row, 64) / error_with(row, 128));
        CHECK(order > row.order - 0.15);
        CHECK(order < row.order + 0.3);
    }
}

TEST_CASE("dopri5 follows its tolerance") {
    for (const double tolerance : {1e-4, 1e-6, 1e-8, 1e-10}) {
        const auto solve =
            ode_solvers().at("dopri5").make({{"rtol", tolerance}, {"atol", tolerance}});
        const auto result = solve(drift, {0, 1, {}}, start(7));
        CHECK((result.x - exact(start(7), 1)).cwiseAbs().maxCoeff() < 20 * tolerance);
        CHECK(result.evaluations.maxCoeff() < 30 * std::pow(1e-4 / tolerance, 0.2) + 20);
    }
}

TEST_CASE("no solver looks outside its journey, and all land on the stops and the end") {
    for (const OdeRow& row : ode_solvers()) {
        CAPTURE(std::string(row.name));
        for (const bool backward : {false, true}) {
            const double from = backward ? 0.9 : 0.1, to = backward ? 0.1 : 0.9;
            std::vector<double> stops{0.3, 0.3, 1.0 / 3, 0.77, 0.9};
            if (backward) stops = {0.9, 0.77, 0.2, 0.1};
            double least = 2, most = -1;
            const Drift watched = [&](ConstVector t, ConstMatrix x, MatrixRef dx) {
                least = std::min(least, t.minCoeff());
                most = std::max(most, t.maxCoeff());
                drift(t, x, dx);
            };
            const auto result =
                row.make(Json::object())(watched, {from, to, stops}, exact(start(7), from));
            CHECK(least >= 0.1);
            CHECK(most <= 0.9);
            REQUIRE(result.at_stops.size() == stops.size());
            const double allowed = row.order == 1 ? 3e-2 : 3e-4;  // at the default accuracy
            for (std::size_t k = 0; k < stops.size(); ++k) {
                CHECK((result.at_stops[k] - exact(start(7), stops[k])).cwiseAbs().maxCoeff() <
                      allowed);
            }
            CHECK(result.evaluations.minCoeff() > 0);
        }
    }
}

TEST_CASE("what happens to a column does not depend on the others, bit for bit") {
    for (const OdeRow& row : ode_solvers()) {
        CAPTURE(std::string(row.name));
        const auto solve = row.make(Json::object());
        const TimeInterval interval{0, 1, {0.4}};
        const auto all = solve(drift, interval, start(33));
        for (const Index j : {0, 1, 2, 17, 32}) {
            const auto one = solve(drift, interval, start(33).col(j));
            CHECK(one.x == all.x.col(j));
            CHECK(one.at_stops[0] == all.at_stops[0].col(j));
            CHECK(one.evaluations[0] == all.evaluations[j]);
        }
    }
}

TEST_CASE("there and back is the identity (T19)") {
    for (const char* spelling : {"rk4,steps=200", "dopri5,rtol=1e-8,atol=1e-8"}) {
        const auto solve = Choice<ode_solvers>(spelling).make();
        const auto there = solve(drift, {0, 1, {}}, start(7));
        const auto back = solve(drift, {1, 0, {}}, there.x);
        CHECK((back.x - start(7)).cwiseAbs().maxCoeff() < 1e-6);
    }
}

TEST_CASE("a drift that blows up is an error that says where") {
    const Drift broken = [](ConstVector t, ConstMatrix, MatrixRef dx) {
        for (Index j = 0; j < dx.cols(); ++j) dx.col(j).setConstant(t[j] < 0.6 ? 1 : std::nan(""));
    };
    for (const OdeRow& row : ode_solvers()) {
        CAPTURE(std::string(row.name));
        CHECK_THROWS_AS(row.make(Json::object())(broken, {0, 1, {}}, Matrix::Zero(1, 2)), Error);
    }
}
