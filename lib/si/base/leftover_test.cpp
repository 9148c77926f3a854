#include "si/base/leftover.hpp"

#include <cstdio>
#include <utility>

#include <doctest/doctest.h>
#include <unistd.h>

#include "scratch.hpp"

using namespace si;

namespace {

bool there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

void touch(const std::string& path) { std::fclose(std::fopen(path.c_str(), "w")); }

}  // namespace

TEST_CASE("a leftover goes with its object, or at the end of all, unless it is released") {
    const Scratch scratch;
    const std::string a = scratch / "a", b = scratch / "b", c = scratch / "c";
    for (const auto& path : {a, b, c}) touch(path);
    {
        const Leftover first(a);
        Leftover second(b);
        second.release();
        CHECK_FALSE(second);
    }
    CHECK_FALSE(there(a));
    CHECK(there(b));
    Leftover one(b);
    Leftover moved(std::move(one));
    CHECK(moved.path() == b);
    Leftover released(c);
    released.release();
    remove_leftovers();
    CHECK_FALSE(there(b));
    CHECK(there(c));
}
