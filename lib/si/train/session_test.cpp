#include "si/train/session.hpp"

#include <doctest/doctest.h>

#include "si/random/draw.hpp"
#include "si/train/clock.hpp"
#include "si/train/trainer.hpp"

using namespace si;

namespace {

TrainData two_sets() {
    TrainData data;
    data.x1().samples.resize(2, 60);
    data.x0().samples.resize(2, 60);
    fill_normal({8, Purpose::data, 1}, 0, data.x1().samples);
    fill_normal({8, Purpose::data, 2}, 0, data.x0().samples);
    // Steps of a quarter in one column, which alone gets noise.
    auto steps = data.x1().samples.row(1).array();
    steps = (4 * steps).round() / 4;
    return data;
}

TrainSpec short_run() {
    TrainSpec spec;
    spec.net = "mlp,width=8,depth=1";
    spec.steps = 6;
    spec.batch = 32;
    spec.dequantize = 0.25;
    spec.label_dropout = 0.5;
    return spec;
}

}  // namespace

TEST_CASE("a session that is stepped by hand is a run of training, to the bit") {
    const TrainData data = two_sets();
    Threads threads(2);
    Progress silent;
    const Model whole = train(data, {}, short_run(), 3, {}, threads, silent);
    Session session(data, {}, short_run(), 3, threads);
    CHECK(!session.validates());
    for (Index step = 0; step < 6; ++step) session.step(step);
    const Model own = session.model();
    CHECK(own.parameters == whole.parameters);
    CHECK(own.field == whole.field);
    CHECK(own.about["training"] == whole.about["training"]);
    const double least = data.x1().samples.row(1).minCoeff();
    CHECK(own.dequantize == Grid{0.25, {std::nullopt, least}});
    CHECK(own.label_dropout == 0.5);
}

TEST_CASE("pairs of its owner take the place of the coupling's, and a rehearsal moves nothing") {
    const TrainData data = two_sets();
    Threads threads(1);
    Session one(data, {}, short_run(), 3, threads), other(data, {}, short_run(), 3, threads);
    const Eigen::VectorXf before = one.stepper().parameters();
    one.rehearse(0);
    CHECK(one.stepper().parameters() == before);
    Session fresh(data, {}, short_run(), 3, threads);
    const Pairs pairs = fresh.prepared().source.draw(0, 32);
    fresh.step(0);
    other.step(0, pairs);
    CHECK(fresh.stepper().parameters() == other.stepper().parameters());
    CHECK(fresh.stepper().parameters() != before);
}

TEST_CASE("a clock plans the steps once, when those that are fixed are done") {
    StepClock none(0, 10, 50), over(1e-9, 10, 50), ample(1e9, 10, 50);
    for (Index done = 1; done <= 10; ++done) {
        for (StepClock* clock : {&none, &over, &ample}) {
            CHECK(clock->steps() == 50);
            clock->after(done);
        }
    }
    CHECK(none.steps() == 50);
    CHECK(!none.over());
    CHECK(over.steps() == 11);  // one more is always planned
    CHECK(over.over());
    CHECK(ample.steps() == 50);
    CHECK(!ample.over());
}
