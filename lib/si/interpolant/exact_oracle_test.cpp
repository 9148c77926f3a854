// The closed forms against 50-digit numbers from tests/oracles/mixture.py, which computes them
// from the definition: without formulas for derivatives, and without this library's algebra.

#include <cmath>

#include <doctest/doctest.h>

#include "oracles/mixture_oracle.hpp"
#include "support/examples.hpp"

namespace {

using namespace si;
using examples::interpolant;

/// 1e-8, of the value where that is large: 60 is 10 to 1000 deviations away, where s is 1e2 to
/// 1e5 and double precision leaves 1e-12 of it.
void near(double got, double wanted) {
    CHECK(std::abs(got - wanted) <= 1e-8 * std::max(1.0, std::abs(wanted)));
}

/// scale cos(phase) to a multiple of 1/64, as in the script.
double wave(double scale, Index phase) {
    return std::nearbyint(64 * scale * std::cos(static_cast<double>(phase))) / 64;
}

constexpr Index kDim = 128;

/// Component k of the script: a mean, and a diagonal plus a rank-one covariance.
void add_component(Index k, double spread, std::vector<Vector>& means,
                   std::vector<Matrix>& covariances) {
    Vector mean(kDim), diagonal(kDim), direction(kDim);
    for (Index i = 0; i < kDim; ++i) {
        mean[i] = wave(spread, i * (k + 2) + k);
        diagonal[i] = 1 + wave(0.5, i + 3 * k);
        direction[i] = wave(1, i * (2 * k + 1) + 5);
    }
    Matrix covariance = direction * direction.transpose();
    covariance.diagonal() += diagonal;
    means.push_back(mean);
    covariances.push_back(covariance);
}

GaussianMixture components(Index first, Index count, double spread) {
    std::vector<Vector> means;
    std::vector<Matrix> covariances;
    for (Index k = first; k < first + count; ++k) add_component(k, spread, means, covariances);
    const auto n = static_cast<std::size_t>(count);
    return {std::vector<double>(n, 1.0 / static_cast<double>(n)), means, covariances};
}

/// Three of the numbers, and a sum that all of them enter.
void check_summary(const Vector& got, const double (&wanted)[4]) {
    double mixed = 0;
    for (Index i = 0; i < kDim; ++i) mixed += got[i] * wave(1, i);
    near(got[0], wanted[0]);
    near(got[63], wanted[1]);
    near(got[127], wanted[2]);
    near(mixed, wanted[3]);
}

/// Local maxima of rho(t) on a grid of step 1e-3.
Index modes(const Interpolant& interpolant, double t) {
    const MixtureField field(interpolant, examples::two_modes(), examples::three_modes());
    const Matrix grid = Vector::LinSpaced(20001, -10, 10).transpose();
    const Vector rho = examples::evaluate(field, t, grid, kLogRho).log_rho;
    Index count = 0;
    for (Index i = 1; i + 1 < rho.size(); ++i) {
        if (rho[i] > rho[i - 1] && rho[i] >= rho[i + 1]) ++count;
    }
    return count;
}

}  // namespace

TEST_CASE("on a line, fields are those of the 50-digit computation") {
    const unsigned all = kLogRho | kB | kS | kDivB;
    const GaussianMixture target = examples::three_modes();
    for (const oracle::OnALine& known : oracle::kOnALine) {
        CAPTURE(known.path);
        CAPTURE(known.gamma);
        CAPTURE(known.t);
        CAPTURE(known.x);
        const Interpolant both = interpolant(known.path, known.gamma);
        const MixtureField field(both, examples::base_for(both, examples::two_modes(), target),
                                 target);
        const FieldValues at =
            examples::evaluate(field, known.t, Matrix::Constant(1, 1, known.x), all);
        CHECK(std::abs(at.log_rho[0] - known.log_rho) <=
              1e-9 * std::max(1.0, std::abs(known.log_rho) * 1e-3));
        near(at.b(0, 0), known.b);
        near(at.s(0, 0), known.s);
        near(at.div_b[0], known.div_b);
    }
}

TEST_CASE("in 128 dimensions, fields are those of the 50-digit computation") {
    const unsigned all = kLogRho | kB | kS | kDivB;
    const GaussianMixture base = components(7, 2, 1), target = components(0, 5, 7.5);
    for (const oracle::Wide& known : oracle::kWide) {
        CAPTURE(known.path);
        CAPTURE(known.gamma);
        CAPTURE(known.t);
        CAPTURE(known.away);
        const MixtureField field(interpolant(known.path, known.gamma), base, target);
        const Matrix x = target.means()[2].array() + known.away;
        const FieldValues at = examples::evaluate(field, known.t, x, all);
        near(at.log_rho[0], known.log_rho);
        near(at.div_b[0], known.div_b);
        check_summary(at.b.col(0), known.b);
        check_summary(at.s.col(0), known.s);
    }
}

TEST_CASE("a latent merges the modes on the way, and an encoder all of them") {
    const std::pair<double, std::array<Index, 3>> counts[] = {
        {0.25, {6, 6, 4}}, {0.5, {4, 4, 4}}, {0.75, {6, 6, 3}}};
    for (const auto& row : counts) {
        const auto& t = std::get<0>(row);
        const auto& wanted = std::get<1>(row);
        CAPTURE(t);
        CHECK(modes(interpolant("linear", "none"), t) == wanted[0]);
        CHECK(modes(interpolant("linear", "brownian"), t) == wanted[1]);
        CHECK(modes(interpolant("linear", "brownian,a=2"), t) == wanted[2]);
    }
    const Interpolant coder = interpolant("enc-dec", "sine-squared");
    CHECK(modes(coder, 0.5) == 1);
    const MixtureField field(coder, examples::two_modes(), examples::three_modes());
    const Matrix x = Vector::LinSpaced(41, -5, 5).transpose();
    const Vector log_normal = GaussianMixture::standard_normal(1).log_density(x);
    CHECK((examples::evaluate(field, 0.5, x, kLogRho).log_rho - log_normal).cwiseAbs().maxCoeff() <=
          1e-14);
}
