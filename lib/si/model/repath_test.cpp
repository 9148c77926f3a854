#include "si/model/repath.hpp"

#include <doctest/doctest.h>

#include "support/examples.hpp"

using namespace si;

namespace {

constexpr unsigned kAll = kB | kV | kS | kEta | kX0 | kX1 | kDivB | kDivS | kLogRho;

double difference(const Matrix& a, const Matrix& b) {
    return (a - b).cwiseAbs().maxCoeff() / (1 + b.cwiseAbs().maxCoeff());
}

}  // namespace

TEST_CASE("a field along another path is the field of that path, for every two paths") {
    const auto base = GaussianMixture::standard_normal(3);
    const auto target = examples::spatial_target();
    Matrix x(3, 6);
    fill_normal({4, Purpose::data, 0}, 0, x);
    int pairs = 0;
    for (const PathRow& from : paths()) {
        for (const PathRow& to : paths()) {
            if (from.mirror || to.mirror) continue;
            const Interpolant first({.path = from.name}), second({.path = to.name});
            const auto known = std::make_shared<MixtureField>(first, base, target);
            std::shared_ptr<RepathField> moved;
            try {
                moved = std::make_shared<RepathField>(known, first, second);
            } catch (const Error&) {
                continue;  // enc-dec stands still half way
            }
            ++pairs;
            const MixtureField exact(second, base, target);
            for (const double t : {0.03, 0.2, 0.5, 0.77, 0.98}) {
                CAPTURE(std::string(from.name));
                CAPTURE(std::string(to.name));
                CAPTURE(t);
                if (t < moved->span(kAll)[0]) continue;
                const auto got = examples::evaluate(*moved, t, x, kAll),
                           want = examples::evaluate(exact, t, x, kAll);
                CHECK(difference(got.b, want.b) < 1e-9);
                CHECK(difference(got.v, want.v) < 1e-9);
                CHECK(difference(got.s, want.s) < 1e-9);
                CHECK(difference(got.eta, want.eta) < 1e-9);
                CHECK(difference(got.x0, want.x0) < 1e-9);
                CHECK(difference(got.x1, want.x1) < 1e-9);
                CHECK(difference(got.div_b, want.div_b) < 1e-9);
                CHECK(difference(got.div_s, want.div_s) < 1e-9);
                CHECK(difference(got.log_rho, want.log_rho) < 1e-9);
            }
        }
    }
    CHECK(pairs >= 9);
}

TEST_CASE("next to ends where a path turns infinitely fast, another keeps off") {
    const auto base = GaussianMixture::standard_normal(3);
    const auto field = [&](const char* path) {
        return std::make_shared<MixtureField>(examples::interpolant(path, "none"), base,
                                              examples::spatial_target());
    };
    const auto linear = examples::interpolant("linear", "none"),
               vp = examples::interpolant("vp", "none");
    CHECK(RepathField(field("linear"), linear, vp).span(kB) == std::array{0.0, 1 - 1e-5});
    const RepathField slow(field("vp"), vp, linear);
    CHECK(slow.span(kB) == std::array{0.0, 1.0});
    const Matrix x = Matrix::Random(3, 2);
    const auto end = examples::evaluate(slow, 1, x, kB);
    CHECK(difference(end.b, examples::evaluate(*field("linear"), 1, x, kB).b) < 1e-9);
    CHECK_THROWS_AS(
        RepathField(field("linear"), linear, examples::interpolant("linear", "brownian")), Error);
}
