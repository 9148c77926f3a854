#include "si/task/rows.hpp"

#include <algorithm>

#include <doctest/doctest.h>

namespace {

using namespace si;

Samples table(Index n, Index d) {
    Samples samples;
    samples.values = Matrix(d, n);
    for (Index i = 0; i < n * d; ++i) samples.values.data()[i] = static_cast<double>(i);
    samples.shape = {d};
    samples.source = "table";
    return samples;
}

}  // namespace

TEST_CASE("a split is a partition in order, and a function of the seed") {
    for (const Index n : {2, 10, 1000}) {
        for (const double fraction : {0.1, 0.5, 0.9}) {
            CAPTURE(n);
            CAPTURE(fraction);
            const SplitSpec spec{.fraction = fraction, .seed = 3};
            if (std::llround(fraction * static_cast<double>(n)) % n == 0) {
                CHECK_THROWS_AS(split_rows(n, spec), Error);
                continue;
            }
            const auto split = split_rows(n, spec);
            CHECK(std::ssize(split.held_out) == std::llround(fraction * static_cast<double>(n)));
            CHECK(std::is_sorted(split.train.begin(), split.train.end()));
            CHECK(std::is_sorted(split.held_out.begin(), split.held_out.end()));
            std::vector<Index> all;
            std::merge(split.train.begin(), split.train.end(), split.held_out.begin(),
                       split.held_out.end(), std::back_inserter(all));
            CHECK(all == first_rows(n, n));
            CHECK(split_rows(n, spec).train == split.train);
        }
    }
    CHECK(split_rows(1000, {.fraction = 0.5, .seed = 1}).train !=
          split_rows(1000, {.fraction = 0.5, .seed = 2}).train);
}

TEST_CASE("any column can be the label, and the others keep their order") {
    for (const char* column : {"1", "2", "last"}) {
        CAPTURE(column);
        ImportSpec spec;
        spec.label_column = column;
        const auto rows = import_rows(table(4, 3), spec);
        const Index taken = column == std::string("last") ? 2 : column[0] - '1';
        const Matrix all = table(4, 3).values;
        REQUIRE(rows.sets.size() == 2);
        CHECK(rows.sets[1].first == "/label");
        CHECK(rows.sets[1].second.values == all.row(taken));
        CHECK(rows.sets[0].second.values.row(0) == all.row(taken == 0 ? 1 : 0));
        CHECK(rows.sets[0].second.values.row(1) == all.row(taken == 2 ? 1 : 2));
    }
    for (const char* column : {"0", "4", "x", "-1"}) {
        ImportSpec spec;
        spec.label_column = column;
        CHECK_THROWS_AS(import_rows(table(4, 3), spec), Error);
    }
}
