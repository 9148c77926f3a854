#include "si/task/kl.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "scratch.hpp"
#include "si/io/model_file.hpp"
#include "si/task/synthetic.hpp"

using namespace si;

namespace {

Threads& threads() {
    static Threads team(2);
    return team;
}

struct Listener : Progress {
    std::vector<std::string> heard;
    void warn(const std::string& sentence) override { heard.push_back(sentence); }
};

Json report_of(const Model& model, const std::string& truth, const KlSpec& spec = {}) {
    Listener listener;
    const auto report = kl_report(model, true_density(truth), spec, 3, threads(), listener);
    CHECK(report.at("warnings").size() == listener.heard.size());
    return report;
}

Model exact(const char* target, const std::optional<Choice<generators>>& base = {}) {
    return exact_model(target, base, {.path = "linear", .gamma = "brownian"});
}

/// Within 5 standard errors, and what the solver is off.
void check_close(const Json& report, const std::string& name, double truth) {
    CAPTURE(name);
    const double value = report.at(name), error = report.at(name + "_stderr");
    CAPTURE(value);
    CAPTURE(error);
    CHECK(std::abs(value - truth) < 5 * error + 1e-4);
}

constexpr const char* kAccurate = "dopri5,rtol=1e-7,atol=1e-7";

KlSpec accurate(Index n) {
    KlSpec spec;
    spec.n = n;
    spec.ode = kAccurate;
    return spec;
}

}  // namespace

TEST_CASE("the divergences of an exact model from another Gaussian are those on paper") {
    // In each of two coordinates the truth is N(0.3, 1) and the model N(0.5, 1.1^2).
    const Index n = 20'000;
    const auto report =
        report_of(exact("gaussian,mean=0.5,sigma=1.1"), "gaussian,mean=0.3", accurate(n));
    const double m = 0.2, v = 1.21;
    const double forward = (1 + m * m) / v - 1 + std::log(v), reverse = v + m * m - 1 - std::log(v);
    for (const char* name : {"kl", "kl_controlled"}) check_close(report, name, forward);
    for (const char* name : {"reverse_kl", "reverse_kl_controlled"}) {
        check_close(report, name, reverse);
    }
    check_close(report, "log_z", 0);
    CHECK(report.at("outside") == 0.0);
    CHECK(report.at("warnings").empty());

    // E_model (truth / model)^k, the square of that in one coordinate.
    const auto moment = [&](double k) {
        const double a = k - (k - 1) / v, b = (k - 1) * m / v, c = (k - 1) * m * m / v;
        return std::pow(v, k - 1) / a * std::exp(b * b / a + c);
    };
    // Of the ratio of means, and of the inverse of one; see likelihood_ratio_test.cpp.
    const double b = moment(2), third = moment(3), fourth = moment(4);
    const double variance = 4 * (b - 1) / std::pow(b, 2) - 4 * (third - b) / std::pow(b, 3) +
                            (fourth - b * b) / std::pow(b, 4);
    const auto count = static_cast<double>(n);
    const double ess = report.at("ess"), ess_of_truth = report.at("ess_of_truth");
    CHECK(std::abs(ess / count - 1 / b) < 5 * std::sqrt(variance / count));
    CHECK(std::abs(ess_of_truth / count - 1 / b) <
          5 * std::sqrt((third - b * b) / count) / (b * b));
}

TEST_CASE("between an exact model and its own target there is nothing") {
    const Scratch scratch;
    for (const auto& base : {std::optional<Choice<generators>>{}, {"grid,modes=2"}}) {
        const Model model = exact("mixture,modes=3", base);
        write_model(scratch / "exact.json", model);
        for (const std::string& truth : {std::string("mixture,modes=3"), scratch / "exact.json"}) {
            CAPTURE(truth);
            const auto report = report_of(model, truth, accurate(2000));
            for (const char* name : {"kl", "reverse_kl", "log_z"}) check_close(report, name, 0);
            // (r - 1)^2 / 2 where log r is the error of the solver.
            CHECK(report.at("kl_controlled").get<double>() < 1e-8);
            CHECK(report.at("reverse_kl_controlled").get<double>() < 1e-8);
            CHECK(report.at("ess").get<double>() == doctest::Approx(2000).epsilon(1e-6));
            CHECK(report.at("ess_of_truth").get<double>() == doctest::Approx(2000).epsilon(1e-3));
            CHECK(report.at("warnings").empty());
        }
    }
}

TEST_CASE("a truth without tails: the reverse divergence is infinite, and said to be") {
    const auto report = report_of(exact("gaussian,sigma=2.5"), "checkerboard", accurate(10'000));
    // E of -log N(x; 0, 2.5^2 I) over a board with E x_i^2 = 16 / 3, less ln 32.
    const double variance = 6.25;
    const double forward = 16.0 / 3 / variance + std::log(2 * M_PI * variance) - std::log(32.0);
    check_close(report, "kl", forward);
    check_close(report, "kl_controlled", forward);
    check_close(report, "log_z", 0);
    // Half of the square [-4, 4]^2, which has mass erf(4 / 2.5 sqrt 2)^2, by its symmetry.
    check_close(report, "outside", 1 - std::pow(std::erf(4 / (2.5 * std::sqrt(2))), 2) / 2);
    CHECK(report.at("reverse_kl") == "infinite");
    CHECK(report.at("reverse_kl_stderr").is_null());
    CHECK(report.at("reverse_kl_controlled") == "infinite");
    REQUIRE(report.at("warnings").size() == 1);
    CHECK(report.at("warnings")[0].get<std::string>().find("infinite") != std::string::npos);
}

TEST_CASE("units do not matter, and neither does the way to the divergence of b") {
    // The same law, with a transform and without.
    const Model plain = exact("gaussian,mean=1:-2,sigma=0.5:3");
    Model scaled = exact("gaussian,mean=0:0,sigma=1:1");
    scaled.transform = {Vector{{1, -2}}, Vector{{0.5, 3}}};
    const char* truth = "gaussian,mean=1.1:-2.5,sigma=0.6:2.5";
    KlSpec spec = accurate(2000);
    const auto a = report_of(plain, truth, spec), b = report_of(scaled, truth, spec);
    for (const char* name : {"kl", "kl_controlled", "log_z"}) {
        CAPTURE(name);
        check_close(b, name, a.at(name));
    }
    CHECK(b.at("kl").get<double>() == doctest::Approx(a.at("kl").get<double>()).epsilon(1e-4));
    // A field in closed form answers probes with its trace.
    spec.divergence = "hutchinson,probes=2";
    const auto probed = report_of(plain, truth, spec);
    CHECK(probed.at("reverse_kl").get<double>() ==
          doctest::Approx(a.at("reverse_kl").get<double>()).epsilon(1e-4));
    CHECK(probed.at("warnings").size() == 1);
}

TEST_CASE("warnings where weights cannot be trusted") {
    // Far apart: hardly a sample of one is likely under the other.
    const auto far = report_of(exact("gaussian,dim=1"), "gaussian,dim=1,mean=5", {.n = 1000});
    CHECK(far.at("ess").get<double>() < 50);
    CHECK(far.at("warnings").size() >= 1);
    // One of two modes is missed: the model's own samples say nothing of it, but those of the
    // truth do.
    const auto missed =
        report_of(exact("gaussian,dim=1,mean=-2,sigma=0.5"), "two-gaussians", accurate(1000));
    CHECK(missed.at("ess_of_truth").get<double>() < 1);
    CHECK(!missed.at("warnings").empty());
}

TEST_CASE("what cannot be compared") {
    const Model plane = exact("gaussian");
    CHECK_THROWS_WITH(report_of(plane, "two-gaussians"), "the model has dimension 2, the truth 1");
    CHECK_THROWS_WITH(true_density("moons"), "moons has no known density");
    CHECK_THROWS_AS(true_density("checkerbord"), Error);
    CHECK_THROWS_AS(true_density("no/such/file"), Error);
}
