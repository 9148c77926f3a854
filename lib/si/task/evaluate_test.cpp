#include "si/task/evaluate.hpp"

#include <doctest/doctest.h>

#include "scratch.hpp"
#include "si/io/dataset.hpp"

using namespace si;

namespace {

/// Four samples of four numbers, with `masks` as columns unless there are none.
std::string with_mask(const std::string& file, const Matrix& masks) {
    DataWriter out(file);
    Matrix x(4, 4);
    x << 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16;
    out.write("x", x, {4});
    if (masks.size() > 0) out.write("mask", masks, {masks.rows()});
    out.commit();
    return file;
}

}  // namespace

TEST_CASE("a mask of restored samples fits them and is 0 or 1, or is refused") {
    const Scratch scratch;
    const auto truth = with_mask(scratch / "truth.h5", {});
    const auto report = [&](const Matrix& masks) {
        return restored_report(with_mask(scratch / "x.h5", masks), truth, {});
    };
    const auto said = [&](const Matrix& masks) { return failure([&] { report(masks); }); };
    const std::string place = "65 " + (scratch / "x.h5") + ":/mask: ";
    CHECK(report(Vector{{1, 0, 0, 1}}).at("hidden_mse") == 0);  // of all samples
    CHECK(report(Matrix::Ones(4, 4)).at("known_error") == 0);
    CHECK(said(Matrix::Ones(4, 3)) == place + "has 3 masks for 4 samples");
    CHECK(said(Matrix::Ones(3, 4)) ==
          place + "masks are 3, and must be 4, one number per pixel, for samples of 4");
    Matrix half = Matrix::Ones(4, 4);
    half(2, 1) = 0.5;
    CHECK(said(half) == place + "sample 2, number 3: is 0.5, and must be 0 (hidden) or 1 (known)");
}

TEST_CASE("coordinates of kernel estimates exist, or are left out by default alone") {
    const Scratch scratch;
    const auto file = scratch / "x.h5";
    {
        DataWriter out(file);
        out.write("x", Matrix::Random(1, 60), {});
        out.commit();
    }
    Threads one(1);
    CHECK(kernel_report(file, file, {}, 1, one).at("n") == 20);
    CHECK(kernel_report(file, file, {.coordinates = {1}}, 1, one).at("n") == 20);
    CHECK(failure([&] {
              kernel_report(file, file, {.coordinates = {1, 2}}, 1, one);
          }) == "64 --coordinates: there is no coordinate 2; " + file + ":/x has 1");
    CHECK(failure([&] {
              kernel_report(file, file, {.coordinates = {1, 1}}, 1, one);
          }) == "64 --coordinates: 1 is given twice");
}

TEST_CASE("times of points reach from the margin to its other side") {
    check_spec(FieldsSpec{.margin = 0});
    check_spec(FieldsSpec{.margin = 0.49});
    for (const double margin : {0.5, 1.0, -0.1}) {
        CHECK_THROWS_AS(check_spec(FieldsSpec{.margin = margin}), Error);
    }
}
