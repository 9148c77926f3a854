#include "si/base/product.hpp"

#include <limits>
#include <vector>

#include <doctest/doctest.h>

using si::Index;
using si::product_up_to;

TEST_CASE("a product is had up to its bound, and not beyond, nor around the end of an Index") {
    using Sizes = std::vector<Index>;
    constexpr Index kLargest = std::numeric_limits<Index>::max();
    CHECK(product_up_to(12, Sizes{}) == 1);
    CHECK(product_up_to(12, Sizes{3, 4}) == 12);
    CHECK(product_up_to(12, Sizes{0, 4}) == 0);
    CHECK(product_up_to(kLargest, Sizes{kLargest}) == kLargest);
    CHECK_FALSE(product_up_to(11, Sizes{3, 4}).has_value());
    CHECK_FALSE(product_up_to(12, Sizes{-3, -4}).has_value());
    CHECK_FALSE(product_up_to(kLargest, Sizes{Index{1} << 32, Index{1} << 32}).has_value());
    CHECK_FALSE(product_up_to(kLargest, Sizes{Index{1} << 62, 3}).has_value());
}
