#include "si/interpolant/interpolant.hpp"

#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

#include "support/examples.hpp"

namespace {

using namespace si;
using examples::interpolant;

constexpr double kInside[] = {0.01, 0.03, 0.1, 0.2, 0.3, 0.45, 0.55, 0.7, 0.8, 0.9, 0.97, 0.99};

/// Central differences with step h lose f''' h^2 / 6 + epsilon / h: at most 1e-8 for the
/// steepest row, sqrt(t (1 - t)) at t = 0.01, where f''' is 4e4.
void check_derivative(double lower, double upper, double h, double derivative) {
    const double slope = (upper - lower) / (2 * h);
    CHECK(std::abs(slope - derivative) <= 1e-6 * std::max(1.0, std::abs(derivative)));
}

}  // namespace

TEST_CASE("every interpolant starts at x0 and ends at x1, exactly unless its row says less") {
    examples::for_each_interpolant([](const Interpolant& interpolant, const std::string& name) {
        CAPTURE(name);
        const Coefficients start = interpolant.at(0), end = interpolant.at(1);
        // In a mirror x0 is x1, and both names stand for one point.
        const double alpha = interpolant.mirror() ? 0 : 1, beta = 1 - alpha;
        const double slack = interpolant.spec().path.row().start_tolerance;
        CHECK(std::abs(start.alpha() - alpha) <= slack);
        CHECK(std::abs(start.beta() - beta) <= slack);
        CHECK(start.gamma == 0);
        CHECK(end.alpha() == 0);
        CHECK(end.beta() == 1);
        CHECK(end.gamma == 0);
    });
}

TEST_CASE("derivatives are derivatives, for every interpolant") {
    examples::for_each_interpolant([](const Interpolant& interpolant, const std::string& name) {
        CAPTURE(name);
        for (const double t : kInside) {
            CAPTURE(t);
            const double h = 1e-6;
            const auto at = interpolant.at(t), lo = interpolant.at(t - h),
                       hi = interpolant.at(t + h);
            check_derivative(lo.alpha(), hi.alpha(), h, at.alpha_dot());
            check_derivative(lo.beta(), hi.beta(), h, at.beta_dot());
            check_derivative(lo.gamma, hi.gamma, h, interpolant.gamma_dot(t));
            CHECK(at.alpha_alpha_dot() ==
                  doctest::Approx(at.alpha() * at.alpha_dot()).epsilon(1e-14));
            const double half_square = (hi.gamma * hi.gamma - lo.gamma * lo.gamma) / (4 * h);
            CHECK(std::abs(at.gamma_gamma_dot - half_square) <= 1e-7);
            CHECK((at.gamma > 0) == interpolant.has_latent());
        }
    });
}

TEST_CASE("what fields are made of is finite at both ends") {
    examples::for_each_interpolant([](const Interpolant& interpolant, const std::string& name) {
        CAPTURE(name);
        for (const double t : {0.0, 1.0}) {
            const Coefficients at = interpolant.at(t);
            // The one-sided difference of gamma^2 / 2 has error h (gamma^2)'' / 4 <= 25 h.
            const double h = 1e-7, inside = interpolant.at(std::abs(t - h)).gamma;
            const double slope = (t == 0 ? 1 : -1) * inside * inside / (2 * h);
            CHECK(std::abs(at.gamma_gamma_dot - slope) <= 25 * h);
            CHECK(std::isfinite(at.alpha_alpha_dot()));
            CHECK(std::isfinite(at.beta_dot()));
        }
    });
    CHECK(interpolant("linear", "brownian,a=3").at(0).gamma_gamma_dot == 1.5);
    CHECK(interpolant("linear", "brownian,a=3").at(1).gamma_gamma_dot == -1.5);
    CHECK(interpolant("vp", "none").at(1).alpha_alpha_dot() == -1);
}

TEST_CASE("the variance-preserving interpolants preserve it") {
    const auto sum_of_squares = [](const Interpolant& interpolant, double t) {
        const Coefficients at = interpolant.at(t);
        return at.alpha() * at.alpha() + at.beta() * at.beta() + at.gamma * at.gamma;
    };
    for (const double t : kInside) {
        CAPTURE(t);
        CHECK(std::abs(sum_of_squares(interpolant("linear", "brownian,a=2"), t) - 1) <= 1e-14);
        CHECK(std::abs(sum_of_squares(interpolant("trig", "none"), t) - 1) <= 1e-14);
        CHECK(std::abs(sum_of_squares(interpolant("vp", "none"), t) - 1) <= 1e-14);
        CHECK(std::abs(sum_of_squares(interpolant("spherical", "brownian,a=2"), t) - 1) <= 1e-14);
        CHECK(std::abs(sum_of_squares(interpolant("spherical", "quadratic"), t) - 1) <= 1e-14);
        const Coefficients coder = interpolant("enc-dec", "sine-squared").at(t);
        CHECK(std::abs(coder.alpha() + coder.beta() + coder.gamma - 1) <= 1e-14);
    }
    const Coefficients middle = interpolant("enc-dec", "sine-squared").at(0.5);
    CHECK(middle.alpha() == 0);
    CHECK(middle.beta() == 0);
    CHECK(middle.gamma == 1);
}

TEST_CASE("latents are those of the paper's Table 8") {
    const auto logistic = [](double u) { return 1 / (1 + std::exp(-u)); };
    for (const double t : kInside) {
        const double u = 10 * (t - 0.5);
        const double gamma = logistic(u + 1) - logistic(u - 1) - logistic(-4) + logistic(-6);
        CHECK(interpolant("linear", "sigmoid").at(t).gamma ==
              doctest::Approx(gamma).epsilon(1e-12));
        CHECK(interpolant("linear", "brownian,a=2").at(t).gamma ==
              doctest::Approx(std::sqrt(2 * t * (1 - t))).epsilon(1e-15));
    }
    CHECK(interpolant("linear", "sigmoid").at(0.5).gamma == doctest::Approx(0.4466).epsilon(1e-4));
    CHECK(std::isfinite(interpolant("linear", "sigmoid,f=500").at(1).gamma));
}

TEST_CASE("an interpolant refuses what it cannot be") {
    CHECK_THROWS_WITH_AS(interpolant("linear", "none").at(1.5),
                         "time must be between 0 and 1, is 1.5", Error);
    CHECK_THROWS_WITH_AS(interpolant("linear", "none").at(std::nan("")),
                         "time must be between 0 and 1, is nan", Error);
    CHECK_THROWS_WITH_AS(interpolant("spherical", "sine-squared"),
                         "path spherical needs gamma below 1 (alpha^2 + beta^2 + gamma^2 = 1); "
                         "gamma is 1 at t = 0.5",
                         Error);
    CHECK_THROWS_WITH_AS(interpolant("linaer", "none"),
                         "no path is called 'linaer'; did you mean 'linear'?", Error);
    CHECK_THROWS_WITH_AS(interpolant("mirror", "none"),
                         "path mirror needs a latent (--gamma): without one nothing moves", Error);
    CHECK_THROWS_WITH_AS(interpolant("linear", "brownian,a=0"),
                         "brownian: a: must be positive, is 0", Error);
}

TEST_CASE("every interpolant survives JSON, and being typed as it is shown") {
    examples::for_each_interpolant([](const Interpolant& interpolant, const std::string& name) {
        CAPTURE(name);
        const InterpolantSpec& spec = interpolant.spec();
        CHECK(write_spec(read_spec<InterpolantSpec>(write_spec(spec))) == write_spec(spec));
        CHECK(Choice<paths>(spelled(spec.path.json())) == spec.path);
        CHECK(Choice<gammas>(spelled(spec.gamma.json())) == spec.gamma);
    });
}

TEST_CASE("the names that others use for a path are understood, and stored under ours") {
    for (const auto& [alias, name] : {std::pair{"cond-ot", "linear"},
                                      {"rectified", "linear"},
                                      {"cosine", "trig"},
                                      {"gvp", "trig"},
                                      {"sbdm", "vp"}}) {
        CHECK(Choice<paths>(alias) == Choice<paths>(name));
        CHECK(Choice<paths>(alias).json()["kind"] == name);
    }
}

TEST_CASE("the finite diffusion has the coefficients of its definition") {
    // The noise rate r(tau) = 0.1 + 19.9 tau, tau = 1 - t; log beta = -1/2 int_0^tau r, by
    // Simpson's rule, which is exact for a line.
    const Interpolant path = interpolant("sit-vp", "none");
    CHECK(path.at(0).beta() == doctest::Approx(std::exp(-5.025)).epsilon(1e-14));
    for (const double t : kInside) {
        const double tau = 1 - t, rate = 0.1 + 19.9 * tau, middle = 0.1 + 19.9 * tau / 2;
        const double log_beta = -0.5 * tau / 6 * (0.1 + 4 * middle + rate);
        const Coefficients at = path.at(t);
        CHECK(at.beta() == doctest::Approx(std::exp(log_beta)).epsilon(1e-14));
        CHECK(at.beta_dot() == doctest::Approx(at.beta() * rate / 2).epsilon(1e-14));
        CHECK(std::abs(at.alpha() * at.alpha() + at.beta() * at.beta() - 1) <= 1e-14);
    }
    // Next to the data 1 - beta^2 is 0.1 tau to first order, which a difference would lose.
    CHECK(path.at(1 - 0x1p-50).alpha() == doctest::Approx(std::sqrt(0.1 * 0x1p-50)).epsilon(1e-12));
    CHECK(path.at(1).alpha_alpha_dot() == doctest::Approx(-0.05).epsilon(1e-14));
    CHECK_THROWS_WITH_AS(interpolant("sit-vp,beta_max=1", "none"),
                         "path sit-vp: beta(0) is 0.7595721232249685, so x_t does not start at the "
                         "base; beta_min + beta_max must be at least 12",
                         Error);
}

TEST_CASE("paths with settings are what they say") {
    const Coefficients cube = interpolant("polynomial,n=3", "none").at(0.5);
    CHECK(cube.alpha() == doctest::Approx(0.875).epsilon(1e-15));
    CHECK(cube.beta() == 0.125);
    CHECK(cube.beta_dot() == 0.75);
    CHECK(interpolant("polynomial,n=1", "none").at(0).beta_dot() == 1);
    const Coefficients bent = interpolant("fourier,alpha=0:0.3,beta=0.1", "none").at(0.25);
    CHECK(bent.alpha() == doctest::Approx(std::cos(std::numbers::pi / 8) + 0.3).epsilon(1e-15));
    CHECK(bent.beta() ==
          doctest::Approx(std::sin(std::numbers::pi / 8) + 0.1 * std::sqrt(0.5)).epsilon(1e-15));
    CHECK(interpolant("linear", "sine-squared,scale=3").at(0.5).gamma == 3);
    CHECK(interpolant("linear", "brownian-start,a=4").at(0.25).gamma == 0.75);
    CHECK(interpolant("linear", "brownian-start,a=4").at(0).gamma_gamma_dot == 2);
    CHECK(interpolant("linear", "brownian-end,a=4").at(0.75).gamma == 0.75);
    CHECK(interpolant("linear", "brownian-end,a=4").at(1).gamma_gamma_dot == -2);
    CHECK(interpolant("linear", "brownian-end,a=4").gamma_dot(0) == 2);
}

TEST_CASE("a specification survives JSON, and missing parts have defaults") {
    const auto spec = read_spec<InterpolantSpec>(
        Json::parse(R"({"path": {"kind": "trig"}, "gamma": {"kind": "brownian", "a": 2}})"));
    CHECK(write_spec(read_spec<InterpolantSpec>(write_spec(spec))) == write_spec(spec));
    CHECK(Interpolant(spec).at(0.5).gamma == doctest::Approx(std::sqrt(0.5)));
    CHECK_FALSE(Interpolant(read_spec<InterpolantSpec>(Json::object())).has_latent());
}

TEST_CASE("the table of an interpolant writes null for infinite derivatives only") {
    const Json table = interpolant_table(interpolant("vp", "brownian"), std::vector{0.0, 0.5, 1.0});
    CHECK(table.size() == 3);
    CHECK(table[0]["gamma_dot"].is_null());
    CHECK(table[0]["gamma_gamma_dot"] == 0.5);
    CHECK(table[1]["gamma_dot"] == 0.0);
    CHECK(table[1]["alpha"] == std::sqrt(0.75));
    CHECK(table[2]["alpha_dot"].is_null());
    CHECK(interpolant_table(interpolant("linear", "quadratic"), std::vector{0.0})[0].dump() ==
          R"({"t":0.0,"alpha":1.0,"beta":0.0,"gamma":0.0,"alpha_dot":-1.0,"beta_dot":1.0,)"
          R"("gamma_dot":1.0,"gamma_gamma_dot":0.0})");
}
