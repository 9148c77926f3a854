#include "si/net/optimizer.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace si;

namespace {

struct State {
    Eigen::VectorXf w, g, average, first, second;
    explicit State(Index n) : w(Eigen::VectorXf::Zero(n)), g(w), average(w), first(w), second(w) {}
    ParameterBlock block() {
        return {w.size(), w.data(), g.data(), average.data(), first.data(), second.data()};
    }
};

}  // namespace

TEST_CASE("adam follows its recursion, by hand") {
    // Kingma and Ba, algorithm 1, with a gradient of 2 then -1: after bias correction the first
    // step is exactly -lr, whatever the gradient's size.
    State s(1);
    const auto update = optimizers().at("adam").make(Json::parse(R"({"lr": 0.1})"));
    s.g[0] = 2;
    update(s.block(), {.step = 1, .rate = 0.1F});
    CHECK(s.w[0] == doctest::Approx(-0.1).epsilon(1e-6));
    s.g[0] = -1;
    update(s.block(), {.step = 2, .rate = 0.1F});
    const double m = (0.9 * 0.2 - 0.1) / (1 - 0.81), v = (0.999 * 0.004 + 0.001) / (1 - 0.998001);
    CHECK(s.w[0] == doctest::Approx(-0.1 - 0.1 * m / std::sqrt(v)).epsilon(1e-5));
}

TEST_CASE("weight decay is decoupled: it shrinks by rate times decay whatever the gradient") {
    State s(1);
    s.w[0] = 1;
    optimizers().at("adamw").make(Json::parse(R"({"weight_decay": 0.5})"))(
        s.block(), {.step = 1, .rate = 0.1F});
    CHECK(s.w[0] == doctest::Approx(1 - 0.05));
}

TEST_CASE("every optimiser finds the minimum of a quadratic, and averages on the way") {
    for (const OptimizerRow& row : optimizers()) {
        CAPTURE(std::string(row.name));
        const auto update = row.make(Json::object());
        State s(3);
        const Eigen::VectorXf goal{{1, -2, 0.5F}};
        for (Index k = 1; k <= 3000; ++k) {
            s.g = s.w - goal;
            update(s.block(), {.step = k, .rate = 0.01F, .average_decay = 0.99F});
        }
        CHECK((s.w - goal).norm() < 0.05F);  // decay 0.01 shifts it a little
        CHECK((s.average - s.w).norm() < 0.01F);
        CHECK(row.rate(Json::object()) > 0);
    }
}

TEST_CASE("every schedule stays in [0, 1] and starts the same whatever its length") {
    for (const ScheduleRow& row : schedules()) {
        CAPTURE(std::string(row.name));
        const auto schedule = row.make(Json::object());
        for (const Index steps : {1000, 50000}) {
            for (Index k = 0; k < steps; k += 7) {
                const double f = schedule.factor(k, steps);
                CHECK(f >= 0);
                CHECK(f <= 1);
                if (k < schedule.fixed) CHECK(f == schedule.factor(k, 2 * steps));
            }
        }
    }
    const auto cosine = schedules().at("cosine").make(Json::parse(R"({"warmup": 0})"));
    CHECK(cosine.factor(499, 1000) + cosine.factor(500, 1000) == doctest::Approx(1));
}

TEST_CASE("sums in a tree are sums") {
    std::vector<std::vector<float>> parts;
    std::vector<float*> at;
    for (int k = 0; k < 7; ++k) parts.emplace_back(5, static_cast<float>(k + 1));
    for (auto& part : parts) at.push_back(part.data());
    sum_in_tree(at.data(), 7, 5);
    CHECK(parts[0] == std::vector<float>(5, 28));
    std::vector<float> x(1001, 0.5F);
    CHECK(squared_norm(x.data(), 1001) == 1001 * 0.25);
}
