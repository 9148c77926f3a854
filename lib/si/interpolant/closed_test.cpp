#include "si/interpolant/closed.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "si/interpolant/empirical.hpp"
#include "support/examples.hpp"

namespace {

using namespace si;
using examples::evaluate;
using examples::interpolant;

constexpr unsigned kAll = kB | kV | kS | kEta | kX0 | kX1 | kDivB | kDivS | kLogRho | kU;

double largest(const Matrix& m) { return m.cwiseAbs().maxCoeff(); }

std::string refusal(const char* json) {
    try {
        Choice<closed_fields>::from_json(Json::parse(json))
            .make(interpolant("linear", "none"), GaussianMixture::standard_normal(2));
    } catch (const Error& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("an affine field is what it says") {
    const auto field = affine_field(Json::parse(R"({"A": [[0.3, -0.2], [0.1, -0.5]],
        "c": [0.4, -0.1], "e": [1, 0], "S": [[-0.9, 0], [0.5, -1.1]], "r": [0, 0.1]})"),
                                    2);
    Matrix x(2, 2);
    x << 1, 0, 2, -1;
    FieldValues at;
    (*field.evaluator())(Vector{{0.5, 0}}, x, kB | kS | kDivB | kDivS, at);
    CHECK(largest(at.b - Matrix{{0.8, 0.6}, {-1.0, 0.4}}) <= 1e-15);
    CHECK(largest(at.s - Matrix{{-0.9, 0}, {-1.6, 1.2}}) <= 1e-15);
    CHECK(largest(at.div_b - Vector{{-0.2, -0.2}}) <= 1e-15);
    CHECK(largest(at.div_s - Vector{{-2.0, -2.0}}) <= 1e-15);
}

TEST_CASE("an affine field without a score has none") {
    const auto field = affine_field(Json::parse(R"({"A": [[2]]})"), 1);
    CHECK(evaluate(field, 0.5, Matrix::Ones(1, 1), kB).b(0, 0) == 2);
    CHECK_THROWS_WITH_AS(evaluate(field, 0.5, Matrix::Ones(1, 1), kB | kS | kEta),
                         "this model has no s, eta; it has b, div_b", Error);
}

TEST_CASE("a closed field is refused with its place") {
    CHECK(refusal(R"({"kind": "affine"})") == "/A: must have 2 rows, has 0");
    CHECK(refusal(R"({"kind": "affine", "A": [[1, 2], [3]]})") ==
          "/A/1: must have 2 numbers, has 1");
    CHECK(refusal(R"({"kind": "affine", "A": [[1, 2], [3, 4]], "r": [1, 2]})") == "/r: needs S");
    CHECK(refusal(R"({"kind": "affine", "A": [[1, 2], [3, 4]], "c": [1]})") ==
          "/c: must have 2 numbers, has 1");
    CHECK(refusal(R"({"kind": "gaussian", "covariance": [1]})") ==
          "/covariance: must have 2 numbers, has 1");
    CHECK(refusal(R"({"kind": "empirical"})") == "/points: empty");
    CHECK(refusal(R"({"kind": "empirical", "points": [[1, 2], [1]]})") ==
          "/points/1: must have 2 numbers, has 1");
    CHECK(refusal(R"({"kind": "mixtur"})") ==
          "no field is called 'mixtur'; did you mean 'mixture'?");
}

TEST_CASE("the fields of a finite data set are the limit of narrow mixtures") {
    // Components of variance delta change every field by a relative beta^2 delta / sigma^2, at
    // most 1e-8 for delta = 1e-10 and sigma >= 0.09, times sensitivities of order 10.
    Matrix points(2, 3);
    points << 1, -2, 0.5, 0, 1, 2;
    const Matrix tiny = 1e-10 * Matrix::Identity(2, 2);
    const GaussianMixture narrow({1.0 / 3, 1.0 / 3, 1.0 / 3},
                                 {points.col(0), points.col(1), points.col(2)}, {tiny, tiny, tiny});
    Matrix x(2, 4);
    x << 0, 1, -1, 0.4, 0, 1, 0.5, -3;
    examples::for_each_interpolant([&](const Interpolant& both, const std::string& name) {
        CAPTURE(name);
        const EmpiricalField field(both, points);
        const auto normal = GaussianMixture::standard_normal(2);
        const MixtureField nearly(both, examples::base_for(both, normal, narrow), narrow);
        for (const double t : {0.0, 0.2, 0.4, 0.7}) {
            const Coefficients c = both.at(t);
            if (std::hypot(c.alpha(), c.gamma) < 0.09) continue;
            CAPTURE(t);
            const FieldValues a = evaluate(field, t, x, kAll), e = evaluate(nearly, t, x, kAll);
            const auto near = [](const Matrix& got, const Matrix& wanted) {
                CHECK(largest(got - wanted) <= 1e-6 * (1 + largest(wanted)));
            };
            near(a.b, e.b);
            near(a.v, e.v);
            near(a.s, e.s);
            near(a.eta, e.eta);
            near(a.x0, e.x0);
            near(a.u, e.u);
            near(a.x1, e.x1);
            near(a.div_b, e.div_b);
            near(a.div_s, e.div_s);
            near(a.log_rho, e.log_rho);
        }
    });
    CHECK(EmpiricalField(interpolant("linear", "brownian"), points).span(kB)[1] < 1);
    CHECK(EmpiricalField(interpolant("mirror", "brownian"), points).span(kB)[0] > 0);
    const EmpiricalField field(interpolant("linear", "none"), points);
    CHECK_THROWS_WITH_AS(evaluate(field, 1, x, kB),
                         "x_t has no density at t = 1: it is one of the points; stop earlier",
                         Error);
}

TEST_CASE("every closed field gives each column its own time, and answers what it offers") {
    const char* const models[] = {
        R"({"kind": "affine", "A": [[1, 2], [3, 4]], "S": [[-1, 0], [0, -1]]})",
        R"({"kind": "gaussian", "mean": [1, 2], "covariance": [1, 0.5]})",
        R"({"kind": "mixture", "weights": [0.5, 0.5], "means": [[0, 1], [2, 0]],
            "covariances": [1, 0.5]})",
        R"({"kind": "empirical", "points": [[0, 1], [2, 3], [-1, 0]]})"};
    CHECK(std::size(models) == closed_fields().names().size());
    Matrix x(2, 9);
    fill_normal({.seed = 2}, 0, x);
    const Vector t{{0, 0.5, 0.5, 0.1, 0.9, 0, 0.2, 0.2, 0.5}};
    for (const char* model : models) {
        CAPTURE(model);
        const auto field =
            Choice<closed_fields>::from_json(Json::parse(model))
                .make(interpolant("trig", "brownian"), GaussianMixture::standard_normal(2));
        FieldValues all;
        (*field->evaluator())(t, x, field->available(), all);
        for (Index j = 0; j < x.cols(); ++j) {
            const FieldValues one = evaluate(*field, t[j], x.col(j), field->available());
            CHECK(one.b == all.b.col(j));
            CHECK(one.s == all.s.col(j));
            CHECK(one.div_b[0] == all.div_b[j]);
            CHECK(one.div_s[0] == all.div_s[j]);
        }
    }
}
