#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "si/flow/straightness.hpp"
#include "support/examples.hpp"
#include "support/models.hpp"

using namespace si;
using examples::carry;
using examples::closed_model;

namespace {

constexpr const char* kHalf = R"({"kind": "gaussian", "mean": [2], "covariance": 0.25})";
constexpr const char* kTwo =
    R"({"kind": "mixture", "weights": [0.5, 0.5], "means": [[-2], [2]], "covariances": [0.25, 0.25]})";

TransportSpec by_sde(const char* steps, const char* epsilon) {
    TransportSpec spec;
    spec.sde = Choice<sde_steps>(steps);
    spec.epsilon = Setting<EpsilonChoice>::from_text(epsilon);
    return spec;
}

/// Largest distance between the empirical distribution of x and a distribution function.
template <class F>
double kolmogorov(const Matrix& x, const F& cdf) {
    std::vector<double> sorted(x.data(), x.data() + x.size());
    std::sort(sorted.begin(), sorted.end());
    const auto n = static_cast<double>(sorted.size());
    double largest = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const double f = cdf(sorted[i]), at = static_cast<double>(i);
        largest = std::max({largest, f - at / n, (at + 1) / n - f});
    }
    return largest;
}

/// Exceeded with probability 1e-3 (Kolmogorov's 1.949 / sqrt n).
double kolmogorov_bound(Index n) { return 1.949 / std::sqrt(static_cast<double>(n)); }

double normal_cdf(double x, double mean, double deviation) {
    return std::erfc((mean - x) / (deviation * std::sqrt(2.0))) / 2;
}

struct LinearMap {
    double offset, gain;
};

/// What a deterministic sampler that is affine in its start does.
LinearMap map_of(const Model& model, const TransportSpec& spec, Direction direction) {
    const auto end = carry(model, spec, direction, Matrix{{0.0, 1.0}});
    return {end.x(0, 0), end.x(0, 1) - end.x(0, 0)};
}

}  // namespace

TEST_CASE("the denoising sampler has the errors of THEORY C.4, and no error of the mean (T40)") {
    struct Row {
        const char* path;
        double at_100, at_200, at_400;
    };
    for (const Row& row :
         {Row{"linear", -7.3e-3, -3.7e-3, -1.8e-3}, Row{"trig", -7.6e-3, -3.8e-3, -1.9e-3},
          Row{"vp", -2.8e-2, -1.6e-2, -9.0e-3}}) {
        CAPTURE(std::string(row.path));
        const Model model = closed_model(kHalf, {.path = row.path});
        const auto error = [&](Index steps) {
            TransportSpec spec;
            spec.denoise = steps;
            const auto map = map_of(model, spec, Direction::forward);
            CHECK(std::abs(map.offset - 2) < 1e-12);
            return map.gain * map.gain - 0.25;
        };
        // The published numbers have two digits: half a unit of the second one.
        CHECK(std::abs(error(100) - row.at_100) < (row.at_100 < -1e-2 ? 5e-4 : 5e-5));
        CHECK(std::abs(error(200) - row.at_200) < (row.at_200 < -1e-2 ? 5e-4 : 5e-5));
        CHECK(std::abs(error(400) - row.at_400) < 5e-5);
    }
}

TEST_CASE("denoising runs backward, between two data sets, and hits its stops") {
    const Model one = closed_model(kHalf);
    TransportSpec spec;
    spec.denoise = 2000;
    spec.trajectory = {0, 0.2503, 0.5, 1};
    // x_t = mean + deviation z along the flow of a Gaussian.
    const auto state = [](double t, double z) {
        return 2 * t + std::sqrt((1 - t) * (1 - t) + t * t / 4) * z;
    };
    const auto there = carry(one, spec, Direction::forward, Matrix{{0.7}});
    for (std::size_t k = 0; k < 4; ++k) {
        CHECK(there.trajectory[k](0, 0) ==
              doctest::Approx(state(spec.trajectory[k], 0.7)).epsilon(2e-3));
    }
    CHECK(there.trajectory[3] == there.x);
    const auto back = carry(one, spec, Direction::backward, there.x);
    CHECK(back.x(0, 0) == doctest::Approx(0.7).epsilon(5e-3));
    const Model two = closed_model(kHalf, {.path = "linear", .gamma = "quadratic"},
                                   R"({"kind": "gaussian", "mean": [-1], "covariance": 0.49})");
    const auto map = map_of(two, spec, Direction::forward);
    CHECK(map.offset - map.gain == doctest::Approx(2).epsilon(2e-3));  // -1 goes to 2
    CHECK(map.gain == doctest::Approx(0.5 / 0.7).epsilon(4e-3));
}

TEST_CASE("a Gaussian flow has the moments m(t), C(t) (T18)") {
    const Model model = closed_model(kHalf, {.path = "trig", .gamma = "sine-squared"});
    TransportSpec spec;
    spec.ode = "rk4,steps=100";
    spec.trajectory = {0.25, 0.5, 0.75, 1};
    const auto path = carry(model, spec, Direction::forward, Matrix{{0.0, 1.0}});
    for (std::size_t k = 0; k < 4; ++k) {
        const auto c = Interpolant(model.interpolant).at(spec.trajectory[k]);
        const double variance = c.alpha() * c.alpha() + c.beta() * c.beta() / 4 + c.gamma * c.gamma;
        const double offset = path.trajectory[k](0, 0), gain = path.trajectory[k](0, 1) - offset;
        CHECK(std::abs(offset - 2 * c.beta()) < 1e-6);
        CHECK(std::abs(gain * gain - variance) < 1e-6);
    }
}

TEST_CASE("the flow between two mixtures carries one into the other, both ways (T24)") {
    const char* three =
        R"({"kind": "mixture", "weights": [0.25, 0.5, 0.25], "means": [[-6], [0], [6]], "covariances": [0.5, 0.33, 0.5]})";
    const Model model = closed_model(three, {.path = "linear", .gamma = "brownian"}, kTwo);
    const auto base = *model.base_density();
    const Index n = 20'000;
    Matrix x1(1, n);
    examples::on_a_line({0.25, 0.5, 0.25}, {-6, 0, 6}, {0.5, 0.33, 0.5})
        .sample({8, Purpose::data, 0}, 0, x1);
    const auto back = carry(model, {}, Direction::backward, x1);
    CHECK(kolmogorov(back.x, [](double x) {
              return (normal_cdf(x, -2, 0.5) + normal_cdf(x, 2, 0.5)) / 2;
          }) < kolmogorov_bound(n));
    const auto there = carry(model, {}, Direction::forward, draw_base(model, 2, 0, n));
    CHECK(kolmogorov(there.x, [](double x) {
              return normal_cdf(x, -6, std::sqrt(0.5)) / 4 + normal_cdf(x, 0, std::sqrt(0.33)) / 2 +
                     normal_cdf(x, 6, std::sqrt(0.5)) / 4;
          }) < kolmogorov_bound(n));
}

TEST_CASE("a mirror's flow is the identity, its SDE draws again (T25)") {
    const Model model = closed_model(kTwo, {.path = "mirror", .gamma = "brownian"}, kTwo);
    const Index n = 20'000;
    const Matrix start = draw_base(model, 4, 0, n);
    TransportSpec spec;
    spec.trajectory = {0.5};
    const auto flow = carry(model, spec, Direction::forward, start.leftCols(200));
    CHECK((flow.x - start.leftCols(200)).cwiseAbs().maxCoeff() < 1e-4);
    CHECK((flow.trajectory[0] - start.leftCols(200)).cwiseAbs().maxCoeff() > 0.05);
    const auto again = carry(model, by_sde("heun,steps=400", "10"), Direction::forward, start);
    CHECK(kolmogorov(again.x, [](double x) {
              return (normal_cdf(x, -2, 0.5) + normal_cdf(x, 2, 0.5)) / 2;
          }) < kolmogorov_bound(n) + 0.005);  // and the bias of 400 steps
    // Two draws from one mode are 2 sigma / sqrt(pi) = 0.56 apart in the mean, from two more.
    CHECK((again.x - start).cwiseAbs().mean() > 0.56);
}

TEST_CASE("from a single point the SDE reaches the whole target, and the ODE is refused (T32)") {
    const Model model = closed_model(kTwo, {.path = "polynomial,n=2", .gamma = "brownian,a=2"},
                                     R"({"kind": "point", "at": [0.4]})");
    const Index n = 20'000;
    const Matrix start = draw_base(model, 4, 0, n);
    CHECK(start == Matrix::Constant(1, n, 0.4));
    const auto there = carry(model, by_sde("heun,steps=400", "1"), Direction::forward, start);
    CHECK(kolmogorov(there.x, [](double x) {
              return (normal_cdf(x, -2, 0.5) + normal_cdf(x, 2, 0.5)) / 2;
          }) < kolmogorov_bound(n) + 0.005);  // and the bias of 400 steps
    CHECK_THROWS_WITH_AS(carry(model, {}, Direction::forward, start),
                         "from a point the flow goes to one point; use --epsilon 1", Error);
    CHECK_THROWS_AS(carry(model, by_sde("heun", "0.5"), Direction::forward, start), Error);
    const auto back =
        carry(model, by_sde("heun,steps=200", "1"), Direction::backward, there.x.leftCols(50));
    CHECK((back.x.array() - 0.4).abs().maxCoeff() < 1e-9);
}

TEST_CASE("more noise forgets the start sooner (T31)") {
    // dx = (C'/2 - epsilon) / C x dt + ..., so Cov(x_0, x_1) = C_0 exp of the integral.
    const Model model = closed_model(R"({"kind": "gaussian", "mean": [0], "covariance": 0.25})",
                                     {.path = "linear", .gamma = "brownian"});
    const auto exact = [](double epsilon) {
        const auto rate = [&](double t) {
            const double c = (1 - t) * (1 - t) + t * t / 4 + t * (1 - t);
            return (-(1 - t) + t / 4 + (1 - 2 * t) / 2 - epsilon) / c;
        };
        double sum = 0;  // midpoint rule, error 1e-8
        for (int i = 0; i < 10'000; ++i) sum += rate((i + 0.5) / 10'000) / 10'000;
        return std::exp(sum);
    };
    const Index n = 20'000;
    const Matrix start = draw_base(model, 6, 0, n);
    double last = 1;
    for (const double epsilon : {0.1, 0.5, 2.0}) {
        const auto end = carry(model, by_sde("heun,steps=200", text(epsilon).c_str()),
                               Direction::forward, start);
        const Matrix product = start.array() * end.x.array();
        const double covariance = product.mean(), wanted = exact(epsilon);
        // Var(x y) = c^2 + C_0 C_1 for Gaussians; the bias of the steps is 1e-4.
        const double error = std::sqrt((wanted * wanted + 0.25) / static_cast<double>(n));
        CHECK(std::abs(covariance - wanted) < 5 * error + 1e-4);
        CHECK(covariance < last);
        last = covariance;
    }
}

TEST_CASE("an SDE without noise is the ODE, bit for bit, in a whole model too (T29)") {
    const Model model = closed_model(kTwo);
    TransportSpec ode;
    ode.ode = "heun,steps=50";
    const Matrix start = draw_base(model, 4, 0, 100);
    const auto a = carry(model, ode, Direction::forward, start);
    const auto b = carry(model, by_sde("heun,steps=50", "0"), Direction::forward, start);
    CHECK(a.x == b.x);
}

TEST_CASE("every last step ends at the target, with the error of its own order") {
    // The empirical field stops at 1 - 1e-3, where x_t is within 1e-3 of beta x1. Its score is of
    // order 1 / alpha there, and so is what noise proportional to alpha makes of it.
    const Model model = closed_model(R"({"kind": "empirical", "points": [[-1], [2]]})");
    const Matrix start = draw_base(model, 4, 0, 400);
    for (const FinalRow& row : finals()) {
        CAPTURE(std::string(row.name));
        for (const double length : {0.0, 0.1}) {
            CAPTURE(length);
            auto spec = by_sde("heun,steps=2000", "sigma,value=0.3");
            spec.final = Choice<finals>(text(row.name, ",length=", length));
            const auto end = carry(model, spec, Direction::forward, start);
            const double gap = std::max(length, 1e-3);
            double largest = 0;
            for (const double x : end.x.reshaped()) {
                largest = std::max(largest, std::min(std::abs(x + 1), std::abs(x - 2)));
            }
            // Stopping leaves alpha z and (beta - 1) x1 with |z| < 5 and |x1| <= 2; denoising has
            // the point itself, and no step is worse than stopping.
            CHECK(largest < 7 * gap);
            if (row.name == "denoise") CHECK(largest < 1e-3);
        }
    }
}

namespace {

/// b of x_t = alpha z + beta X(z) for the map X(z) = 2 + z / 2 (arXiv:2303.08797, 5.3).
class Rectified : public Field, public Evaluator {
  public:
    Index dim() const override { return 1; }
    unsigned available() const override { return kB; }
    std::unique_ptr<Evaluator> evaluator() const override {
        return std::make_unique<Rectified>(*this);
    }
    void operator()(const Times& t, ConstMatrix x, unsigned, FieldValues& out) override {
        out.b.resize(1, x.cols());
        for (Index j = 0; j < x.cols(); ++j) {
            const auto c = Interpolant().at(t[j]);
            const double z = (x(0, j) - 2 * c.beta()) / (c.alpha() + c.beta() / 2);
            out.b(0, j) = c.alpha_dot() * z + c.beta_dot() * (2 + z / 2);
        }
    }
};

}  // namespace

TEST_CASE("a rectified flow has the same ends and straight paths (T41)") {
    Threads threads(2);
    Progress quiet;
    const Model model = closed_model(kHalf);
    const Matrix start = draw_base(model, 4, 0, 200);
    const auto end = transport(model, Rectified(), {}, {.x = start, .seed = 1}, threads, quiet);
    CHECK((end.x.array() - (2 + start.array() / 2)).abs().maxCoeff() < 1e-8);
    const auto straight = straightness(model, Rectified(), start, threads, quiet);
    CHECK(std::abs(straight.excess) < 1e-8);
    // X_1 = [b(0, x) - alpha'(0) x] / beta'(0).
    const auto b = examples::evaluate(Rectified(), 0, start, kB).b;
    CHECK((b + start - end.x).cwiseAbs().maxCoeff() < 1e-8);
    // And so it follows from b by the equations of a model whose ends are not independent.
    const Setup setup{Interpolant()};
    const std::vector<const Quantity*> learned{&quantities().at("b")};
    const auto rule = combine(setup, 0, learned, quantities().at("x1"), false);
    CHECK((rule.of_x * start + rule.of_learned[0] * b - end.x).cwiseAbs().maxCoeff() < 1e-8);
    CHECK_THROWS_AS(combine(setup, 0.5, learned, quantities().at("s"), false), Error);
}

TEST_CASE("straightness is the energy of the paths less their displacement") {
    // Along the flow of a Gaussian, x_t = 2 t + r(t) z with r^2 = (1 - t)^2 + t^2 / 4.
    const auto rate = [](double t) {
        const double r = std::sqrt((1 - t) * (1 - t) + t * t / 4);
        return (-(1 - t) + t / 4) / r;
    };
    double integral = 0;  // of r'^2; midpoint rule
    for (int i = 0; i < 10'000; ++i) integral += std::pow(rate((i + 0.5) / 10'000), 2) / 10'000;
    Threads threads(2);
    Progress quiet;
    const Model model = closed_model(kHalf);
    const auto got = straightness(model, *make_field(model), Matrix{{1.0}}, threads, quiet);
    // With z = 1: energy 4 + 2 * 2 (r(1) - r(0)) + integral, displacement (2 - 1/2)^2.
    CHECK(got.energy == doctest::Approx(4 - 2 + integral).epsilon(1e-6));
    CHECK(got.displacement == doctest::Approx(2.25).epsilon(1e-6));
    CHECK(got.excess == doctest::Approx(got.energy - got.displacement));
    // With z = 0: energy 4, displacement 4. The error of the mean of two numbers is half their
    // difference.
    const auto two = straightness(model, *make_field(model), Matrix{{1.0, 0.0}}, threads, quiet);
    CHECK(two.energy_error == doctest::Approx((2 - integral) / 2).epsilon(1e-6));
    CHECK(two.displacement_error == doctest::Approx((4 - 2.25) / 2).epsilon(1e-6));
    CHECK(two.excess_error == doctest::Approx(std::abs(integral - 0.25) / 2).epsilon(1e-6));
    CHECK(got.excess_error == 0);
}
