// Fields are regressions: the mean of a target given x_t. Seen by drawing, with neither the
// closed form nor an integral in between.

#include <cmath>

#include <doctest/doctest.h>

#include "support/examples.hpp"

namespace {

using namespace si;

/// For each bin of x, E[(drawn - predicted) 1(x in bin)] = 0. The standard error of a mean of
/// n terms is their deviation over sqrt(n); 5 of them.
void check_regression(const Matrix& x, const Matrix& drawn, const Matrix& predicted) {
    const auto n = static_cast<double>(x.cols());
    for (double left = -5; left < 5; left += 1) {
        CAPTURE(left);
        const auto inside = (x.array() >= left && x.array() < left + 1).cast<double>();
        const auto error = ((drawn - predicted).array() * inside).eval();
        const double deviation = std::sqrt(error.square().mean());
        CHECK(std::abs(error.mean()) <= 5 * deviation / std::sqrt(n));
    }
}

}  // namespace

TEST_CASE("fields are regressions of what is drawn") {
    const Index n = 200000;
    const GaussianMixture base = examples::two_modes(), target = examples::three_modes();
    Matrix x0(1, n), x1(1, n), z(1, n);
    base.sample({.seed = 1, .purpose = Purpose::base}, 0, x0);
    target.sample({.seed = 1, .purpose = Purpose::data}, 0, x1);
    fill_normal({.seed = 1, .purpose = Purpose::latent}, 0, z);
    for (const auto& row : {std::pair{"linear", "brownian,a=2"},
                            {"trig", "none"},
                            {"spherical", "sigmoid"},
                            {"enc-dec", "sine-squared"},
                            {"mirror", "brownian"}}) {
        const auto& path = std::get<0>(row);
        const auto& gamma = std::get<1>(row);
        CAPTURE(path);
        CAPTURE(gamma);
        const Interpolant interpolant = examples::interpolant(path, gamma);
        const MixtureField field(interpolant, examples::base_for(interpolant, base, target),
                                 target);
        const Matrix& from = interpolant.mirror() ? x1 : x0;
        const double e = interpolant.at(0).gamma_gamma_dot;
        for (const double t : {0.2, 0.6}) {
            CAPTURE(t);
            const Coefficients c = interpolant.at(t);
            const Matrix x = c.alpha() * from + c.beta() * x1 + c.gamma * z;
            const Matrix v = c.alpha_dot() * from + c.beta_dot() * x1;
            const FieldValues at = examples::evaluate(field, t, x, kB | kV | kEta | kX0 | kX1 | kU);
            check_regression(x, v + interpolant.gamma_dot(t) * z, at.b);
            check_regression(x, v, at.v);
            check_regression(x, z, at.eta);
            check_regression(x, from, at.x0);
            check_regression(x, x1, at.x1);
            if (c.gamma == 0) continue;
            check_regression(x, v + (interpolant.gamma_dot(t) - e / c.gamma) * z, at.u);
        }
    }
}
