#include "si/task/bridge.hpp"

#include <doctest/doctest.h>

#include "scratch.hpp"
#include "si/io/dataset.hpp"
#include "si/io/model_file.hpp"
#include "si/random/draw.hpp"

using namespace si;

// Property 26.
TEST_CASE("a bridge that was written and read has the same drift, to the last bit") {
    Matrix x0(2, 80), x1(2, 80);
    fill_normal({91, Purpose::data, 0}, 0, x0);
    fill_normal({91, Purpose::data, 1}, 0, x1);
    const Scratch scratch;
    Threads threads(2);
    Progress silent;
    for (const char* method :
         {"gaussian", "sinkhorn", "lightsb,steps=20,components=3",
          "lightsb,steps=20,components=3,covariance=diagonal", "lightsbm,steps=5,components=2",
          "interpolant", "sf2m,steps=5,width=8", "dsbm,steps=5,width=8,rounds=1,walk=3"}) {
        CAPTURE(method);
        const Model model = make_bridge(method, {x0, x1, {2}, {0.5}, false, 1}, threads, silent);
        write_model(scratch / "m.json", model);
        const Model again = read_model(scratch / "m.json");
        FieldValues a, b;
        const Vector t = Vector::Constant(5, 0.3);
        (*make_field(model)->evaluator())(t, x0.leftCols(5), kU | kB, a);
        (*make_field(again)->evaluator())(t, x0.leftCols(5), kU | kB, b);
        CHECK(a.u == b.u);
        CHECK(a.b == b.b);
    }
}

TEST_CASE("weights of a coupling are one per sample") {
    const Scratch scratch;
    const auto with_weights = [&](const char* name, Index columns) {
        DataWriter out(scratch / name);
        out.write("x", Matrix{{1, 2, 3}}, {1});
        out.write("weight", Matrix::Ones(columns, 3), {columns});
        out.commit();
        return scratch / name;
    };
    const auto one = with_weights("one.h5", 1), two = with_weights("two.h5", 2);
    Threads threads(1);
    Progress silent;
    CoupleSpec spec;
    spec.weights = true;
    const auto couple_with = [&](const std::string& x1) {
        couple(one, x1, spec, scratch / "pairs.h5", {}, threads, silent);
    };
    couple_with(one);
    CHECK(failure([&] { couple_with(two); }) ==
          "65 " + two + ":/weight: has 2 columns; --weights takes one weight per sample");
}
