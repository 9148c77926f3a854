#include "si/coupling/coupling.hpp"

#include <map>

#include <doctest/doctest.h>

using namespace si;

TEST_CASE("every coupling keeps its marginals: an epoch shows every row once") {
    for (const CouplingRow& row : couplings()) {
        CAPTURE(std::string(row.name));
        const Index n = 105, batch = 30;  // 7 batches of 30 are 2 epochs of 105
        const auto draw = row.make(Json::object(), {n, n, 3});
        std::map<Index, int> seen0, seen1;
        for (Index step = 0; step < 7; ++step) {
            const Pairs pairs = draw(step, batch);
            REQUIRE(std::ssize(pairs.x0) == batch);
            REQUIRE(std::ssize(pairs.x1) == batch);
            for (const Index i : pairs.x0) ++seen0[i];
            for (const Index i : pairs.x1) ++seen1[i];
            CHECK(draw(step, batch).x1 == pairs.x1);
        }
        for (Index i = 0; i < n; ++i) {
            CHECK(seen0[i] == 2);
            CHECK(seen1[i] == 2);
        }
    }
}

TEST_CASE("paired rows stay together, and need equal numbers") {
    const auto pairs = couplings().at("paired").make(Json::object(), {50, 50, 1})(3, 40);
    CHECK(pairs.x0 == pairs.x1);
    CHECK_THROWS_WITH_AS(couplings().at("paired").make(Json::object(), {50, 40, 1}),
                         "coupling 'paired' needs as many x0 as x1; there are 50 and 40", Error);
}

TEST_CASE("independent rows do not depend on each other, and a density needs no rows") {
    const auto& independent = couplings().at("independent");
    const auto pairs = independent.make(Json::object(), {1000, 1000, 1})(0, 1000);
    int met = 0;  // fixed points of a random matching are Poisson(1): 8 or more has odds 1e-5
    for (std::size_t i = 0; i < pairs.x0.size(); ++i) met += pairs.x0[i] == pairs.x1[i] ? 1 : 0;
    CHECK(met < 8);
    CHECK(independent.make(Json::object(), {0, 10, 1})(0, 25).x0.empty());
}
