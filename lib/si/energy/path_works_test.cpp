#include "si/energy/path_works.hpp"

#include <cmath>
#include <fstream>

#include <doctest/doctest.h>

#include "scratch.hpp"
#include "si/energy/works.hpp"
#include "si/random/draw.hpp"
#include "support/models.hpp"

using namespace si;
using examples::closed_model;

namespace {

ScalarPotential potential(const std::string& words, Index d = 1) {
    return {Choice<potentials>(words), {d}};
}

Matrix normal(Index n, std::uint32_t set, double mean, double deviation) {
    Matrix x(1, n);
    fill_normal({5, Purpose::data, set}, 0, x);
    return (mean + deviation * x.array()).matrix();
}

/// Fields that are wrong on purpose: b = 0, s = -x.
class WrongField : public Field {
  public:
    Index dim() const override { return 1; }
    unsigned available() const override { return kB | kS; }
    std::unique_ptr<Evaluator> evaluator() const override {
        struct Wrong : Evaluator {
            void operator()(const Times&, ConstMatrix x, unsigned want, FieldValues& out) override {
                make_room(out, want, x.rows(), x.cols());
                if ((want & kB) != 0) out.b.setZero();
                if ((want & kS) != 0) out.s = -x;
            }
        };
        return std::make_unique<Wrong>();
    }
};

struct Spread {
    double mean, deviation, error_of_mean, error_of_deviation;
    explicit Spread(const Vector& a) {
        const auto n = static_cast<double>(a.size());
        const auto off = (a.array() - a.mean()).eval();
        const double variance = off.square().mean(), fourth = off.square().square().mean();
        mean = a.mean();
        deviation = std::sqrt(variance);
        error_of_mean = deviation / std::sqrt(n);
        error_of_deviation = std::sqrt((fourth - variance * variance) / n) / (2 * deviation);
    }
};

PathWorks walked(const WorkChain& chain, Direction direction, ConstMatrix x) {
    Threads threads(2);
    Progress silent;
    return works_of_paths(chain, direction, x, "x.h5", 3, threads, silent);
}

}  // namespace

TEST_CASE("works of fields that are wrong have the law of theory, and are right in the mean") {
    // N(0, 1) to N(1.2, .36) by b = 0, s = -x, epsilon .2 and 10 steps: A is a quadratic form of a
    // Gaussian path, of mean -2.38106 and deviation 3.57006.
    const Model model = closed_model(R"({"kind": "gaussian", "mean": [0], "covariance": [[1]]})");
    const WrongField field;
    const auto a = potential("gaussian"), b = potential("gaussian,mean=1.2,covariance=0.36");
    // Two-sided, so that both ends have the units of the model.
    Model two_sided = model;
    two_sided.independent = false;
    const WorkChain chain{two_sided, field, a, b, [](double) { return 0.2; }, 10};
    const auto forward = walked(chain, Direction::forward, normal(100'000, 1, 0, 1));
    const Spread spread(forward.a);
    CHECK(std::abs(spread.mean - -2.38106) < 5 * spread.error_of_mean);
    CHECK(std::abs(spread.deviation - 3.57006) < 5 * spread.error_of_deviation);
    const auto backward = walked(chain, Direction::backward, normal(50'000, 2, 1.2, 0.6));
    const auto found = estimate_free_energy({forward.a}, {backward.a});
    CHECK(std::abs(*found.bar.delta_f) < 5 * *found.bar.standard_error);
    CHECK(*found.bar.standard_error < 0.02);
    CHECK(*found.lower < 0);
    CHECK(*found.upper > 0);
    CHECK(forward.evaluations == 11);
}

TEST_CASE("exact fields leave little work, at any noise, and potentials may have offsets") {
    const Model model = closed_model(
        R"({"kind": "mixture", "weights": [0.25, 0.75], "means": [[-2], [1]], "covariances": [[[0.25]], [[0.09]]]})",
        {.path = "linear", .gamma = "brownian"},
        R"({"kind": "gaussian", "mean": [0.5], "covariance": [[0.64]]})");
    const Scratch scratch;
    const auto file = scratch / "b.json";
    std::ofstream(file) << R"({"kind": "mixture", "weights": [0.25, 0.75], "means": [[-2], [1]],
        "covariances": [0.25, 0.09]})";
    const auto field = make_field(model);
    const auto a = potential("gaussian,mean=0.5,covariance=0.64"),
               b = potential("mixture,file=" + file + ",offset=1.7");
    Matrix target = normal(900, 4, 0, 1);
    for (Index j = 0; j < 900; ++j) {
        target(0, j) = j % 4 == 0 ? -2 + 0.5 * target(0, j) : 1 + 0.3 * target(0, j);
    }
    for (const double epsilon : {0.005, 0.05, 0.5}) {
        CAPTURE(epsilon);
        const WorkChain chain{model, *field, a, b, [=](double) { return epsilon; }, 100};
        const auto forward = walked(chain, Direction::forward, normal(300, 3, 0.5, 0.8)),
                   backward = walked(chain, Direction::backward, target);
        const auto found = estimate_free_energy({forward.a}, {backward.a});
        CHECK(std::abs(*found.bar.delta_f - 1.7) < 5 * *found.bar.standard_error);
        CHECK(*found.bar.standard_error < 0.05);
        CHECK(found.bar.overlap > 0.5);
    }
}

TEST_CASE("a base without units brings the volume of the coordinates") {
    // In files x1 is N(3, 1.96), in the model N(1, .49): x = 1 + 2 y.
    Model model = closed_model(R"({"kind": "gaussian", "mean": [1], "covariance": [[0.49]]})");
    model.transform.shift = Vector::Constant(1, 1);
    model.transform.scale = Vector::Constant(1, 2);
    const auto field = make_field(model);
    const auto a = potential("gaussian"), b = potential("gaussian,mean=3,covariance=1.96");
    const WorkChain chain{model, *field, a, b, [](double) { return 0.1; }, 200};
    const auto forward = walked(chain, Direction::forward, normal(1000, 5, 0, 1));
    const auto backward = walked(chain, Direction::backward, normal(1000, 6, 3, 1.4));
    const auto found = estimate_free_energy({forward.a}, {backward.a});
    CHECK(std::abs(*found.bar.delta_f) < 5 * *found.bar.standard_error);
    CHECK(*found.bar.standard_error < 0.02);
    CHECK(std::abs(Spread(forward.ends.row(0).transpose()).mean - 3) < 5 * 1.4 / std::sqrt(1000.0));
}

TEST_CASE("a sample without density, and an epsilon of 0, are refused by their places") {
    const Model model = closed_model(R"({"kind": "gaussian", "mean": [0], "covariance": [[1]]})");
    const auto field = make_field(model);
    const auto b = potential("gaussian");
    const WorkChain vanishing{model, *field, b, b, [](double t) { return 1 - t; }, 4};
    CHECK(failure([&] { walked(vanishing, Direction::forward, Matrix::Zero(1, 2)); }) ==
          "64 --epsilon: is 0 at t = 1, and works need noise at every time; a constant has it");
    const auto wall = potential("expression,u=1/x1^2");
    const WorkChain chain{model, *field, wall, b, [](double) { return 0.1; }, 4};
    Matrix x(1, 3);
    x << 1, 2, 0;
    CHECK(failure([&] { walked(chain, Direction::forward, x); }) ==
          "65 x.h5: sample 3 has no density under its own potential, expression");
    const auto plain = works_at_rest(b, potential("gaussian,mean=1"), x, "x.h5");
    CHECK(plain.a[0] == doctest::Approx(0.5));
    CHECK(plain.a[2] == doctest::Approx(-0.5));
}
