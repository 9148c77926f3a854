#include "si/base/remarks.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace si;

namespace {

struct Heard : Progress {
    std::vector<std::string> asides, warnings;
    void aside(const std::string& sentence) override { asides.push_back(sentence); }
    void warn(const std::string& sentence) override { warnings.push_back(sentence); }
};

}  // namespace

TEST_CASE("a remark is heard once by whoever listens last") {
    remark("to nobody");
    Heard outer, inner;
    const Hearing first(outer);
    remark("a");
    {
        const Hearing second(inner);
        remark("a");
        remark("a");
        doubt("b");
    }
    remark("c");
    CHECK(outer.asides == std::vector<std::string>{"a", "c"});
    CHECK(inner.asides == std::vector<std::string>{"a"});
    CHECK(inner.warnings == std::vector<std::string>{"b"});
}
