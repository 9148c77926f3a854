#include "si/model/quantity.hpp"

#include <string>

#include <doctest/doctest.h>

#include "si/interpolant/exact.hpp"

using namespace si;

namespace {

GaussianMixture target() {
    return {{0.3, 0.7},
            {Eigen::Vector2d(-1, 0.5), Eigen::Vector2d(1.2, -0.4)},
            {Eigen::Matrix2d{{0.5, 0.2}, {0.2, 0.4}}, Eigen::Matrix2d{{0.3, -0.1}, {-0.1, 0.6}}}};
}

GaussianMixture base() {
    return {{0.5, 0.5},
            {Eigen::Vector2d(0.3, 0.1), Eigen::Vector2d(-0.8, 0.9)},
            {Eigen::Matrix2d{{1.1, 0.3}, {0.3, 0.7}}, Eigen::Matrix2d{{0.4, 0.0}, {0.0, 0.9}}}};
}

/// Exact values of all quantities at points of one time.
struct Known {
    Setup setup;
    Matrix x;
    FieldValues values;
    Vector mean0, mean1;

    Known(const InterpolantSpec& spec, const GaussianMixture& start, double t)
        : setup{Interpolant(spec), start.is_point()             ? BaseLaw::point
                                   : start.is_standard_normal() ? BaseLaw::one_sided
                                                                : BaseLaw::general},
          x(2, 3) {
        x << 0.3, -1.2, 2.0, 0.5, 0.1, -1.4;
        const MixtureField field(setup.interpolant, start, target());
        unsigned want = 0;
        for (const Quantity& row : quantities()) want |= row.flag;
        (*field.evaluator())(Vector::Constant(3, t), x, want, values);
        mean0 = start.mean();
        mean1 = target().mean();
    }

    Matrix apply(const Combination& rule, const std::vector<const Quantity*>& learned) const {
        Matrix sum = rule.of_x * x;
        for (std::size_t k = 0; k < learned.size(); ++k) {
            sum += rule.of_learned[k] * (values.*learned[k]->value);
        }
        sum.colwise() += rule.of_means[0] * mean0 + rule.of_means[1] * mean1;
        return sum;
    }
};

}  // namespace

TEST_CASE("one-sided, every quantity gives every other (THEORY B.3, T12)") {
    for (const PathRow& path : paths()) {
        if (path.mirror) continue;
        const InterpolantSpec spec{.path = path.name};
        const auto middle = Interpolant(spec).at(0.5);
        if (middle.alpha() == 0 && middle.beta() == 0) continue;  // a path that needs a latent
        for (const double t : {0.01, 0.3, 0.5, 0.9, 0.99}) {
            const Known known(spec, GaussianMixture::standard_normal(2), t);
            for (const Quantity& learned : quantities()) {
                for (const Quantity& wanted : quantities()) {
                    CAPTURE(std::string(path.name));
                    CAPTURE(std::string(learned.name));
                    CAPTURE(std::string(wanted.name));
                    CAPTURE(t);
                    const std::vector<const Quantity*> list{&learned};
                    const auto rule = combine(known.setup, t, list, wanted, false);
                    const Matrix error = known.apply(rule, list) - known.values.*wanted.value;
                    CHECK(error.cwiseAbs().maxCoeff() < 1e-10);
                }
            }
        }
    }
}

TEST_CASE("two-sided, two quantities give the others where the equations determine them") {
    InterpolantSpec spec;
    for (const char* gamma : {"brownian,a=2", "quadratic"}) {
        spec.gamma = Choice<gammas>(gamma);
        for (const double t : {0.02, 0.3, 0.6, 0.97}) {
            const Known known(spec, base(), t);
            int determined = 0;
            for (const Quantity& first : quantities()) {
                for (const Quantity& second : quantities()) {
                    if (&first == &second) continue;
                    for (const Quantity& wanted : quantities()) {
                        const std::vector<const Quantity*> list{&first, &second};
                        Combination rule;
                        try {
                            rule = combine(known.setup, t, list, wanted, true);
                        } catch (const Error&) {
                            continue;
                        }
                        ++determined;
                        CAPTURE(std::string(first.name));
                        CAPTURE(std::string(second.name));
                        CAPTURE(std::string(wanted.name));
                        CAPTURE(t);
                        const Matrix error = known.apply(rule, list) - known.values.*wanted.value;
                        CHECK(error.cwiseAbs().maxCoeff() < 1e-8);
                    }
                }
            }
            // 42 ordered pairs of 7, each giving 7 fields. (s, eta) say the same twice, and so do
            // (b, u) of a latent that starts flat, and (x1, u) of the linear path with gamma^2 =
            // 2 t (1 - t), where u = (E[x1|x_t] - x) / (1 - t).
            CHECK(determined == 38 * 7 + 4 * 2);
        }
    }
}

TEST_CASE("from a point, one quantity gives every other that the equations determine") {
    const InterpolantSpec spec{.path = "polynomial,n=2", .gamma = "brownian,a=2"};
    for (const double t : {0.05, 0.4, 0.9}) {
        const Known known(spec, GaussianMixture::point(Eigen::Vector2d(0.4, -0.2)), t);
        for (const Quantity& learned : quantities()) {
            if (learned.flag == kX0) continue;  // known without learning
            for (const Quantity& wanted : quantities()) {
                CAPTURE(std::string(learned.name));
                CAPTURE(std::string(wanted.name));
                CAPTURE(t);
                const std::vector<const Quantity*> list{&learned};
                const auto rule = combine(known.setup, t, list, wanted, true);
                const Matrix error = known.apply(rule, list) - known.values.*wanted.value;
                CHECK(error.cwiseAbs().maxCoeff() < 1e-8);
            }
        }
    }
    // The drift from the point is regular where b and s are not.
    const Setup setup{Interpolant(spec), BaseLaw::point};
    const std::vector<const Quantity*> u{&quantities().at("u")};
    CHECK(determined_span(setup, u, *u[0], true, 1e-3) == std::array{0.0, 1.0});
    CHECK(determined_span(setup, u, quantities().at("s"), true, 1e-3)[0] == 1e-3);
}

TEST_CASE("mirrored, the score gives everything, and x0 is x1") {
    const InterpolantSpec spec{.path = "mirror", .gamma = "brownian"};
    for (const double t : {0.05, 0.4, 0.9}) {
        const Known known(spec, target(), t);
        for (const char* name : {"s", "eta", "x1", "b"}) {
            const std::vector<const Quantity*> list{&quantities().at(name)};
            for (const Quantity& wanted : quantities()) {
                CAPTURE(std::string(name));
                CAPTURE(std::string(wanted.name));
                CAPTURE(t);
                const auto rule = combine(known.setup, t, list, wanted, false);
                const Matrix error = known.apply(rule, list) - known.values.*wanted.value;
                CHECK(error.cwiseAbs().maxCoeff() < 1e-10);
            }
        }
    }
}

TEST_CASE("next to t = 0 the mean of x1 keeps errors from being magnified, and fields stay tied") {
    const Setup setup{Interpolant(), BaseLaw::one_sided};  // alpha = 1 - t, beta = t
    for (const char* name : {"eta", "s", "x0"}) {
        CAPTURE(std::string(name));
        const std::vector<const Quantity*> list{&quantities().at(name)};
        const auto rule = [&](double t, const char* wanted, StartError error) {
            return steadied(setup, t, list, quantities().at(wanted), true, error);
        };
        // x1 = (x - alpha x0) / beta: an error d of x0 becomes d alpha / beta, that of the mean is
        // beta (and what conditions make), so the weight of the mean is, on paper,
        const auto weight = [](double t, double d, double between) {
            const double a = std::pow(d * (1 - t) / t, 2);
            return a / (a + t * t + between);
        };
        for (const double t : {0.01, 0.1, 0.3, 0.9}) {
            for (const double d : {0.01, 0.3}) {
                for (const double between : {0.0, 1.0}) {
                    CAPTURE(t);
                    const StartError error{std::string_view(name) == "s" ? d / (1 - t) : d,
                                           between};
                    const auto x0 = rule(t, "x0", error), x1 = rule(t, "x1", error);
                    CHECK(x1.of_means[1] == doctest::Approx(weight(t, d, between)));
                    // alpha x0 + beta x1 = x, whatever the network answers.
                    CHECK((1 - t) * x0.of_x + t * x1.of_x == doctest::Approx(1));
                    CHECK(std::abs((1 - t) * x0.of_learned[0] + t * x1.of_learned[0]) < 1e-12);
                    CHECK(std::abs((1 - t) * x0.of_means[1] + t * x1.of_means[1]) < 1e-12);
                }
            }
        }
        // At t = 0 everything is known; without an error the mean has no part.
        CHECK(rule(0, "x1", {0.1}).of_means[1] == doctest::Approx(1));
        CHECK(rule(0, "x0", {0.1}).of_x == doctest::Approx(1));
        CHECK(std::abs(rule(0.5, "b", {1e-12}).of_means[1]) < 1e-12);
        CHECK(determined_span(setup, list, quantities().at("b"), false, 1e-3, StartError{0.1, 1}) ==
              std::array{0.0, 1.0});
    }
}

TEST_CASE("what is not determined is refused, at the ends too") {
    const Setup one{Interpolant(), BaseLaw::one_sided};
    const auto& b = quantities().at("b");
    const auto& s = quantities().at("s");
    const auto& eta = quantities().at("eta");
    const std::vector<const Quantity*> only_b{&b}, only_eta{&eta};
    CHECK_THROWS_WITH_AS(combine(one, 1, only_b, s, true),
                         "the learned fields do not determine s at t = 1", Error);
    CHECK(determined_span(one, only_b, s, true, 1e-3) == std::array{0.0, 1 - 1e-3});
    CHECK(determined_span(one, only_b, b, true, 1e-3) == std::array{0.0, 1.0});
    // From the denoiser, b at t = 0 takes the mean of x1 (arXiv:2303.08797, Algorithm 5).
    CHECK(determined_span(one, only_eta, b, true, 1e-3) == std::array{0.0, 1.0});
    CHECK(determined_span(one, only_eta, b, false, 1e-3) == std::array{1e-3, 1.0});
    CHECK(combine(one, 0, only_eta, b, true).of_means[1] == doctest::Approx(1));
    const Setup two{Interpolant({.path = "linear", .gamma = "brownian"})};
    CHECK(determined_span(two, only_b, s, true, 1e-3) == std::array{1.0, 0.0});
}

TEST_CASE("lists of quantities are read strictly") {
    CHECK(parse_learned("b,eta").size() == 2);
    CHECK_THROWS_AS(parse_learned("b,b"), Error);
    CHECK_THROWS_WITH_AS(parse_learned("velocity"),
                         "no field is called 'velocity' (there are: b, v, s, eta, x0, x1, u)",
                         Error);
}
