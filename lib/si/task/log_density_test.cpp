#include "si/task/log_density.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "scratch.hpp"

using namespace si;

namespace {

Progress quiet;

Model affine_model() {
    Model model;
    model.dim = 2;
    model.shape = {2};
    model.transform = {Vector{{1, 2}}, Vector{{0.5, 4}}};
    model.field = {{"kind", "affine"}, {"A", {{0.3, -0.2}, {0.1, -0.5}}}, {"c", {0.4, -0.1}}};
    return model;
}

}  // namespace

TEST_CASE("moments of numbers that come in parts") {
    const Vector all{{3, -1, 4, 1, -5, 9, 2, 6}};
    RunningMoments whole, parts;
    whole.add(all);
    for (const auto& [first, count] : {std::pair{0, 3}, {3, 0}, {3, 1}, {4, 4}}) {
        parts.add(all.segment(first, count));
    }
    CHECK(whole.n == 8);
    CHECK(whole.mean == doctest::Approx(19.0 / 8));
    CHECK(whole.error() ==
          doctest::Approx(std::sqrt((all.array() - 19.0 / 8).square().sum() / 7 / 8)));
    CHECK(parts.n == 8);
    CHECK(parts.mean == whole.mean);
    CHECK(parts.squares == whole.squares);
    RunningMoments one;
    one.add(Vector{{2}});
    CHECK(one.error() == 0);
}

TEST_CASE("parts of a file are evaluated as the whole of it, bit for bit") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    const Model model = affine_model();
    const auto field = make_field(model);
    Matrix x(2, 70'000);  // more than are read at once
    fill_normal({1, Purpose::data, 0}, 0, x);
    DataWriter out(file);
    out.write("x", x, {2});
    out.commit();

    for (const char* divergence : {"exact", "hutchinson,probes=2"}) {
        LogDensitySpec spec;
        spec.ode = "rk4,steps=2";
        spec.divergence = divergence;
        Threads one(1), two(2);
        const LogDensities whole = ode_log_density(
            model, *field, spec, {.x = model.transform.from_data(x), .seed = 4}, two, quiet);
        const auto kept = log_densities_of_file(model, file, spec, {.seed = 4}, two, quiet)[0];
        CHECK(kept.by_sample.log_density ==
              Vector(whole.log_density.array() - model.transform.log_determinant()));
        CHECK(kept.by_sample.standard_error == whole.standard_error);
        CHECK(kept.cross_entropy() ==
              doctest::Approx(-kept.by_sample.log_density.mean()).epsilon(1e-13));

        const auto summary = log_densities_of_file(
            model, file, spec, {.seed = 4, .keep = Keep::summary}, one, quiet)[0];
        CHECK(summary.by_sample.log_density.size() == 0);
        CHECK(summary.report() == kept.report());
    }
}
