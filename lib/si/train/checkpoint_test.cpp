#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "si/random/draw.hpp"
#include "si/train/trainer.hpp"

using namespace si;

namespace {

/// Keeps the last state in memory, and stops after so many steps.
class Memory : public Checkpoints {
  public:
    explicit Memory(Index stop_after) : left_(stop_after), every_(stop_after) {}
    std::optional<TrainState> resume() override {
        left_ = every_;
        return kept_;
    }
    Request request() override {
        if (--left_ == 0) return Request::stop;
        return left_ % 5 == 0 ? Request::save : Request::none;
    }
    void save(const TrainState& state) override { kept_ = state; }

  private:
    Index left_, every_;
    std::optional<TrainState> kept_;
};

struct Run {
    TrainSpec spec;
    InterpolantSpec interpolant = {};
    bool two_sided = false;

    Model with(Checkpoints* checkpoints, int threads) const {
        TrainData data;
        data.shape = {2};
        data.x1().samples.resize(2, 300);
        fill_normal({21, Purpose::data, 0}, 0, data.x1().samples);
        if (two_sided) {
            data.x0().samples = data.x1().samples;
            fill_normal({21, Purpose::data, 1}, 0, data.x0().samples);
        }
        hold_out(data, 0.1, 9);
        Threads team(threads);
        Progress quiet;
        return train(data, interpolant, spec, 9, {.checkpoints = checkpoints}, team, quiet);
    }
};

TrainSpec quick() {
    TrainSpec spec;
    spec.net = "mlp,width=16,depth=2";
    spec.steps = 60;
    spec.batch = 150;
    spec.valid_interval = 7;
    return spec;
}

}  // namespace

TEST_CASE("training that is stopped and goes on gives the same model, bit for bit") {
    std::vector<Run> runs{{quick()}, {quick(), {.gamma = "brownian"}, true}, {quick()}, {quick()}};
    runs[1].spec.learn = "b,eta";
    runs[1].spec.optimizer = Choice<optimizers>("adamw,lr=3e-3");
    runs[2].spec.valid = "0";
    runs[2].spec.ema = 0;
    runs[3].interpolant.path = "fourier,alpha=0:0,beta=0:0";
    runs[3].spec.learn_path = 1e-2;
    for (const Run& run : runs) {
        const Model whole = run.with(nullptr, 2);
        for (const Index stop_after : {1, 13, 59}) {
            CAPTURE(stop_after);
            Memory memory(stop_after);
            std::optional<Model> model;
            int parts = 0;
            while (!model) {
                REQUIRE(++parts <= 60);
                try {
                    model = run.with(&memory, 1 + parts % 3);
                } catch (const Error& error) {
                    REQUIRE(error.kind() == Failure::again);
                }
            }
            CHECK(parts == (60 + stop_after - 1) / stop_after);
            CHECK(model->parameters == whole.parameters);
            CHECK(model->about == whole.about);
            CHECK(write_spec(model->interpolant) == write_spec(whole.interpolant));
        }
    }
}
