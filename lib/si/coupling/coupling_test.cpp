#include "si/coupling/coupling.hpp"

#include <cmath>
#include <map>

#include <doctest/doctest.h>

#include "si/random/draw.hpp"

using namespace si;

namespace {

/// Samples of two ends, and settings with which every row can be made.
/// Two ends of so many rows.
CouplingData rows_of(Index n0, Index n1) { return {.ends = {{.n = n0}, {.n = n1}}, .seed = 1}; }

struct Ends {
    Matrix x0, x1;
    Ends(Index d, Index n0, Index n1) : x0(d, n0), x1(d, n1) {
        fill_normal({3, Purpose::data, 0}, 0, x0);
        fill_normal({3, Purpose::data, 1}, 0, x1);
    }
    CouplingData data() const { return {.ends = {{x0.cols(), &x0}, {x1.cols(), &x1}}, .seed = 3}; }
    static Json settings(const CouplingRow& row) {
        Json settings = Json::object();
        for (const FieldInfo& one : row.spec.fields()) {  // the one that has no default
            if (one.name == "epsilon") settings["epsilon"] = 0.5;
        }
        return settings;
    }
};

}  // namespace

TEST_CASE("every coupling keeps its marginals") {
    const Index n = 105, batch = 30;  // 7 batches of 30 are 2 epochs of 105
    const Ends ends(2, n, n);
    for (const CouplingRow& row : couplings()) {
        CAPTURE(std::string(row.name));
        const bool made = row.made_from_x1() != nullptr;  // x0 is made from x1, and has no rows
        auto data = ends.data();
        if (made) data.ends[0].n = 0;
        const auto draw = row.make(Ends::settings(row), data);
        std::map<Index, int> seen0, seen1;
        const int rounds = row.every_row() ? 1 : 200;
        for (Index step = 0; step < 7 * rounds; ++step) {
            const Pairs pairs = draw(step, batch);
            REQUIRE(std::ssize(pairs.x0().rows) == (made ? 0 : batch));
            REQUIRE(std::ssize(pairs.x1().rows) == batch);
            for (const Index i : pairs.x0().rows) ++seen0[i];
            for (const Index i : pairs.x1().rows) ++seen1[i];
        }
        // The one that draws partners: 400 epochs of a number that is a sum of independent ones of
        // mean 1 and variance below 1, so 5 standard errors are below 100.
        const int slack = row.every_row() ? 0 : 100;
        for (Index i = 0; i < n; ++i) {
            CHECK(seen0[i] == (made ? 0 : 2 * rounds));
            CHECK(std::abs(seen1[i] - 2 * rounds) <= slack);
        }
    }
}

TEST_CASE("a batch is a function of its step, whatever was drawn before") {
    const Ends ends(2, 90, 70);
    for (const CouplingRow& row : couplings()) {
        if (!row.by_distance()) continue;
        CAPTURE(std::string(row.name));
        for (const Index pool : {40, 500}) {
            auto settings = Ends::settings(row);
            settings["pool"] = pool;
            const auto there = row.make(settings, ends.data()), back = there;
            std::vector<Pairs> forward;
            for (Index step = 0; step < 9; ++step) forward.push_back(there(step, 33));
            const auto again = row.make(settings, ends.data());
            for (Index step = 8; step >= 0; --step) {
                const Pairs pairs = again(step, 33);
                CHECK(pairs.x0().rows == forward[static_cast<std::size_t>(step)].x0().rows);
                CHECK(pairs.x1().rows == forward[static_cast<std::size_t>(step)].x1().rows);
            }
        }
    }
}

TEST_CASE("couplings by distance need samples of both ends") {
    CHECK_THROWS_WITH_AS(couplings().at("ot").make(Json::object(), rows_of(0, 10)),
                         "coupling 'ot' needs samples of both ends: give --x0 FILE", Error);
    const Ends ends(1, 5, 5);
    CHECK_THROWS_WITH_AS(couplings().at("sinkhorn").make(Json::object(), ends.data()),
                         "sinkhorn: how much noise? Give epsilon=SIGMA^2", Error);
}

// Property 9: E x0 x1 of N(0, I) to N(0, I) in two dimensions at sigma = 1 is 0.618 for the bridge.
// An exact matching of pools is another thing altogether, and must not stand in for it.
TEST_CASE("entropic pairs have the covariance of the bridge, exact ones have not") {
    const Index n = 2000;
    const Ends ends(2, n, n);
    const auto moment = [&](const char* spelling) {
        const auto pairs = Choice<couplings>(spelling).make(ends.data())(0, n);
        double sum = 0;
        for (std::size_t k = 0; k < pairs.x0().rows.size(); ++k) {
            sum += ends.x0.col(pairs.x0().rows[k]).dot(ends.x1.col(pairs.x1().rows[k]));
        }
        return sum / (2.0 * n);
    };
    // The standard error of a mean of 4000 products of variance 1 + c^2 is 0.0186, and plans of
    // finite sets lean towards their points, by 0.01 to 0.02 here.
    CHECK(moment("sinkhorn,epsilon=1") == doctest::Approx(0.618).epsilon(0.06 / 0.618));
    CHECK(moment("ot") > 0.9);
    CHECK(std::abs(moment("independent")) < 5 / std::sqrt(2.0 * n));
}

TEST_CASE("labels and conditions count in the cost of a coupling as coordinates do") {
    const Index n = 60;
    Ends ends(2, n, n);
    Beside beside0, beside1;
    for (Beside* side : {&beside0, &beside1}) {
        side->labels.resize(1, n);
        for (Index j = 0; j < n; ++j) side->labels(0, j) = static_cast<double>(j % 3) * 7;
        side->conditions.resize(2, n);
        fill_normal({3, Purpose::data, side == &beside0 ? 4U : 5U}, 0, side->conditions);
    }
    const auto [y0, y1] = coordinates_beside(beside0, beside1, {10, 0.5});
    REQUIRE(y0.rows() == 5);
    for (const Index i : {0, 1, 5}) {
        for (const Index j : {3, 4}) {
            const double expected =
                (i % 3 == j % 3 ? 0 : 10) +
                0.25 * (beside0.conditions.col(i) - beside1.conditions.col(j)).squaredNorm();
            CHECK((y0.col(i) - y1.col(j)).squaredNorm() / 2 == doctest::Approx(expected));
        }
    }
    beside1.conditions.resize(1, n);
    CHECK_THROWS_WITH_AS(coordinates_beside(beside0, beside1, {10, 0.5}),
                         "conditions of x0 have 2 numbers a sample, those of x1 1", Error);

    // Squared distances are below 100 here, so that a cost of 1000 pairs equal labels alone.
    const auto differ = [&](const char* spelling, double cost) {
        const auto labels =
            coordinates_beside({beside0.labels, {}}, {beside1.labels, {}}, {cost, 0});
        Ends seen(5, n, n);
        seen.x0 << ends.x0, labels[0];
        seen.x1 << ends.x1, labels[1];
        const auto pairs = Choice<couplings>(spelling).make(seen.data())(0, n);
        Index count = 0;
        for (std::size_t k = 0; k < pairs.x0().rows.size(); ++k) {
            count += pairs.x0().rows[k] % 3 != pairs.x1().rows[k] % 3 ? 1 : 0;
        }
        return count;
    };
    for (const char* spelling : {"ot", "sinkhorn,epsilon=0.5"}) {
        CAPTURE(spelling);
        CHECK(differ(spelling, 1000) == 0);
        CHECK(differ(spelling, 0) > 10);
    }
    CHECK(beside_cost(Choice<couplings>("ot,labels=3,conditions=2")).labels == 3);
    CHECK(beside_cost(Choice<couplings>("sinkhorn,conditions=2")).conditions == 2);
    CHECK(beside_cost(Choice<couplings>("paired")).nothing());
}

TEST_CASE("paired rows stay together, and need equal numbers") {
    const auto pairs = couplings().at("paired").make(Json::object(), rows_of(50, 50))(3, 40);
    CHECK(pairs.x0().rows == pairs.x1().rows);
    CHECK_THROWS_WITH_AS(couplings().at("paired").make(Json::object(), rows_of(50, 40)),
                         "coupling 'paired' needs as many x0 as x1; there are 50 and 40", Error);
}

TEST_CASE("independent rows do not depend on each other, and a density needs no rows") {
    const auto& independent = couplings().at("independent");
    const auto pairs = independent.make(Json::object(), rows_of(1000, 1000))(0, 1000);
    int met = 0;  // fixed points of a random matching are Poisson(1): 8 or more has odds 1e-5
    for (std::size_t i = 0; i < pairs.x0().rows.size(); ++i)
        met += pairs.x0().rows[i] == pairs.x1().rows[i] ? 1 : 0;
    CHECK(met < 8);
    CHECK(independent.make(Json::object(), rows_of(0, 10))(0, 25).x0().rows.empty());
}

TEST_CASE("three ends are drawn apart, or row by row, each in epochs of its own") {
    const CouplingData data{.ends = {{7}, {11}, {11}}, .seed = 4};
    const Pairs pairs = couplings().at("independent").make(Json::object(), data)(0, 77);
    REQUIRE(pairs.ends.size() == 3);
    for (std::size_t k = 0; k < 3; ++k) {
        std::vector<Index> seen(static_cast<std::size_t>(data.ends[k].n));
        for (const Index i : pairs.ends[k].rows) ++seen[static_cast<std::size_t>(i)];
        for (const Index times : seen) CHECK(times == 77 / data.ends[k].n);
    }
    CHECK(pairs.ends[1].rows != pairs.ends[2].rows);
    const CouplingData equal{.ends = {{11}, {11}, {11}}, .seed = 4};
    const Pairs together = couplings().at("paired").make(Json::object(), equal)(3, 20);
    CHECK(together.ends[0].rows == together.ends[2].rows);
    CHECK(together.ends[1].rows == together.ends[2].rows);
    CHECK_THROWS_AS(couplings().at("paired").make(Json::object(), data), Error);
}
