#include "si/energy/hamiltonian.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "scratch.hpp"
#include "si/energy/works.hpp"

using namespace si;

namespace {

/// A mean over chains with its standard error, and what is right.
void check_mean(const Vector& series, const HamiltonianSamples& made, double right) {
    std::vector<Index> runs{0};
    for (std::size_t i = 1; i < made.chain.size(); ++i) {
        if (made.chain[i] != made.chain[i - 1]) runs.push_back(static_cast<Index>(i));
    }
    const double variance = (series.array() - series.mean()).square().mean();
    const double error = std::sqrt(variance * statistical_inefficiency(series, runs) /
                                   static_cast<double>(series.size()));
    INFO(series.mean(), " +- ", error, " for ", right);
    CHECK(std::abs(series.mean() - right) < 5 * error);
    CHECK(error < 0.05 * std::sqrt(variance));
}

}  // namespace

TEST_CASE("samples of a Gaussian have its moments, whatever its scales") {
    const ScalarPotential potential(
        Choice<potentials>("gaussian,mean=1:0:-200,covariance=1e-4:1:1e4"), {3});
    Progress silent;
    const auto made = sample_potential(potential, 3, {.n = 8000, .seed = 2}, silent);
    CHECK(made.x.cols() == 8000);
    CHECK(made.acceptance > 0.6);
    CHECK(made.disagreement.maxCoeff() < 1.02);
    const double means[] = {1, 0, -200}, variances[] = {1e-4, 1, 1e4};
    for (Index i = 0; i < 3; ++i) {
        const Vector x = made.x.row(i).transpose();
        check_mean(x, made, means[i]);
        check_mean((x.array() - means[i]).square().matrix(), made, variances[i]);
    }
}

TEST_CASE("samples of two wells are shared as quadrature says") {
    // x^4 - 3 x^2 - x/2: the barrier is low enough to cross.
    const ScalarPotential potential(Choice<potentials>("double-well,quadratic=-3"), {2});
    double right = 0, all = 0;
    for (int i = -6000; i <= 6000; ++i) {
        const double x = i * 1e-3, weight = std::exp(-x * x * x * x + 3 * x * x + x / 2);
        all += weight;
        right += x > 0 ? weight : x == 0 ? weight / 2 : 0;
    }
    Progress silent;
    const auto made = sample_potential(potential, 2, {.n = 8000, .seed = 3}, silent);
    check_mean((made.x.row(0).array() > 0).cast<double>().matrix().transpose(), made, right / all);
    check_mean(made.x.row(1).transpose(), made, 0);
}

TEST_CASE("a sample is its seed's, and chains follow each other") {
    const ScalarPotential potential(Choice<potentials>("double-well"), {2});
    Progress silent;
    const HamiltonianSpec spec{.n = 50, .chains = 4, .burn = 100, .seed = 3};
    const auto one = sample_potential(potential, 2, spec, silent),
               two = sample_potential(potential, 2, spec, silent);
    CHECK(one.x == two.x);
    CHECK(one.chain.front() == 0);
    CHECK(one.chain.back() == 3);
    CHECK(std::is_sorted(one.chain.begin(), one.chain.end()));
    const ScalarPotential nowhere(Choice<potentials>("expression,u=1/(abs(x1)-x1)/0"), {1});
    CHECK(
        failure([&] { sample_potential(nowhere, 1, spec, silent); }).starts_with("1 expression: "));
}
