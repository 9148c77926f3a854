#include "si/solver/sampler.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "si/flow/transport.hpp"
#include "si/random/draw.hpp"
#include "support/models.hpp"

using namespace si;
using examples::carry;
using examples::closed_model;

// Laws over the table of samplers: tomorrow's row is tested today.

namespace {

const char* kTwo = R"({"kind": "mixture", "weights": [0.5, 0.5], "means": [[-1], [1.5]],
                       "covariances": [[[0.25]], [[0.5]]]})";

InterpolantSpec with_latent() {
    InterpolantSpec spec;
    spec.gamma = "brownian";
    return spec;
}

/// A row with 40 equal steps where it has any, and 400 of others; otherwise with its defaults.
TransportSpec by(const SamplerRow& row) {
    TransportSpec spec;
    Json choice{{"kind", row.name}};
    for (const FieldInfo& field : row.spec.fields()) {
        if (field.name == "steps") choice["steps"] = row.equal_steps ? 40 : 400;
    }
    spec.sampler = Choice<samplers>::from_json(choice);
    if (row.takes.find("ode") != std::string_view::npos) spec.ode = "rk4,steps=40";
    if (row.takes.find("sde") != std::string_view::npos) spec.sde = "heun,steps=40";
    if (row.takes.find("epsilon") != std::string_view::npos) {
        spec.epsilon = Setting<EpsilonChoice>::from_text("0.5");
    }
    return spec;
}

/// One chunk on its way, in legs that end at `times`.
Matrix in_legs(const Model& model, const TransportSpec& spec, const Matrix& start,
               const std::vector<double>& times) {
    const auto field = make_field(model);
    const auto evaluate = field->evaluator();
    const Setup setup = model.setup();
    const SampleConditions none(*evaluate, {});
    const auto stepper = spec.make(model).stepper(
        {setup, *field, *evaluate, none, Direction::forward, noise_of(3, 0)});
    Matrix state = start;
    double now = stepper->ends()[0];
    for (double time : times) {
        if (time >= 1) time = stepper->ends()[1];
        stepper->advance({now, time}, state);
        now = time;
    }
    return state;
}

}  // namespace

TEST_CASE("legs on the grid of the steps are one way, bit for bit, with the same noise") {
    const Model model = closed_model(kTwo, with_latent());
    const Matrix start = draw_base(model, 4, 0, 50);
    for (const SamplerRow& row : samplers()) {
        if (row.by_plan) continue;
        CAPTURE(std::string(row.name));
        const auto spec = by(row);
        const Matrix whole = carry(model, spec, Direction::forward, start).x;
        // Binary fractions of the way, so that the times of the steps are the same numbers.
        if (row.equal_steps) {
            CHECK((in_legs(model, spec, start, {0.25, 0.5, 1}) - whole).cwiseAbs().maxCoeff() <
                  1e-12);
        }
        CHECK(in_legs(model, spec, start, {1}) == whole);
    }
}

TEST_CASE("states inside of a step are the same in legs as on one way") {
    const Model model = closed_model(kTwo, with_latent());
    const auto field = make_field(model);
    const auto evaluate = field->evaluator();
    const Setup setup = model.setup();
    const SampleConditions none(*evaluate, {});
    const Matrix start = draw_base(model, 4, 0, 20);
    for (const SamplerRow& row : samplers()) {
        if (!row.equal_steps) continue;
        CAPTURE(std::string(row.name));
        const auto made = by(row).make(model);
        const auto stepper = [&] {
            return made.stepper(
                {setup, *field, *evaluate, none, Direction::forward, noise_of(3, 0)});
        };
        const auto whole = stepper(), legs = stepper();
        Matrix x = start, y = start;
        const auto [first, last] = whole->ends();
        const auto asked = whole->advance({first, last, {0.513, 0.7331}}, x);
        legs->advance({first, 0.5}, y);
        const auto found = legs->advance({0.5, last, {0.513, 0.7331}}, y);
        for (std::size_t k = 0; k < 2; ++k) {
            CHECK((asked[k] - found[k]).cwiseAbs().maxCoeff() < 1e-12);
        }
    }
}

TEST_CASE("times that are asked for change no result of equal steps") {
    const Model model = closed_model(kTwo, with_latent());
    const Matrix start = draw_base(model, 4, 0, 50);
    for (const SamplerRow& row : samplers()) {
        if (row.by_plan) continue;
        CAPTURE(std::string(row.name));
        for (const Direction direction : {Direction::forward, Direction::backward}) {
            auto spec = by(row);
            const Matrix plain = carry(model, spec, direction, start).x;
            spec.trajectory = {0.5, 0.01, 0.3337, 0.3341, 1, 0};
            const auto asked = carry(model, spec, direction, start);
            CHECK(asked.x == plain);
            const bool forward = direction == Direction::forward;
            CHECK(asked.trajectory[forward ? 5 : 4] == start);
            CHECK(asked.trajectory[forward ? 4 : 5] == asked.x);
            // Alone or with others, on a step or inside of one.
            for (const std::size_t k : {0U, 2U, 3U}) {
                auto one = spec;
                one.trajectory = {spec.trajectory[k]};
                CHECK(carry(model, one, direction, start).trajectory[0] == asked.trajectory[k]);
            }
        }
    }
}

TEST_CASE("states inside of a step have the law of their time") {
    // x_t is N(0, (1 - t)^2 + t^2 / 4 + t (1 - t)) for N(0, 1), N(0, 1/4) and the Brownian latent.
    const Model model =
        closed_model(R"({"kind": "gaussian", "mean": [0], "covariance": [[0.25]]})", with_latent());
    const Index n = 40'000;
    const Matrix start = draw_base(model, 4, 0, n);
    for (const SamplerRow& row : samplers()) {
        if ((!row.flow && !row.noisy) || row.by_plan) continue;
        CAPTURE(std::string(row.name));
        auto spec = by(row);
        spec.trajectory = {0.513, 0.73};
        const auto there = carry(model, spec, Direction::forward, start);
        for (std::size_t k = 0; k < 2; ++k) {
            const double t = spec.trajectory[k];
            const double variance = (1 - t) * (1 - t) + t * t / 4 + t * (1 - t);
            // 5 standard errors of a variance, sqrt(2 / n) of it; steps of 1/40 are off by 1e-3.
            CHECK(std::abs(there.trajectory[k].squaredNorm() / static_cast<double>(n) - variance) <
                  5 * variance * std::sqrt(2.0 / static_cast<double>(n)) + 2e-3);
        }
    }
}

TEST_CASE("an option that the sampler does not take is refused, and says what it goes with") {
    const Model model = closed_model(kTwo, with_latent());
    TransportSpec spec;
    spec.final = "denoise";
    CHECK_THROWS_WITH(spec.make(model),
                      "--final: goes with the sampler sde (--sde); this run uses the sampler ode");
    spec.epsilon = Setting<EpsilonChoice>::from_text("0.5");
    CHECK_THROWS_AS(spec.make(model),
                    Error);  // --epsilon alone is by means, which end by themselves
    spec.final.reset();
    CHECK(spec.chosen().kind() == "multistep");
    spec.sde = "heun";
    CHECK(spec.chosen().kind() == "sde");
    spec.ode = "rk4";
    CHECK_THROWS_AS(spec.make(model), Error);
    TransportSpec twice;
    twice.sampler = "denoise,steps=4";
    twice.denoise = 4;
    CHECK_THROWS_AS(twice.make(model), Error);
    TransportSpec mixed;
    mixed.denoise = 4;
    mixed.sde = "heun";
    CHECK_THROWS_AS(mixed.make(model), Error);
}

TEST_CASE("states at two times inside of one step differ by the noise between them") {
    // Without drift, 10 steps of variance 0.2: from 0.04 to 0.06 in time is a variance of 0.04.
    const Index n = 20'000;
    const auto solve = Choice<sde_steps>("euler-maruyama,steps=10").make();
    const Drift still = [](ConstVector, ConstMatrix, MatrixRef dx) { dx.setZero(); };
    const auto made = solve(
        still, [](double) { return 1.0; }, noise_of(5, 0),
        {.from = 0, .to = 1, .stops = {0.04, 0.042, 0.06, 0.1}}, Matrix::Zero(1, n));
    const auto variance_between = [&](std::size_t a, std::size_t b) {
        return (made.at_stops[b] - made.at_stops[a]).squaredNorm() / static_cast<double>(n);
    };
    // 5 standard errors of a variance are 5 sqrt(2 / n) = 5 % of it; 2^-12 of a step is 5e-5.
    CHECK(std::abs(variance_between(0, 2) / 0.04 - 1) < 0.05);
    CHECK(std::abs(variance_between(0, 1) / 0.004 - 1) < 0.07);
    CHECK(std::abs(variance_between(2, 3) / 0.08 - 1) < 0.05);
}

TEST_CASE("legs that end inside of the last part of an SDE are one way too") {
    const Model model = closed_model(kTwo, with_latent());
    const Matrix start = draw_base(model, 4, 0, 50);
    for (const char* last : {"denoise,length=0.25", "none,length=0.25"}) {
        CAPTURE(last);
        TransportSpec spec;
        spec.sde = "heun,steps=24";
        spec.final = last;
        CHECK(in_legs(model, spec, start, {0.5, 0.875, 1}) ==
              carry(model, spec, Direction::forward, start).x);
    }
    TransportSpec nothing;
    nothing.sde = "heun";
    nothing.final = "ode,length=0.9999999";
    CHECK_NOTHROW(carry(model, nothing, Direction::forward, start));
}

TEST_CASE("from a point only a sampler with noise leads anywhere but to one point") {
    const Model model = closed_model(R"({"kind": "gaussian", "mean": [0], "covariance": [[0.25]]})",
                                     with_latent(), R"({"kind": "point", "at": [0.5]})");
    for (const SamplerRow& row : samplers()) {
        if (row.by_plan) continue;
        CAPTURE(std::string(row.name));
        auto spec = by(row);
        if (row.noisy) {
            spec.epsilon = Setting<EpsilonChoice>::from_text("bridge");
            CHECK_NOTHROW(carry(model, spec, Direction::forward, Matrix::Constant(1, 5, 0.5)));
        } else {
            CHECK_THROWS_AS(carry(model, spec, Direction::forward, Matrix::Constant(1, 5, 0.5)),
                            Error);
        }
    }
}
