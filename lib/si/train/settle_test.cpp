#include "si/train/settle.hpp"

#include <doctest/doctest.h>

#include "si/model/network_field.hpp"
#include "si/random/draw.hpp"
#include "si/train/trainer.hpp"

namespace si {
namespace {

TrainData data_of(Index n, const std::vector<Index>& shape) {
    TrainData data;
    data.shape = shape;
    Index d = 1;
    for (const Index size : shape) d *= size;
    data.x1().samples = Matrix::Zero(d, n);
    return data;
}

}  // namespace

TEST_CASE("nothing is left open, for any number of samples of any dimension") {
    TrainSpec before = settled({}, data_of(2, {2}));
    for (const Index n : {500, 2000, 40'000, 1'000'000}) {
        CAPTURE(n);
        const TrainSpec spec = settled({}, data_of(n, {2}));
        CHECK(*spec.steps >= *before.steps);
        for (const char* more : {"width", "fourier_scale"}) {
            CHECK(spec.net->settings().at(more) >= before.net->settings().at(more));
        }
        before = spec;
    }
    const auto wide = settled({}, data_of(500, {784})).net->settings();
    CHECK(wide.at("width") > settled({}, data_of(500, {2})).net->settings().at("width"));
    CHECK(before.net->settings().at("fourier_scale") > wide.at("fourier_scale"));
    for (const std::vector<Index>& shape : {std::vector<Index>{1},
                                            {2},
                                            {30},
                                            {784},
                                            {28, 28},
                                            {1, 8, 8},
                                            {1, 28, 28},
                                            {3, 32, 48},
                                            {1, 18, 20},
                                            {1, 17, 16},
                                            {2, 33, 31},
                                            {16, 16, 2}}) {
        const TrainSpec spec = settled({}, data_of(10, shape));
        for_each_field<TrainSpec>([&](const auto& f) {
            if constexpr (requires { (spec.*f.member).has_value(); }) {
                CAPTURE(std::string(f.name));
                CHECK((spec.*f.member).has_value());
            }
        });
        NetworkFieldSpec field;
        field.net = *spec.net;
        CHECK(NetworkField::graph(field, shape).parameters() > 0);
        const bool picture = shape.size() == 3 && shape[1] >= 16 && shape[2] >= 16;
        CHECK(spec.net->row().images == (picture && shape[1] % 2 == 0 && shape[2] % 2 == 0));
    }
}

TEST_CASE("what is said stays") {
    TrainSpec said;
    said.net = "mlp,width=8,depth=2";
    said.steps = 7;
    said.batch = 16;
    said.optimizer = "adamw,lr=1e-4";
    const TrainSpec spec = settled(said, data_of(10, {1, 28, 28}));
    CHECK(write_spec(spec) == write_spec(said));
    // And decides what goes with it: a step of a network of images costs more.
    TrainSpec layers, images;
    layers.net = "mlp";
    images.net = "unet";
    const TrainData some = data_of(10, {1, 28, 28});
    CHECK(*settled(images, some).batch < *settled(layers, some).batch);
}

TEST_CASE("with time, a run is longer by passes through the data") {
    const TrainSpec few = settled({}, data_of(500, {2})), many = settled({}, data_of(50'000, {2}));
    CHECK(most_steps(few, 500) == *few.steps);  // which are more than 400 passes already
    CHECK(most_steps(many, 50'000) == 400 * 50'000 / *many.batch);
}

TEST_CASE("a model says what was taken, and with that the same one is made again") {
    TrainData data;
    data.x1().samples.resize(2, 300);
    fill_normal({3, Purpose::data, 0}, 0, data.x1().samples);
    data.shape = {2};
    TrainSpec spec;
    spec.net = "mlp,width=8,depth=2";
    spec.steps = 30;
    Threads threads(2);
    Progress silent;
    const Model model = train(data, {}, spec, 1, {}, threads, silent);
    const auto said = read_spec<TrainSpec>(model.about.at("training"));
    CHECK(said.batch.has_value());
    CHECK(train(data, {}, said, 1, {}, threads, silent).parameters == model.parameters);
}

}  // namespace si
