#include "si/interpolant/bridge_field.hpp"

#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <Eigen/QR>

#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normals(Index d, Index n, std::uint32_t step) {
    Matrix x(d, n);
    fill_normal({21, Purpose::data, step}, 0, x);
    return x;
}

enum class Kind { number, diagonal, full };

/// Some potential with three components; eigenvalues on both sides of one half.
Potential some(Kind kind, double epsilon, std::uint32_t step, Index d = 2, double size = 0.5) {
    const Matrix centers = normals(d, 3, step);
    const Vector weights = normals(3, 1, step + 1);
    const Matrix values =
        (normals(kind == Kind::number ? 1 : d, 3, step + 2).array() / 2).exp() * size;
    Potential::Shapes shapes{values, {}};
    if (kind == Kind::full) {
        for (std::uint32_t k = 0; k < 3; ++k) {
            const Matrix m = normals(d, d, step + 3 + k);
            shapes.axes.push_back(Eigen::HouseholderQR<Matrix>(m).householderQ());
        }
    }
    return {epsilon, weights, centers, shapes};
}

/// Of two narrow ones, so that their product can be integrated.
BridgeField field_of(Kind kind, double epsilon) {
    auto forward = some(kind, epsilon, 1, 2, 0.2), backward = some(kind, epsilon, 11, 2, 0.2);
    const auto mass = log_mass(forward, backward);
    return {std::move(forward), std::move(backward), mass};
}

FieldValues at(const Field& field, double t, const Vector& x, unsigned want) {
    FieldValues out;
    (*field.evaluator())(Vector::Constant(1, t), x, want, out);
    return out;
}

double log_phi(const Potential& potential, double t, const Vector& x) {
    Potential::Value value;
    potential(t, x, value);
    return value.log_phi;
}

}  // namespace

// The code shares no formula with this: phi_t is the mean of phi_1 over Gaussian noise.
TEST_CASE("in one dimension a potential is the heat flow of its end") {
    const double e = 0.7, t = 0.35;
    for (const Kind kind : {Kind::number, Kind::diagonal, Kind::full}) {
        const auto potential = some(kind, e, 5, 1);
        for (const double x : {-1.3, 0.2, 2.0}) {
            const double width = std::sqrt(e * (1 - t)), h = 1e-3;
            double sum = 0;  // the trapezoid rule on a smooth function that vanishes: exact enough
            for (double z = -12; z <= 12; z += h) {
                const double y = x + width * z;
                sum += h * std::exp(log_phi(potential, 1, Vector::Constant(1, y)) - z * z / 2);
            }
            CHECK(std::log(sum / std::sqrt(2 * std::numbers::pi)) ==
                  doctest::Approx(log_phi(potential, t, Vector::Constant(1, x))).epsilon(1e-9));
        }
    }
}

// Property 11.
TEST_CASE("drift and divergence are derivatives of the potential, finite at both ends") {
    for (const Kind kind : {Kind::number, Kind::diagonal, Kind::full}) {
        for (const double e : {0.05, 1.0}) {
            const auto potential = some(kind, e, 1);
            for (const double t : {0.0, 0.3, 0.9, 1.0}) {
                const Vector x = normals(2, 1, 9);
                Potential::Value value, ahead, behind;
                potential(t, x, value);
                double div = 0;
                for (Index i = 0; i < 2; ++i) {
                    const double h = 1e-5;
                    potential(t, x + h * Vector::Unit(2, i), ahead);
                    potential(t, x - h * Vector::Unit(2, i), behind);
                    CHECK(value.drift[i] ==
                          doctest::Approx(e * (ahead.log_phi - behind.log_phi) / (2 * h))
                              .epsilon(1e-6));
                    div += (ahead.drift[i] - behind.drift[i]) / (2 * h);
                }
                CHECK(value.div == doctest::Approx(div).epsilon(1e-6));
            }
        }
    }
}

TEST_CASE("the mass of a bridge is the same at all times") {
    const double e = 0.5;
    const auto field = field_of(Kind::diagonal, e);
    REQUIRE((field.available() & kLogRho) != 0);
    for (const double t : {0.0, 0.4, 1.0}) {
        const double h = 0.1;
        double sum = 0;
        for (double x = -20; x <= 20; x += h) {
            for (double y = -20; y <= 20; y += h) {
                sum += h * h * std::exp(at(field, t, Eigen::Vector2d(x, y), kLogRho).log_rho[0]);
            }
        }
        CHECK(sum == doctest::Approx(1).epsilon(1e-8));
    }
}

TEST_CASE("density, score and velocity of a bridge obey the continuity equation") {
    for (const Kind kind : {Kind::number, Kind::full}) {
        const double e = 0.8, h = 1e-4, t = 0.6;
        const auto field = field_of(kind, e);
        const Vector x = normals(2, 1, 33);
        const auto here = at(field, t, x, field.available());
        const double rate =
            (at(field, t + h, x, kLogRho).log_rho[0] - at(field, t - h, x, kLogRho).log_rho[0]) /
            (2 * h);
        CHECK(rate ==
              doctest::Approx(-here.div_b[0] - here.b.col(0).dot(here.s.col(0))).epsilon(1e-5));
        double div_s = 0;
        for (Index i = 0; i < 2; ++i) {
            const Vector step = h * Vector::Unit(2, i);
            CHECK(here.s(i, 0) == doctest::Approx((at(field, t, x + step, kLogRho).log_rho[0] -
                                                   at(field, t, x - step, kLogRho).log_rho[0]) /
                                                  (2 * h))
                                      .epsilon(1e-5));
            div_s +=
                (at(field, t, x + step, kS).s(i, 0) - at(field, t, x - step, kS).s(i, 0)) / (2 * h);
        }
        CHECK(here.div_s[0] == doctest::Approx(div_s).epsilon(1e-5));
        // What ties the fields of x_t = (1 - t) x0 + t x1 + gamma z together.
        const double gamma = std::sqrt(e * t * (1 - t)), push = e * (1 - 2 * t) / 2;
        const auto same = [](const Matrix& a, const Matrix& b) {
            CHECK((a - b).cwiseAbs().maxCoeff() < 1e-12);
        };
        same((1 - t) * here.x0 + t * here.x1 + gamma * here.eta, x);
        same(here.v, here.x1 - here.x0);
        same(here.b, here.v - push * here.s);
        same(here.eta, -gamma * here.s);
        same(here.u, here.b + e / 2 * here.s);
        same(here.w, here.b - e / 2 * here.s);
    }
}

TEST_CASE("the end that a potential gives a point has the moments of its samples") {
    const auto potential = some(Kind::full, 0.3, 1);
    const Vector x = normals(2, 1, 40);
    const auto law = potential.conditional(x);
    const Index n = 20000;
    Matrix uniform(1, n), normal = normals(2, n, 41), y(2, n);
    fill_uniform({3, Purpose::data, 0}, 0, uniform);
    for (Index j = 0; j < n; ++j) y.col(j) = potential.draw(x, uniform(0, j), normal.col(j));
    const Vector mean = y.rowwise().mean();
    for (Index i = 0; i < 2; ++i) {
        CHECK(std::abs(mean[i] - law.mean[i]) < 5 * std::sqrt(law.covariance(i, i) / n));
    }
    // The mean of the end is where the drift at t = 0 points: E[x1|x0] = x0 + u(0, x0).
    Potential::Value value;
    potential(0, x, value);
    CHECK((x + value.drift - law.mean).norm() < 1e-12);
}

TEST_CASE("moving the coordinates moves the bridge") {
    for (const Kind kind : {Kind::number, Kind::diagonal, Kind::full}) {
        const auto potential = some(kind, 0.4, 1);
        const double scale = 2.5;
        const Vector shift = normals(2, 1, 50), x = normals(2, 1, 51);
        const auto moved = potential.moved(scale, shift, 0.4 * scale * scale);
        for (const double t : {0.0, 0.7, 1.0}) {
            Potential::Value here, there;
            potential(t, x, here);
            moved(t, shift + scale * x, there);
            CHECK((scale * here.drift - there.drift).norm() < 1e-9 * (1 + here.drift.norm()));
            CHECK(there.div == doctest::Approx(here.div).epsilon(1e-9));
        }
    }
}

TEST_CASE("a potential of points ends in them, and before t = 1") {
    const double e = 0.2;
    const Matrix points = normals(2, 20, 60);
    const Vector weights = normals(20, 1, 61);
    const Potential potential(e, weights, points, {Matrix::Zero(1, 20), {}});
    CHECK(potential.has_points());
    const Vector x = normals(2, 1, 62);
    const double t = 0.8;
    // As in the text: weights exp((g - |x - y|^2 / (2 (1 - t))) / e) with g = e a + |y|^2 / 2.
    Vector logs(20);
    for (Index k = 0; k < 20; ++k) {
        logs[k] = weights[k] + points.col(k).squaredNorm() / (2 * e) -
                  (x - points.col(k)).squaredNorm() / (2 * e * (1 - t));
    }
    const Vector p = (logs.array() - log_sum_exp(logs)).exp();
    Potential::Value value;
    potential(t, x, value);
    CHECK((value.drift - (points * p - x) / (1 - t)).norm() < 1e-10);
    CHECK_THROWS_AS(potential(1, x, value), Error);

    const BridgeField field(potential, potential, {});
    CHECK(field.span(kB)[0] > 0);
    CHECK(field.span(kB)[1] < 1);
    CHECK(field.span(kU)[0] == 0);
    CHECK(field.span(kW)[1] == 1);
    CHECK((field.available() & kLogRho) == 0);
}

TEST_CASE("a bridge survives its JSON, and says where that is wrong") {
    const InterpolantSpec brownian{"linear", "brownian,a=0.5"};
    for (const Kind kind : {Kind::number, Kind::diagonal, Kind::full}) {
        const auto field = field_of(kind, 0.5);
        const Json json{{"forward", field.forward().to_json()},
                        {"backward", field.backward().to_json()}};
        const auto read =
            make_bridge_field(read_spec<BridgeFieldSpec>(json), Interpolant(brownian), 2);
        const Vector x = normals(2, 1, 70);
        CHECK((at(*read, 0.3, x, kB).b - at(field, 0.3, x, kB).b).norm() < 1e-12);
    }
    const auto make = [&](const char* text, const InterpolantSpec& interpolant) {
        return make_bridge_field(read_spec<BridgeFieldSpec>(Json::parse(text)),
                                 Interpolant(interpolant), 1);
    };
    const char* good =
        R"({"forward": {"log_weights": [0], "centers": [[0]], "shapes": [0.5]},
            "backward": {"log_weights": [0], "centers": [[0]], "shapes": [0.5]}})";
    CHECK_NOTHROW(make(good, brownian));
    CHECK_THROWS_WITH_AS(make(good, {}),
                         "needs path linear and gamma brownian, which has a = sigma^2", Error);
    const char* negative =
        R"({"forward": {"log_weights": [0], "centers": [[0]], "shapes": [-1]},
            "backward": {"log_weights": [0], "centers": [[0]], "shapes": [0.5]}})";
    CHECK_THROWS_WITH_AS(make(negative, brownian),
                         "/forward/shapes: must be finite and not negative", Error);
    const char* short_of_one =
        R"({"forward": {"log_weights": [0, 1], "centers": [[0], [1, 2]], "shapes": [1]},
            "backward": {"log_weights": [0], "centers": [[0]], "shapes": [0.5]}})";
    CHECK_THROWS_WITH_AS(make(short_of_one, brownian),
                         "/forward/centers/1: must have 1 numbers, has 2", Error);
}
