#include "si/task/sample.hpp"

#include <doctest/doctest.h>

#include "scratch.hpp"

using namespace si;

namespace {

/// A dataset (n, shape...) of masks, all of them equal.
Samples masks(Index n, const std::vector<Index>& shape, const Vector& one) {
    Samples all;
    all.values = one.replicate(1, n);
    all.shape = shape;
    all.source = "x.h5:/mask";
    return all;
}

}  // namespace

TEST_CASE("a mask is one per sample or one for all, and one for all channels of an image") {
    const Vector one = Vector{{1, 0, 0, 1, 1, 0}};  // of two rows and three columns
    const std::vector<Index> image{3, 2, 3};
    const Matrix wanted = one.replicate(1, 4);
    const Vector thrice = one.replicate(3, 1);
    CHECK(masks_for(masks(4, {2, 3}, one), image, 4) == wanted);
    CHECK(masks_for(masks(4, {1, 2, 3}, one), image, 4) == wanted);
    CHECK(masks_for(masks(4, {3, 2, 3}, thrice), image, 4) == wanted);
    CHECK(masks_for(masks(1, {2, 3}, one), image, 4) == wanted);
    CHECK(masks_for(masks(1, {3, 2, 3}, thrice), image, 4) == wanted);
    // (height, width): a reader takes the first axis for samples.
    Samples single = masks(2, {3}, Vector::Zero(3));
    single.values << 1, 1, 0, 1, 0, 0;  // columns are rows of the image
    CHECK(masks_for(single, image, 4) == wanted);
    // Other data have a number per coordinate.
    CHECK(masks_for(masks(4, {6}, one), {6}, 4) == wanted);
    CHECK(masks_for(masks(1, {6}, one), {6}, 4) == wanted);
}

TEST_CASE("masks that do not fit are refused with their place") {
    const std::vector<Index> image{3, 2, 3};
    const Vector one = Vector{{1, 0, 0, 1, 1, 0}};
    const auto said = [&](const Samples& found) {
        return failure([&] { masks_for(found, image, 4); });
    };
    CHECK(said(masks(2, {2, 3}, one)) == "65 x.h5:/mask: has 2 masks for 4 samples");
    CHECK(said(masks(4, {5}, one.head(5))) ==
          "65 x.h5:/mask: masks are 5, and must be 2 x 3, one number per pixel, for samples of 3 x "
          "2 x 3");
    Vector differs = one.replicate(3, 1);
    differs[7] = 1;
    CHECK(said(masks(4, {3, 2, 3}, differs)) ==
          "65 x.h5:/mask: a mask must be the same for all channels of an image");
    Samples half = masks(4, {2, 3}, one);
    half.values(1, 2) = 0.5;
    CHECK(said(half) ==
          "65 x.h5:/mask: sample 3, number 2: is 0.5, and must be 0 (hidden) or 1 (known)");
}
