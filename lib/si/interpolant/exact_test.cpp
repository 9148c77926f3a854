#include "si/interpolant/exact.hpp"

#include <cmath>
#include <cstring>
#include <numbers>

#include <doctest/doctest.h>

#include <Eigen/Cholesky>

#include "support/examples.hpp"

namespace {

using namespace si;
using examples::evaluate;
using examples::interpolant;

constexpr unsigned kAll = kB | kV | kS | kEta | kX0 | kX1 | kDivB | kDivS | kLogRho | kU;
constexpr double kTimes[] = {0.1, 0.3, 0.45, 0.6, 0.9};

double largest(const Matrix& m) { return m.cwiseAbs().maxCoeff(); }

/// Points where the mixtures of the examples have their mass.
Matrix points(Index dim, Index n) {
    Matrix x(dim, n);
    fill_normal({.seed = 17}, 0, x);
    return 1.5 * x;
}

/// Every interpolant between the mixtures in space, at times inside (0, 1).
template <class Visit>
void for_each_case(Visit&& visit) {
    examples::for_each_interpolant([&](const Interpolant& both, const std::string& name) {
        CAPTURE(name);
        const GaussianMixture target = examples::spatial_target();
        const MixtureField field(both, examples::base_for(both, examples::spatial_base(), target),
                                 target);
        for (const double t : kTimes) {
            CAPTURE(t);
            visit(field, t);
        }
    });
}

bool same_bits(const Matrix& a, const Matrix& b) {
    return a.size() == b.size() &&
           std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) ==
               0;
}

}  // namespace

// Five-point differences with h = 1e-3 (space) and 2e-4 (time) err by h^4 / 30 times a fifth
// derivative plus 1e-15 |f| / h. Near t = 0.45 "enc-dec" without a latent has deviation 0.02, so
// distances there are in units of that: tolerances are relative to the size of the values.

TEST_CASE("the score is the gradient of log rho, and divergences are divergences") {
    for_each_case([](const MixtureField& field, double t) {
        const Matrix x = points(3, 5);
        const FieldValues at = evaluate(field, t, x, kAll);
        Vector div_b = Vector::Zero(5), div_s = Vector::Zero(5);
        const double scale = 1 + std::sqrt(largest(at.s) / largest(x));
        const double h = 1e-3 / scale;
        for (Index i = 0; i < 3; ++i) {
            const auto moved = [&](unsigned want) {
                return [&field, &x, t, i, want](double step) {
                    Matrix to = x;
                    to.row(i).array() += step;
                    return evaluate(field, t, to, want);
                };
            };
            const auto log_rho = [&](double step) { return moved(kLogRho)(step).log_rho; };
            const auto b = [&](double step) { return Matrix(moved(kB)(step).b.row(i)); };
            const auto s = [&](double step) { return Matrix(moved(kS)(step).s.row(i)); };
            const Vector slope = examples::derivative(log_rho, h);
            CHECK(largest(slope.transpose() - at.s.row(i)) <= 1e-6 * (1 + largest(at.s)));
            div_b += examples::derivative(b, h).transpose();
            div_s += examples::derivative(s, h).transpose();
        }
        CHECK(largest(div_b - at.div_b) <= 1e-6 * (1 + largest(at.div_b)));
        CHECK(largest(div_s - at.div_s) <= 1e-6 * (1 + largest(at.div_s)));
    });
}

TEST_CASE("density and velocity satisfy the continuity equation") {
    // Divided by rho: d/dt log rho + b . s + div b = 0.
    for_each_case([](const MixtureField& field, double t) {
        const Matrix x = points(3, 5);
        const FieldValues at = evaluate(field, t, x, kAll);
        const auto log_rho = [&](double step) {
            return evaluate(field, t + step, x, kLogRho).log_rho;
        };
        const Vector rate = examples::derivative(log_rho, 2e-4);
        const Vector flux = at.b.cwiseProduct(at.s).colwise().sum().transpose();
        const double size = 1 + largest(rate) + largest(flux) + largest(at.div_b);
        CHECK(largest(rate + flux + at.div_b) <= 1e-7 * size);
    });
}

TEST_CASE("the continuity equation holds on a grid, with differences alone") {
    // h^4 / 30 with h = 1e-3 times fifth derivatives of order 1e6: 3e-8.
    const double h = 1e-3;
    const Matrix x = Vector::LinSpaced(161, -8, 8).transpose();
    for (const auto& row : {std::pair{"linear", "none"},
                            {"linear", "brownian"},
                            {"linear", "brownian,a=2"},
                            {"trig", "brownian"},
                            {"vp", "quadratic"}}) {
        const auto& path = std::get<0>(row);
        const auto& gamma = std::get<1>(row);
        CAPTURE(path);
        CAPTURE(gamma);
        const MixtureField field(interpolant(path, gamma), examples::two_modes(),
                                 examples::three_modes());
        for (const double t : kTimes) {
            const auto rho = [&](double step) -> Vector {
                return evaluate(field, t + step, x, kLogRho).log_rho.array().exp();
            };
            const auto flow = [&](double step) -> Vector {
                const Matrix to = x.array() + step;
                const FieldValues at = evaluate(field, t, to, kLogRho | kB);
                return at.log_rho.array().exp() * at.b.row(0).transpose().array();
            };
            CHECK(largest(examples::derivative(rho, h) + examples::derivative(flow, h)) <= 1e-6);
        }
    }
}

TEST_CASE("the identities between fields hold") {
    for_each_case([](const MixtureField& field, double t) {
        const Matrix x = points(3, 5);
        const FieldValues at = evaluate(field, t, x, kAll);
        const Coefficients c = field.interpolant().at(t);
        const double gamma_dot = field.interpolant().gamma_dot(t);
        const double size = 1 + largest(at.b) + largest(c.gamma_gamma_dot * at.s);
        CHECK(largest(at.b - at.v + c.gamma_gamma_dot * at.s) <= 1e-10 * size);
        CHECK(largest(c.alpha() * at.x0 + c.beta() * at.x1 + c.gamma * at.eta - x) <= 1e-10);
        CHECK(largest(c.alpha_dot() * at.x0 + c.beta_dot() * at.x1 + gamma_dot * at.eta - at.b) <=
              1e-10 * size);
        CHECK(largest(at.eta + c.gamma * at.s) <= 1e-10 * size);
        const double e = field.interpolant().at(0).gamma_gamma_dot;
        CHECK(largest(at.u - at.b - e * at.s) <= 1e-10 * (size + largest(e * at.s)));
        if (field.interpolant().mirror()) CHECK(largest(at.x0 - at.x1) == 0);
    });
}

TEST_CASE("at the ends, every field is its limit") {
    examples::for_each_interpolant([](const Interpolant& both, const std::string& name) {
        CAPTURE(name);
        for (const bool centred : {false, true}) {
            CAPTURE(centred);
            const GaussianMixture centre({0.5, 0.5}, {Vector{{1, 2, 0}}, Vector{{-1, -2, 0}}},
                                         examples::spatial_base().covariances());
            const GaussianMixture target = examples::spatial_target();
            const GaussianMixture base =
                examples::base_for(both, centred ? centre : examples::spatial_base(), target);
            const MixtureField field(both, base, target);
            const Matrix x = points(3, 5);

            // Remark 4.1: x0 = x at t = 0, and x1 is independent of it. A path that starts only
            // near x0 has another limit, with nothing singular in it.
            const Coefficients c0 = both.at(0);
            const FieldValues start = evaluate(field, 0, x, kAll);
            CHECK(start.div_b.allFinite());
            if (both.spec().path.row().start_tolerance == 0) {
                const Matrix s0 = base.score(x);
                const Matrix b0 = (c0.alpha_dot() * x - c0.gamma_gamma_dot * s0).colwise() +
                                  c0.beta_dot() * target.mean();
                CHECK(largest(start.s - s0) <= 1e-10);
                CHECK(largest(start.b - b0) <= 1e-10);
                CHECK(largest(start.x0 - x) <= 1e-10);
                CHECK(largest(start.eta) == 0);
                CHECK(largest(start.log_rho - base.log_density(x)) <= 1e-10);
            }

            // At t = 1, alpha' E[x0|x_t] tends to alpha' E[x0] - alpha alpha' Cov(x0) s1.
            const Coefficients c1 = both.at(1);
            const unsigned drift = kB | kV | kDivB | kU;
            if (!std::isfinite(c1.alpha_dot()) && !centred) {
                CHECK_THROWS_AS(evaluate(field, 1, x, kB), Error);
                CHECK_THROWS_AS(evaluate(field, 1, x, kU), Error);
                CHECK(evaluate(field, 1, x, kAll & ~drift).s.allFinite());
                continue;
            }
            const FieldValues end = evaluate(field, 1, x, kAll);
            const Matrix s1 = target.score(x);
            Matrix b1 = c1.beta_dot() * x - c1.gamma_gamma_dot * s1;
            if (std::isfinite(c1.alpha_dot())) {
                b1.colwise() += c1.alpha_dot() * base.mean();
            } else {
                b1 -= c1.alpha_alpha_dot() * base.covariance() * s1;
            }
            CHECK(largest(end.s - s1) <= 1e-10);
            CHECK(largest(end.b - b1) <= 1e-10);
            CHECK(largest(end.x1 - x) <= 1e-10);
            CHECK(largest(end.log_rho - target.log_density(x)) <= 1e-10);

            // And the limit is a limit. alpha and gamma are of order sqrt(1 - t) at worst, so
            // 1e-12 before the end everything is within 1e-6 of it, times derivatives of order
            // 10; quantities of order alpha' = 1e6 cancel there, with errors of 1e-10.
            const FieldValues before = evaluate(field, 1 - 1e-12, x, kAll);
            CHECK(largest(before.b - end.b) <= 1e-4);
            CHECK(largest(before.div_b - end.div_b) <= 1e-4);
            CHECK(largest(before.div_s - end.div_s) <= 1e-4);
        }
    });
}

TEST_CASE("in 128 dimensions far points have finite fields and the right density") {
    const Index dim = 128;
    std::vector<Vector> means;
    std::vector<Matrix> covariances;
    for (std::uint32_t k = 0; k < 5; ++k) {
        Matrix draws(dim, dim + 1);
        fill_normal({.seed = 1043, .step = k}, 0, draws);
        means.emplace_back(7.5 * draws.col(dim));
        const auto w = draws.leftCols(dim);
        covariances.emplace_back(w.transpose() * w / static_cast<double>(dim) +
                                 Matrix::Identity(dim, dim));
    }
    const GaussianMixture target({0.2, 0.2, 0.2, 0.2, 0.2}, means, covariances);
    const MixtureField field(interpolant("linear", "brownian"),
                             GaussianMixture::standard_normal(dim), target);
    // 30 deviations (of at most sqrt(5)) from a mode, in every coordinate.
    const Matrix x = means[2].array() + 30 * std::sqrt(5.0);
    for (const double t : {0.0, 0.01, 0.5, 0.99, 1.0}) {
        CAPTURE(t);
        const FieldValues at = evaluate(field, t, x, kAll);
        for (const Matrix& values : {at.b, at.v, at.s, at.eta, at.x0, at.x1}) {
            CHECK(values.allFinite());
        }
        CHECK(std::isfinite(at.div_b[0]));
        CHECK(std::isfinite(at.div_s[0]));

        using Wide = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
        long double rho = 0, shift = 0;
        for (std::size_t k = 0; k < 5; ++k) {
            const long double time = t;
            Wide c = time * time * covariances[k].cast<long double>();
            c.diagonal().array() += (1 - time) * (1 - time) + time * (1 - time);
            const Eigen::LLT<Wide> factor(c);
            const Wide y = factor.matrixL().solve(
                Wide(x.cast<long double>() - time * means[k].cast<long double>()));
            const long double log_part =
                std::log(0.2L) - y.squaredNorm() / 2 -
                Wide(factor.matrixL()).diagonal().array().log().sum() -
                static_cast<long double>(dim) / 2 * std::log(2 * std::numbers::pi_v<long double>);
            if (k == 0) shift = log_part;
            rho += std::exp(log_part - shift);  // long double reaches e^11000
        }
        const long double log_rho = shift + std::log(rho);
        CHECK(std::abs(at.log_rho[0] / log_rho - 1) <= 1e-10L);
    }
}

TEST_CASE("interpolants with one law have the same density, velocity and score") {
    // From N(0, I), linear with gamma^2 = a t (1 - t) has the law of the one-sided path with
    // alpha^2 = (1 - t)^2 + a t (1 - t): vp for a = 2, and sqrt(1 - t) for a = 1.
    const GaussianMixture target = examples::spatial_target();
    const auto normal = GaussianMixture::standard_normal(3);
    const MixtureField two_sided(interpolant("linear", "brownian,a=2"), normal, target);
    const MixtureField one_sided(interpolant("vp", "none"), normal, target);
    CHECK(one_sided.one_sided());
    CHECK_FALSE(two_sided.one_sided());
    const Matrix x = points(3, 5);
    for (const double t : {0.0, 0.1, 0.5, 0.9, 1.0}) {
        CAPTURE(t);
        const FieldValues a = evaluate(two_sided, t, x, kAll), c = evaluate(one_sided, t, x, kAll);
        CHECK(largest(a.log_rho - c.log_rho) <= 1e-10);
        CHECK(largest(a.b - c.b) <= 1e-10);
        CHECK(largest(a.s - c.s) <= 1e-10);
        CHECK(largest(a.div_b - c.div_b) <= 1e-10);
        CHECK(largest(a.x1 - c.x1) <= 1e-10);
    }
    const MixtureField bridge(interpolant("linear", "brownian"), normal, target);
    for (const double t : kTimes) {
        std::vector<Vector> means;
        std::vector<Matrix> covariances;
        for (std::size_t k = 0; k < 3; ++k) {
            means.emplace_back(t * target.means()[k]);
            covariances.emplace_back(t * t * target.covariances()[k] +
                                     (1 - t) * Matrix::Identity(3, 3));
        }
        const GaussianMixture law({0.3, 0.5, 0.2}, means, covariances);
        const FieldValues at = evaluate(bridge, t, x, kLogRho | kS);
        CHECK(largest(at.log_rho - law.log_density(x)) <= 1e-10);
        CHECK(largest(at.s - law.score(x)) <= 1e-10);
    }
}

TEST_CASE("one-sided conversions, and the variance-preserving identity") {
    const auto normal = GaussianMixture::standard_normal(3);
    const Matrix x = points(3, 5);
    for (const PathRow& path : paths()) {
        if (path.mirror) continue;
        const Interpolant along = interpolant(path.name, "none");
        const MixtureField field(along, normal, examples::spatial_target());
        for (const double t : kTimes) {
            const Coefficients c = along.at(t);
            if (c.alpha() * c.beta() == 0) continue;  // enc-dec: x0 or x1 is out of sight
            const FieldValues at = evaluate(field, t, x, kAll);
            const double w = c.alpha() * c.beta_dot() - c.alpha_dot() * c.beta();
            CHECK(largest((c.beta_dot() * x - c.beta() * at.b) / w - at.eta) <= 1e-10);
            CHECK(largest((c.alpha() * at.b - c.alpha_dot() * x) / w - at.x1) <= 1e-10);
            CHECK(largest(at.eta + c.alpha() * at.s) <= 1e-10);
        }
    }
    const Interpolant vp = interpolant("vp", "none");
    const MixtureField field(vp, normal, examples::spatial_target());
    for (const double t : {0.01, 0.1, 0.5, 0.9, 0.99}) {
        const FieldValues at = evaluate(field, t, x, kAll);
        CHECK(largest((x + at.s) / t - t * at.s - at.x1) <= 1e-9);
        const Coefficients c = vp.at(t), l = interpolant("linear", "none").at(t);
        CHECK(c.alpha() * c.alpha() * c.beta_dot() / c.beta() - c.alpha_alpha_dot() ==
              doctest::Approx(1 / t).epsilon(1e-12));
        CHECK(l.alpha() * l.alpha() * l.beta_dot() / l.beta() - l.alpha_alpha_dot() ==
              doctest::Approx((1 - t) / t).epsilon(1e-12));
    }
}

TEST_CASE("one Gaussian to another, by hand") {
    // N(1, 4) to N(-2, 0.25), linear, gamma^2 = t (1 - t), t = 1/2: mean -1/2, variance
    // 1 + 1/16 + 1/4 = 21/16, half its derivative -2 + 1/8 + 0 = -15/8.
    const MixtureField field(interpolant("linear", "brownian"), examples::on_a_line({1}, {1}, {4}),
                             examples::on_a_line({1}, {-2}, {0.25}));
    const Matrix x = Matrix::Constant(1, 1, 0.7);
    const FieldValues at = evaluate(field, 0.5, x, kAll);
    CHECK(at.s(0, 0) == doctest::Approx(-1.2 / (21.0 / 16)).epsilon(1e-14));
    CHECK(at.b(0, 0) == doctest::Approx(-3 - 15.0 / 8 * 1.2 / (21.0 / 16)).epsilon(1e-14));
    CHECK(at.div_b[0] == doctest::Approx(-30.0 / 21).epsilon(1e-14));
    CHECK(at.div_s[0] == doctest::Approx(-16.0 / 21).epsilon(1e-14));
    CHECK(at.eta(0, 0) == doctest::Approx(0.6 / (21.0 / 16)).epsilon(1e-14));
}

TEST_CASE("a column does not depend on its neighbours, bit for bit") {
    for (const Index dim : {1, 2, 3, 7}) {
        const GaussianMixture base({1}, {Vector::Ones(dim)}, {2 * Matrix::Identity(dim, dim)});
        Matrix mixed = Matrix::Constant(dim, dim, 0.2);
        mixed.diagonal().array() += 1;
        const GaussianMixture target({0.4, 0.6}, {Vector::Zero(dim), 2 * Vector::Ones(dim)},
                                     {mixed, 0.3 * Matrix::Identity(dim, dim)});
        const MixtureField field(interpolant("trig", "brownian"), base, target);
        const Matrix x = points(dim, 40);
        Vector t(40);
        for (Index j = 0; j < 40; ++j) t[j] = static_cast<double>(j / 3 % 8) / 7;
        FieldValues all, one;
        (*field.evaluator())(t, x, kAll, all);
        const auto used = field.evaluator();
        for (Index j = 39; j >= 0; --j) {
            (*used)(t.segment(j, 1), x.middleCols(j, 1), kAll, one);
            CHECK(same_bits(one.b, all.b.col(j)));
            CHECK(same_bits(one.v, all.v.col(j)));
            CHECK(same_bits(one.s, all.s.col(j)));
            CHECK(same_bits(one.eta, all.eta.col(j)));
            CHECK(same_bits(one.x0, all.x0.col(j)));
            CHECK(same_bits(one.x1, all.x1.col(j)));
            CHECK(one.div_b[0] == all.div_b[j]);
            CHECK(one.div_s[0] == all.div_s[j]);
            CHECK(one.log_rho[0] == all.log_rho[j]);
        }
    }
}

TEST_CASE("what cannot be evaluated is refused, and the evaluator stays usable") {
    const auto normal = GaussianMixture::standard_normal(1);
    const MixtureField field(interpolant("enc-dec", "none"), normal, normal);
    const auto evaluator = field.evaluator();
    const Matrix x = Matrix::Ones(1, 1);
    FieldValues out;
    const auto at = [&](double t) { (*evaluator)(Vector::Constant(1, t), x, kB, out); };
    CHECK_THROWS_WITH_AS(
        at(0.5), "x_t is a single point at t = 0.5; the interpolant needs a latent there", Error);
    CHECK_THROWS_WITH_AS(
        at(0.5), "x_t is a single point at t = 0.5; the interpolant needs a latent there", Error);
    at(0.25);
    CHECK(out.b.allFinite());
    CHECK_THROWS_WITH_AS(at(-0.1), "time must be between 0 and 1, is -0.1", Error);
    CHECK_THROWS_WITH_AS(evaluate(field, 0.1, Matrix::Ones(2, 1), kB),
                         "points have 2 coordinates, the model has dimension 1", Error);
    CHECK_THROWS_WITH_AS(
        MixtureField(interpolant("linear", "none"), normal, GaussianMixture::standard_normal(2)),
        "the base has dimension 1, the target 2", Error);
    const MixtureField moving(interpolant("vp", "none"), examples::on_a_line({1}, {2}, {1}),
                              normal);
    CHECK_THROWS_WITH_AS(evaluate(moving, 1, x, kB),
                         "the velocity is infinite at t = 1: alpha' is, and the base has a mean; "
                         "use a path with finite alpha', or centre the base",
                         Error);
}
