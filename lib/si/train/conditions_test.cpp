#include <doctest/doctest.h>

#include "si/flow/transport.hpp"
#include "si/model/guided.hpp"
#include "si/random/draw.hpp"
#include "si/train/preparation.hpp"
#include "si/train/stepper.hpp"
#include "si/train/trainer.hpp"

using namespace si;

namespace {

Matrix normals(Index rows, Index columns, std::uint32_t step = 0) {
    Matrix z(rows, columns);
    fill_normal({9, Purpose::data, step}, 0, z);
    return z;
}

TrainData images(Index n, Index labels = 0) {
    TrainData data;
    data.shape = {1, 4, 4};
    data.x1().samples = normals(16, n);
    data.conditions.labels = labels;
    if (labels == 0) return data;
    data.given.resize(1, n);
    for (Index j = 0; j < n; ++j) data.given(0, j) = static_cast<double>(j % labels);
    return data;
}

TrainSpec small(const char* net = "unet,width=4,multipliers=1:2,groups=2,blocks=1") {
    TrainSpec spec;
    spec.net = Choice<networks>(net);
    spec.steps = 3;
    spec.batch = 8;
    spec.valid = "0";
    return spec;
}

Batch first_batch(const Preparation& all, Index n) {
    Batch batch;
    build_batch(all.source, all.source.draw(0, n), {.columns = {0, n}, .batch = n}, batch);
    return batch;
}

Model trained(const TrainData& data, const TrainSpec& spec,
              const InterpolantSpec& interpolant = {}) {
    Threads threads(1);
    Progress silent;
    return train(data, interpolant, spec, 1, {}, threads, silent);
}

}  // namespace

TEST_CASE("noise of size one around nothing is the independent coupling, bit for bit") {
    TrainData data = images(32);
    TrainSpec apart = small(), made = small();
    apart.standardize = made.standardize = "none";
    made.coupling = Choice<couplings>("noise,scale=0,noise=1");
    const auto a = prepare(data, InterpolantSpec{}, apart, 1);
    const auto b = prepare(data, InterpolantSpec{}, made, 1);
    const Batch one = first_batch(*a, 16), two = first_batch(*b, 16);
    CHECK(one.x0() == two.x0());
    CHECK(one.x1() == two.x1());
    CHECK(one.xt == two.xt);
    const Model first = trained(data, apart), second = trained(data, made);
    CHECK(first.parameters == second.parameters);
}

TEST_CASE("labels go with their samples, and some are left out") {
    const auto all = prepare(images(64, 4), InterpolantSpec{}, small(), 1);
    CHECK(all->source.conditions.labels == 4);
    TrainSpec spec = small();
    spec.label_dropout = 0.25;
    const auto dropped = prepare(images(64, 4), InterpolantSpec{}, spec, 1);
    const Index n = 4096;
    const auto pairs = dropped->source.draw(0, n);
    Batch batch;
    build_batch(dropped->source, pairs, {.columns = {0, n}, .batch = n}, batch);
    double out = 0;
    for (Index j = 0; j < n; ++j) {
        const double label = batch.given(0, j);
        if (label == 4) {
            ++out;
        } else {
            REQUIRE(label == static_cast<double>(pairs.x1().rows[static_cast<std::size_t>(j)] % 4));
        }
    }
    CHECK(std::abs(out - 0.25 * n) < 5 * std::sqrt(0.25 * 0.75 * n));
    // Held-out samples keep theirs.
    build_batch(dropped->source, pairs, {.columns = {0, n}, .batch = n, .validation = true}, batch);
    CHECK(batch.given.maxCoeff() == 3);
}

TEST_CASE("x0 of a batch is x1 where that is known, and noise elsewhere") {
    TrainSpec spec = small();
    spec.coupling = Choice<couplings>("inpaint,tile=2,p=0.5");
    const auto all = prepare(images(32), InterpolantSpec{}, spec, 1);
    const Batch batch = first_batch(*all, 32);
    const auto plain = prepare(images(32), InterpolantSpec{}, small(), 1);
    const Batch noise = first_batch(*plain, 32);
    Index known = 0;
    for (Index i = 0; i < batch.x0().size(); ++i) {
        const bool is_known = batch.given.data()[i] == 1;
        CHECK(batch.x0().data()[i] == (is_known ? batch.x1().data()[i] : noise.x0().data()[i]));
        known += is_known ? 1 : 0;
    }
    CHECK(known > 0);
    CHECK(known < batch.x0().size());
}

TEST_CASE("training with conditions does not depend on the number of threads") {
    TrainSpec spec = small();
    spec.coupling = Choice<couplings>("inpaint,tile=2");
    const TrainData data = images(32, 3);
    Progress silent;
    Threads one(1), three(3);
    const Model a = train(data, InterpolantSpec{}, spec, 1, {}, one, silent);
    const Model b = train(data, InterpolantSpec{}, spec, 1, {}, three, silent);
    CHECK(a.parameters == b.parameters);
    CHECK(a.source->kind() == "inpaint");
    CHECK(make_field(a)->conditions().rows() == 17);
}

TEST_CASE("known pixels do not move on any way") {
    TrainSpec spec = small();
    spec.coupling = Choice<couplings>("inpaint,tile=2,p=0.5");
    const Model model = trained(images(32), spec);
    const auto field = make_field(model);
    const Matrix x = normals(16, 6, 3);
    const Observation seen = model.corruption()->observe(x, {1, Purpose::mask, 0}, 0);
    const Matrix start = seen.mean + seen.deviation.cwiseProduct(normals(16, 6, 4));
    Threads threads(2);
    Progress silent;
    for (const OdeRow& row : ode_solvers()) {
        TransportSpec along;
        along.ode = Choice<ode_solvers>(row.name);
        along.trajectory = {0.5};
        const auto end = transport(model, *field, along,
                                   {.x = start, .seed = 1, .given = seen.given}, threads, silent);
        for (Index j = 0; j < 6; ++j) {
            for (Index i = 0; i < 16; ++i) {
                if (seen.given(i, j) != 1) continue;
                CHECK(end.x(i, j) == x(i, j));
                CHECK(end.trajectory[0](i, j) == x(i, j));
            }
        }
    }
}

TEST_CASE("a mask of a colour image is one for all of its channels") {
    TrainData data;
    data.shape = {3, 4, 4};
    data.x1().samples = normals(48, 16);
    for (const char* net : {"unet,width=4,multipliers=1:2,groups=2,blocks=1",
                            "sit,width=8,depth=1,heads=2,patch=2"}) {
        TrainSpec spec = small(net);
        spec.coupling = Choice<couplings>("inpaint,tile=2,p=0.5");
        const Model model = trained(data, spec);
        const auto field = make_field(model);
        CHECK(field->conditions().numbers() == 16);
        const Matrix x = normals(48, 6, 3);
        const Observation seen = model.corruption()->observe(x, {1, Purpose::mask, 0}, 0);
        const Matrix start = seen.mean + seen.deviation.cwiseProduct(normals(48, 6, 4));
        Threads threads(1);
        Progress silent;
        const auto end = transport(model, *field, {}, {.x = start, .seed = 1, .given = seen.given},
                                   threads, silent);
        Index known = 0;
        for (Index j = 0; j < 6; ++j) {
            for (Index i = 0; i < 48; ++i) {
                if (seen.given(i % 16, j) != 1) continue;
                CHECK(end.x(i, j) == x(i, j));
                ++known;
            }
        }
        CHECK(known > 0);
        CHECK(known < 6 * 48);
    }
}

TEST_CASE("a sample's way does not depend on the others, whatever it is conditioned on") {
    const Model model = trained(images(32, 3), small());
    const auto field = make_field(model);
    const Matrix start = normals(16, 30, 5);
    Matrix given(1, 30);
    for (Index j = 0; j < 30; ++j) given(0, j) = static_cast<double>(j % 4);
    Threads threads(2);
    Progress silent;
    const auto run = [&](Index first, Index n) {
        return transport(model, *field, {},
                         {.x = start.middleCols(first, n),
                          .seed = 1,
                          .first = first,
                          .given = given.middleCols(first, n)},
                         threads, silent);
    };
    const auto all = run(0, 30), some = run(11, 5);
    CHECK(some.x == all.x.middleCols(11, 5));
    CHECK(some.evaluations == all.evaluations.segment(11, 5));
    CHECK_THROWS_AS(transport(model, *field, {}, {.x = start, .seed = 1}, threads, silent), Error);
    given(0, 3) = 4;
    CHECK_THROWS_AS(run(0, 30), Error);
}

TEST_CASE("guidance of one is the model, of nothing goes without label") {
    const Model model = trained(images(32, 3), small());
    const auto field = make_field(model);
    const Matrix x = normals(16, 4, 6), with = Matrix{{0, 1, 2, 1}}, without = Matrix{{3, 3, 3, 3}};
    const Vector t = Vector{{0.1, 0.4, 0.6, 0.9}};
    const unsigned want = kB | kDivB | kX1;
    const auto ask = [&](const Field& one, const Matrix& given) {
        FieldValues values;
        const auto evaluate = one.evaluator();
        evaluate->condition(given);
        (*evaluate)(t, x, want, values);
        return values;
    };
    const FieldValues label = ask(*field, with), none = ask(*field, without);
    CHECK(ask(GuidedField(field, {1}), with).b == label.b);
    const FieldValues zero = ask(GuidedField(field, {0}), with);
    CHECK((zero.b - none.b).cwiseAbs().maxCoeff() < 1e-12);
    CHECK((zero.x1 - none.x1).cwiseAbs().maxCoeff() < 1e-12);
    CHECK((zero.div_b - none.div_b).cwiseAbs().maxCoeff() < 1e-12);
    CHECK((label.b - none.b).cwiseAbs().maxCoeff() > 1e-6);
    const FieldValues strong = ask(GuidedField(field, {1.5, {0.3, 0.7}}), with);
    const Matrix guided = 1.5 * label.b - 0.5 * none.b;
    for (const Index j : {1, 2}) CHECK((strong.b - guided).col(j).cwiseAbs().maxCoeff() < 1e-12);
    for (const Index j : {0, 3}) CHECK(strong.b.col(j) == label.b.col(j));
    CHECK_THROWS_AS(GuidedField(make_field(trained(images(32), small())), {2}), Error);

    const Matrix probes = normals(16, 4, 7);
    const auto stretch = [&](const Field& one, const Matrix& given) {
        FieldValues values;
        Matrix quadratic(1, 4);
        const auto evaluate = one.evaluator();
        evaluate->condition(given);
        evaluate->probe(t, x, probes, values, quadratic);
        return std::pair{values.b, quadratic};
    };
    const auto [label_b, label_q] = stretch(*field, with);
    const auto [none_b, none_q] = stretch(*field, without);
    const auto [strong_b, strong_q] = stretch(GuidedField(field, {1.5, {0.3, 0.7}}), with);
    CHECK((label_q - none_q).cwiseAbs().minCoeff() > 1e-9);
    CHECK((strong_b - strong.b).cwiseAbs().maxCoeff() < 1e-12);
    CHECK((label_b - label.b).cwiseAbs().maxCoeff() < 1e-12);
    for (const Index j : {1, 2}) {
        CHECK(std::abs(strong_q(0, j) - 1.5 * label_q(0, j) + 0.5 * none_q(0, j)) < 1e-12);
    }
    for (const Index j : {0, 3}) CHECK(strong_q(0, j) == label_q(0, j));
}

TEST_CASE("x0 that is given stands below the label, and makes a path one from a point") {
    TrainData data = images(64, 4);
    data.x0().samples = normals(16, 64, 8);
    hold_out(data, 0.25, 1);
    InterpolantSpec interpolant;
    interpolant.gamma = Choice<gammas>("brownian,a=0.5");
    TrainSpec spec = small();
    spec.coupling = Choice<couplings>("paired");
    spec.condition = {"label", "x0"};
    spec.label_dropout = 0;
    spec.learn = "x1";
    const auto all = prepare(data, interpolant, spec, 1);
    CHECK(all->model.base.kind() == "given");
    CHECK(all->source.setup.fixed_start());
    const Batch batch = first_batch(*all, 16);
    REQUIRE(batch.given.rows() == 17);
    CHECK(batch.given.bottomRows(16) == batch.x0());
    const auto rows = all->source.draw(0, 16).x1().rows;
    for (Index j = 0; j < 16; ++j)
        CHECK(batch.given(0, j) == data.given(0, rows[static_cast<std::size_t>(j)]));
    const Model model = trained(data, spec, interpolant);
    const auto field = make_field(model);
    CHECK(field->conditions().start);
    CHECK((field->available() & (kU | kS | kX0)) == (kU | kS | kX0));

    CHECK_THROWS_WITH_AS(prepare(data, InterpolantSpec{}, spec, 1),
                         "--condition x0: from a given point only a latent leads to different x1; "
                         "give --gamma brownian",
                         Error);
    data.conditions.shape = {3};
    CHECK_THROWS_WITH_AS(prepare(data, interpolant, spec, 1),
                         "--condition: x0 and condition exclude each other", Error);
    data.x0() = {};
    CHECK_THROWS_WITH_AS(prepare(data, interpolant, spec, 1),
                         "--condition x0: there are no samples of it; give --x0 FILE", Error);
}

TEST_CASE("what counts in a coupling is held out with its samples") {
    TrainData data;
    data.shape = {2};
    const Index n = 40;
    data.x1().samples = normals(2, n, 9);
    data.x0().samples = normals(2, 30, 10);
    data.x1().beside = 100 * data.x1().samples.topRows(1);
    data.x0().beside = 100 * data.x0().samples.topRows(1);
    hold_out(data, 0.25, 1);
    CHECK(data.x1().beside == 100 * data.x1().samples.topRows(1));
    CHECK(data.x1().valid_beside == 100 * data.x1().valid.topRows(1));
    CHECK(data.x0().beside == 100 * data.x0().samples.topRows(1));
    CHECK(data.x0().valid_beside == 100 * data.x0().valid.topRows(1));
    TrainSpec spec = small("mlp,width=8");
    spec.coupling = Choice<couplings>("ot");
    const auto all = prepare(data, InterpolantSpec{}, spec, 1);
    const double unit = all->model.transform.scale[0];
    CHECK((all->x1().seen.bottomRows(1) - data.x1().beside / unit).cwiseAbs().maxCoeff() < 1e-12);
    CHECK(all->x0().seen.topRows(2) == all->x0().samples);
    data.x0().beside.resize(0, 0);
    CHECK_THROWS_AS(prepare(data, InterpolantSpec{}, spec, 1), Error);
}

TEST_CASE("what does not fit together is refused") {
    TrainSpec spec = small();
    spec.coupling = Choice<couplings>("inpaint");
    spec.learn = "b,s";
    CHECK_THROWS_AS(prepare(images(32), InterpolantSpec{}, spec, 1), Error);
    spec = small();
    spec.coupling = Choice<couplings>("noise");
    TrainData both = images(32);
    both.x0().samples = normals(16, 32, 7);
    CHECK_THROWS_AS(prepare(both, InterpolantSpec{}, spec, 1), Error);
    TrainData flat = images(32);
    flat.shape = {16};
    CHECK_THROWS_AS(trained(flat, small()), Error);
}
