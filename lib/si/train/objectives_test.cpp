#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "si/interpolant/exact.hpp"
#include "si/train/batch.hpp"
#include "si/train/objective.hpp"
#include "si/train/stepper.hpp"
#include "si/train/weighting.hpp"
#include "support/examples.hpp"

using namespace si;

namespace {

// From N(0, 1) to N(1.5, 1/4) along trig with a Brownian latent: x_t is N(m, C), and a field
// k0 + k1 (x - m) has E|f|^2 = k0^2 + k1^2 C.
const InterpolantSpec kSpec{.path = "trig", .gamma = "brownian"};
constexpr double kFirst = 0.02, kLast = 0.98;
constexpr Index kDraws = 200'000, kPart = 10'000;

GaussianMixture start() { return examples::on_a_line({1}, {0}, {1}); }
GaussianMixture goal() { return examples::on_a_line({1}, {1.5}, {0.25}); }

/// E|f|^2 of a field at t, by the regression of Gaussians.
double square_of(Want flag, double t) {
    const auto c = Interpolant(kSpec).at(t);
    const double variance = c.alpha() * c.alpha() + c.beta() * c.beta() / 4 + c.gamma * c.gamma;
    const auto field = [&](double k0, double covariance) {
        return k0 * k0 + covariance * covariance / variance;
    };
    const double path = c.alpha() * c.alpha_dot() + c.beta() * c.beta_dot() / 4;
    switch (flag) {
        case kB:
            return field(1.5 * c.beta_dot(), path + c.gamma_gamma_dot);
        case kV:
            return field(1.5 * c.beta_dot(), path);
        case kS:
            return 1 / variance;
        case kEta:
            return field(0, c.gamma);
        case kX0:
            return field(0, c.alpha());
        case kX1:
            return field(1.5, c.beta() / 4);
        default:
            return field(1.5 * c.beta_dot(), path + c.gamma_gamma_dot - 0.5);
    }
}

struct Mean {
    double sum = 0, squares = 0;
    Index count = 0;
    void add(double value) {
        sum += value;
        squares += value * value;
        ++count;
    }
    double mean() const { return sum / static_cast<double>(count); }
    double error() const {
        const auto n = static_cast<double>(count);
        return std::sqrt((squares / n - mean() * mean()) / n);
    }
};

struct Loss {
    Mean exact, rise;  ///< of the exact field; and what a wrong field has more
    Mean wrong;        ///< |delta|^2 / 2
};

/// What is added to the exact field.
double delta(double t, double x) { return 0.3 * std::sin(2 * x) + 0.2 * t; }

Loss loss_of(const Quantity& row, bool antithetic) {
    const Setup setup{Interpolant(kSpec)};
    const MixtureField field(setup.interpolant, start(), goal());
    const auto evaluate = field.evaluator();
    Matrix x1(1, kDraws);
    goal().sample({4, Purpose::data, 0}, 0, x1);
    BatchSource source;
    source.setup = setup;
    source.ends = {nullptr, &x1};
    source.time = Choice<times>("uniform").make();
    source.first_time = kFirst;
    source.last_time = kLast;
    source.seed = 6;
    Pairs pairs;
    for (Index i = 0; i < kDraws; ++i) pairs.x1().rows.push_back(i);
    Loss loss;
    Batch batch;
    Matrix target;
    for (const Columns& columns : chunks(kDraws, kPart)) {
        build_batch(source, pairs, {.columns = columns, .batch = kDraws, .antithetic = antithetic},
                    batch);
        Matrix form = Matrix::Zero(1, columns.count), rise = form, half = form;
        for (int sign = 0; sign < (antithetic ? 2 : 1); ++sign) {
            const Matrix& x = sign == 0 ? batch.xt : batch.mirrored;
            FieldValues values;
            (*evaluate)(batch.t, x, row.flag, values);
            build_target(source, row, batch, sign == 0 ? 1 : -1, target);
            const Matrix& f = values.*row.value;
            for (Index j = 0; j < columns.count; ++j) {
                const double d = delta(batch.t[j], x(0, j)), share = antithetic ? 0.5 : 1;
                form(0, j) += share * f(0, j) * (f(0, j) / 2 - target(0, j));
                rise(0, j) += share * d * (f(0, j) - target(0, j) + d / 2);
                half(0, j) += share * d * d / 2;
            }
        }
        for (Index j = 0; j < columns.count; ++j) {
            loss.exact.add(form(0, j));
            loss.rise.add(rise(0, j));
            loss.wrong.add(half(0, j));
        }
    }
    return loss;
}

}  // namespace

TEST_CASE("every field has one objective, whose target has the field as its conditional mean") {
    // With E[z | x_t] = -gamma s, and one-sided E[x0 | x_t] = -alpha s, both are combinations of
    // the same unknowns.
    CHECK(objectives().names() == quantities().names());
    const auto check = [](const Setup& setup, const std::string& name) {
        for (const Quantity& row : quantities()) {
            for (const double t : {0.2, 0.5, 0.9}) {
                CAPTURE(name);
                CAPTURE(std::string(row.name));
                CAPTURE(t);
                const auto c = setup.interpolant.at(t);
                const auto w = objective_of(row).target(setup, t);
                Equation field = row.equation(setup, c);
                if (!w.finite()) continue;  // there is no score
                Equation mean{w.of_ends, -c.gamma * w.of_latent};
                for (Equation* e : {&field, &mean}) {
                    const double x0 = e->of_ends[0], x1 = e->of_ends[1];
                    if (setup.one_sided()) *e = {two_ends(0, x1), e->of_score - c.alpha() * x0};
                    if (setup.interpolant.mirror()) *e = {two_ends(0, x0 + x1), e->of_score};
                }
                CHECK(mean.of_score == doctest::Approx(field.of_score).epsilon(1e-9));
                for (Index k = 0; k < 2; ++k) {
                    CHECK(mean.of_ends[k] == doctest::Approx(field.of_ends[k]).epsilon(1e-9));
                }
            }
        }
    };
    examples::for_each_interpolant([&](const Interpolant& interpolant, const std::string& name) {
        check({interpolant}, name);
        const bool can_be_one_sided = !interpolant.has_latent() && !interpolant.mirror();
        if (can_be_one_sided) check({interpolant, BaseLaw::one_sided}, name + ", one-sided");
    });
    // The drift from a point is regular where the score is not.
    const Setup from_point{Interpolant({.path = "polynomial,n=2", .gamma = "brownian,a=2"}),
                           BaseLaw::point};
    CHECK(objectives().at("u").target(from_point, 0) == TargetWeights{two_ends(0, 0), 0});
}

TEST_CASE("every objective is least at the exact field, by the amount on paper (T14, T15)") {
    for (const Quantity& row : quantities()) {
        double least = 0;  // minus half of the mean of |f|^2 over the times; midpoint rule
        for (int i = 0; i < 2000; ++i) {
            least -= square_of(row.flag, kFirst + (kLast - kFirst) * (i + 0.5) / 2000) / 4000;
        }
        for (const bool antithetic : {false, true}) {
            CAPTURE(std::string(row.name));
            CAPTURE(antithetic);
            const Loss loss = loss_of(row, antithetic);
            CHECK(std::abs(loss.exact.mean() - least) < 5 * loss.exact.error());
            // And any other field has half the mean square of the difference more.
            CHECK(std::abs(loss.rise.mean() - loss.wrong.mean()) <
                  5 * (loss.rise.error() + loss.wrong.error()));
            CHECK(loss.wrong.mean() > 0.01);
        }
    }
}

TEST_CASE("the gradient of a step is the derivative of its loss, for all objectives (T16)") {
    // The operations of networks are checked in double; this is the step around them, in float32:
    // losses have relative errors of 1e-6, and move by a hundredth.
    Matrix x0(2, 300), x1(2, 300);
    fill_normal({4, Purpose::data, 1}, 0, x0);
    fill_normal({4, Purpose::data, 2}, 0, x1);
    BatchSource source;
    source.setup = {Interpolant(kSpec)};
    source.ends = {&x0, &x1};
    source.draw =
        Choice<couplings>("independent").make(CouplingData{.ends = {{300}, {300}}, .seed = 5});
    source.time = Choice<times>("uniform").make();
    source.first_time = kFirst;
    source.last_time = kLast;
    source.seed = 5;
    Threads threads(2);
    for (const char* antithetic : {"off", "on"}) {
        TrainSpec spec;
        spec.batch = 200;
        spec.optimizer = "adam";
        spec.antithetic = antithetic;
        spec.weights = {1, 0.5, 2, 1, 3, 1, 0.7};
        std::vector<const Quantity*> learned;
        for (const Quantity& row : quantities()) learned.push_back(&row);
        const Graph graph =
            Choice<networks>("mlp,width=16,depth=2,fourier=4").make(NetworkShape{2, 2});
        TrainStepper machine(graph, learned, source, spec, 7, threads);
        const Eigen::Map<const Vector> weight(spec.weights.data(), std::ssize(spec.weights));
        const Eigen::VectorXf w = machine.parameters();
        const auto loss_at = [&](const Eigen::VectorXf& parameters) {
            machine.begin_with(parameters);
            return machine.step(0, 0).form.dot(weight) / 2;  // a coordinate
        };
        loss_at(w);
        // Along each network's own part of the gradient: an error of one objective cannot hide.
        for (Index k = 0; k < std::ssize(learned); ++k) {
            CAPTURE(std::string(learned[static_cast<std::size_t>(k)]->name));
            CAPTURE(std::string(antithetic));
            loss_at(w);
            Eigen::VectorXf along = Eigen::VectorXf::Zero(w.size());
            const auto part = Eigen::seqN(k * graph.parameters(), graph.parameters());
            along(part) = machine.gradient()(part);
            const double slope = along.norm();
            const auto h = static_cast<float>(0.01 / slope);
            along /= static_cast<float>(slope);
            const double difference = (loss_at(w + h * along) - loss_at(w - h * along)) / (2 * h);
            CHECK(difference == doctest::Approx(slope).epsilon(5e-3));
        }
    }
}

TEST_CASE("x_t starts at x0 and ends at x1, bit for bit, with the moments between (T3)") {
    const Index n = 100'000;
    Matrix x0(2, n), x1(2, n);
    fill_normal({4, Purpose::data, 3}, 0, x0);
    fill_normal({4, Purpose::data, 4}, 0, x1);
    x0 = (0.5 * x0.array() - 1).matrix();
    x1.row(1) += 0.6 * x1.row(0);  // covariance ((1, 0.6), (0.6, 1.36)), mean 2
    x1.array() += 2;
    Batch batch;
    batch.x0() = x0;
    batch.x1() = x1;
    batch.z.resize(2, n);
    fill_normal({4, Purpose::latent, 5}, 0, batch.z);
    examples::for_each_interpolant([&](const Interpolant& interpolant, const std::string& name) {
        if (interpolant.mirror()) return;
        CAPTURE(name);
        const bool exact_start = interpolant.spec().path.row().start_tolerance == 0;
        if (!interpolant.has_latent()) batch.z.resize(0, 0);
        for (const double t : {0.0, 0.3, 1.0}) {
            batch.t = Vector::Constant(n, t);
            mix({interpolant}, false, batch);
            if (t == 0 && exact_start) CHECK(batch.xt == x0);
            if (t == 1) CHECK(batch.xt == x1);
            if (t != 0.3) continue;
            const auto c = interpolant.at(t);
            const Vector mean = batch.xt.rowwise().mean();
            const Matrix centred = batch.xt.colwise() - mean;
            const Matrix covariance = centred * centred.transpose() / static_cast<double>(n);
            Matrix wanted{{1.0, 0.6}, {0.6, 1.36}};
            wanted *= c.beta() * c.beta();
            wanted.diagonal().array() += c.alpha() * c.alpha() / 4 + c.gamma * c.gamma;
            for (Index i = 0; i < 2; ++i) {
                CHECK(std::abs(mean[i] - (2 * c.beta() - c.alpha())) <=
                      5 * std::sqrt(wanted(i, i) / static_cast<double>(n)) + 1e-12);
                for (Index j = 0; j < 2; ++j) {  // of Gaussians
                    const double error =
                        std::sqrt((wanted(i, i) * wanted(j, j) + wanted(i, j) * wanted(i, j)) /
                                  static_cast<double>(n));
                    CHECK(std::abs(covariance(i, j) - wanted(i, j)) <= 5 * error + 1e-12);
                }
            }
        }
        batch.z.resize(2, n);
        fill_normal({4, Purpose::latent, 5}, 0, batch.z);
    });
}

TEST_CASE("every weighting is positive and finite for some field, and refuses the others by name") {
    const std::vector<Setup> setups{{Interpolant({.path = "linear"}), BaseLaw::one_sided},
                                    {Interpolant({.path = "trig"}), BaseLaw::one_sided},
                                    {Interpolant(kSpec)}};
    for (const WeightingRow& row : weightings()) {
        CAPTURE(std::string(row.name));
        int made = 0;
        for (const Setup& setup : setups) {
            for (const Quantity& learned : quantities()) {
                CAPTURE(std::string(learned.name));
                Weighting weight;
                try {
                    weight = Choice<weightings>(std::string(row.name)).make(setup, learned);
                } catch (const Error& error) {
                    CHECK(error.kind() == Failure::usage);
                    CHECK(std::string(error.what()).find(row.name) != std::string::npos);
                    continue;
                }
                ++made;
                for (const double t : {0.01, 0.2, 0.5, 0.8, 0.99}) {
                    CAPTURE(t);
                    const double value = weight ? weight(t) : 1;
                    CHECK(value > 0);
                    CHECK(std::isfinite(value));
                }
            }
        }
        CHECK(made > 0);
    }
}

TEST_CASE("weights of the loss are those of SiT, in its own parametrisations") {
    // arXiv:2401.08740, section 2.4, on the linear path: D = (1 - t) / t, sigma = 1 - t. An error
    // of eta counts (D / sigma)^2 or D / sigma^2; of the score, sigma s is what is compared there.
    const Setup linear{Interpolant({.path = "linear"}), BaseLaw::one_sided};
    const auto of = [&](const char* weighting, const char* learned) {
        return Choice<weightings>(weighting).make(linear, quantities().at(learned));
    };
    const auto noise = of("noise", "s"), velocity = of("velocity,cap=1e9", "eta"),
               of_number = of("velocity,cap=1e9", "s"),
               likelihood = of("likelihood,cap=1e9", "eta"),
               of_both = of("likelihood,cap=1e9", "s"), capped = of("velocity,cap=3", "eta");
    for (const double t : {0.1, 0.5, 0.9}) {
        const double d = (1 - t) / t, sigma = 1 - t;
        CHECK(noise(t) == doctest::Approx(sigma * sigma));
        CHECK(velocity(t) == doctest::Approx(std::pow(d / sigma, 2)));
        CHECK(of_number(t) == doctest::Approx(d * d));
        CHECK(likelihood(t) == doctest::Approx(d / (sigma * sigma)));
        CHECK(of_both(t) == doctest::Approx(d));
        CHECK(capped(t) == doctest::Approx(std::min(std::pow(d / sigma, 2), 3.0)));
        CHECK(of("velocity", "b")(t) == doctest::Approx(1));
    }
    CHECK_THROWS_AS(of("noise", "eta"), Error);
}

TEST_CASE("the losses of a sample do not care how many ends its target is made of") {
    // A third end of weight 0 changes nothing, and one that repeats the second shares its weight.
    const std::vector<double> x0{0.3, -1, 2, 0.25, 1, 7, -2, 0.5, 3, 1, 0.125},
        x1{1, 0.5, -2, 4, 0.75, 3, 1, -1, 2, 6, 8}, z(11, -0.5);
    const std::vector<float> f(11, 0.375F);
    std::vector<float> two(11), three(11);
    for (const bool latent : {false, true}) {
        const auto losses = [&](const TargetWeights& w, std::span<const double* const> ends,
                                std::vector<float>& derivative) {
            return column_losses({.rows = 11,
                                  .w = w,
                                  .ends = ends,
                                  .z = latent ? z.data() : nullptr,
                                  .f = f.data(),
                                  .scale = 2},
                                 derivative.data());
        };
        TargetWeights whole{two_ends(0.25, 1.5), 3}, split;
        split.of_ends.resize(3);
        split.of_ends << 0.25, 0.5, 1;
        split.of_latent = 3;
        const std::array<const double*, 2> pair{x0.data(), x1.data()};
        const std::array<const double*, 3> triple{x0.data(), x1.data(), x1.data()};
        const LossSums a = losses(whole, pair, two), b = losses(split, triple, three);
        CHECK(a.form == doctest::Approx(b.form).epsilon(1e-14));
        CHECK(a.square == doctest::Approx(b.square).epsilon(1e-14));
        CHECK(two == three);
    }
}
