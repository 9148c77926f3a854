#include "si/energy/potential.hpp"

#include <cmath>
#include <fstream>
#include <numbers>

#include <doctest/doctest.h>

#include "scratch.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

ScalarPotential made(const std::string& words, const std::vector<Index>& shape,
                     Meaning meaning = Meaning::energy) {
    return {Choice<potentials>(words), shape, meaning};
}

Matrix normal(Index d, Index n, double scale = 1) {
    Matrix x(d, n);
    fill_normal({3, Purpose::data, 0}, 0, x);
    return scale * x;
}

/// log of the integral of e^-U over a line, by the trapezoid, exact for what ends in zeros.
template <class U>
double log_integral(double from, double to, int points, const U& u) {
    const double h = (to - from) / points;
    double least = 1e300;
    std::vector<double> values;
    for (int i = 0; i <= points; ++i) {
        values.push_back(u(from + i * h));
        least = std::min(least, values.back());
    }
    double sum = 0;
    for (const double value : values) sum += std::exp(least - value);
    return std::log(h * sum) - least;
}

double at(const ScalarPotential& potential, std::initializer_list<double> x) {
    Matrix point(static_cast<Index>(x.size()), 1);
    std::copy(x.begin(), x.end(), point.data());
    return potential.values(point)[0];
}

}  // namespace

TEST_CASE("gradients of every row are those of its values") {
    const Scratch scratch;
    const auto file = scratch / "m.json";
    std::ofstream(file) << R"({"kind": "mixture", "weights": [0.3, 0.7],
        "means": [[-1, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0]], "covariances": [1, 0.25]})";
    const double h = 1e-5;
    for (const std::string& words :
         {std::string("gaussian,covariance=0.5"), "mixture,file=" + file,
          std::string("phi4,lattice=2:3,umbrella=10,centre=0.4"),
          std::string("lennard-jones,particles=2,pairs=twice,sigma=0.8"),
          std::string("double-well,kt=2,offset=3"), std::string("many-well,linear=0.3"),
          std::string("expression,u=(x1-x2)^2*sin(x3)+x4^x5/(1+x6^2)-exp(-x1)*abs(x2)^1.5,kt=0.5"),
          std::string("expression,u=tanh(x1)*cosh(x2)-sqrt(x3^2+1)+log(2+cos(x4))+2^x5")}) {
        CAPTURE(words);
        const auto potential = made(words, {6});
        Matrix x = normal(6, 5);
        x.row(3) = x.row(3).cwiseAbs();  // the base of a power
        Matrix gradients;
        const Vector values = potential.values(x, gradients);
        CHECK(values == potential.values(x));
        for (Index i = 0; i < 6; ++i) {
            Matrix up = x, down = x;
            up.row(i).array() += h;
            down.row(i).array() -= h;
            const Vector slope = (potential.values(up) - potential.values(down)) / (2 * h);
            for (Index j = 0; j < 5; ++j) {
                const double size = 1 + std::abs(slope[j]) + std::abs(values[j]);
                CHECK(std::abs(gradients(i, j) - slope[j]) < 2e-7 * size);
            }
        }
    }
}

TEST_CASE("densities are normalised, and wells have their integrals") {
    const auto gaussian = made("gaussian,mean=1,covariance=0.25", {1});
    const auto of = [](const ScalarPotential& potential) {
        return [&potential](double x) { return at(potential, {x}); };
    };
    CHECK(log_integral(-5, 7, 400, of(gaussian)) == doctest::Approx(0).epsilon(1e-12));
    const double well = log_integral(-6, 6, 4000, of(made("double-well", {1})));
    CHECK(well == doctest::Approx(9.374541).epsilon(1e-7));
    // A pair is a well and a Gaussian; 16 of them, 164.69568.
    const double pair = well + std::log(2 * std::numbers::pi) / 2;
    CHECK(16 * pair == doctest::Approx(164.695675).epsilon(1e-8));
    const Matrix x = normal(32, 3);
    const Vector all = made("many-well", {32}).values(x);
    for (Index j = 0; j < 3; ++j) {
        double sum = 0;
        for (Index k = 0; k < 32; k += 2) {
            sum += at(made("double-well", {2}), {x(k, j), x(k + 1, j)});
        }
        CHECK(all[j] == doctest::Approx(sum).epsilon(1e-13));
    }
    // k T and an offset are what they say.
    CHECK(at(made("double-well,kt=2,offset=1", {1}), {1.5}) ==
          doctest::Approx(at(made("double-well", {1}), {1.5}) / 2 + 1));
}

TEST_CASE("the field on a lattice of 2 x 2 and on a ring has its integral") {
    // On 2 x 2 a pair is two bonds. By quadrature, without this code: 1.279669, 2.153800.
    using Row = std::pair<std::string, double>;
    for (const Row& row : {Row{"phi4,lattice=2:2", 1.279669},
                           Row{"phi4,lattice=2:2,umbrella=10,centre=0.6", 0.272050},
                           Row{"phi4,lattice=4", 2.153800}, Row{"phi4,lattice=4,m2=0", 0.852447}}) {
        const std::string words = row.first;
        const double right = row.second;
        CAPTURE(words);
        const auto potential = made(words, {4});
        constexpr int kPoints = 25;
        const double h = 5.6 / (kPoints - 1);
        double sum = 0;
        Matrix x(4, kPoints);
        for (int a = 0; a < kPoints; ++a) {
            for (int b = 0; b < kPoints; ++b) {
                for (int c = 0; c < kPoints; ++c) {
                    for (int e = 0; e < kPoints; ++e) {
                        x.col(e) << a, b, c, e;
                    }
                    x = (x.array() * h - 2.8).matrix();
                    sum += (-potential.values(x).array()).exp().sum();
                }
            }
        }
        CHECK(4 * std::log(h) + std::log(sum) == doctest::Approx(right).epsilon(1e-5));
    }
}

TEST_CASE("two particles have the difference of free energies that quadrature has") {
    // Their distance r in three dimensions: Z ratio of U with pairs to U without.
    for (const auto& [words, right] :
         {std::pair<std::string, double>{"lennard-jones,particles=2", -0.104550},
          {"lennard-jones,particles=2,pairs=twice", -0.386134}}) {
        const auto full = made(words, {2, 3}),
                   none = made("lennard-jones,particles=2,epsilon=0", {6});
        const auto along = [](const ScalarPotential& potential) {
            return [&potential](double r) {
                return at(potential, {r / 2, 0, 0, -r / 2, 0, 0}) - 2 * std::log(r);
            };
        };
        const double ratio = log_integral(1e-9, 14, 200'000, along(full)) -
                             log_integral(1e-9, 14, 200'000, along(none));
        CHECK(-ratio == doctest::Approx(right).epsilon(1e-5));
    }
    CHECK(std::isinf(at(made("lennard-jones,particles=2", {6}), {0, 0, 0, 0, 0, 0})));
    CHECK(std::isinf(at(made("lennard-jones,particles=2", {6}), {0, 0, 0, 1e-30, 0, 0})));
}

TEST_CASE("a value has the sign that it is wanted for") {
    CHECK(at(made("double-well", {1}, Meaning::reward), {1.5}) ==
          -at(made("double-well", {1}), {1.5}));
    CHECK(at(made("expression,u=2*x1", {1}, Meaning::reward), {1.5}) == 3);
    CHECK(at(made("expression,u=2*x1", {1}), {1.5}) == 3);
}

TEST_CASE("what is not finite is no density, or is named") {
    CHECK(at(made("expression,u=1/abs(x1)", {1}), {0}) == std::numeric_limits<double>::infinity());
    Matrix gradients;
    const Matrix origin = Matrix::Zero(1, 1);
    made("expression,u=1/abs(x1)", {1}).values(origin, gradients);
    CHECK(gradients(0, 0) == 0);
    CHECK(failure([&] { at(made("expression,u=log(x1)", {1}), {0}); }) ==
          "65 expression: sample 1, at (0): is -inf");
    CHECK(at(made("expression,u=log(x1)", {1}, Meaning::reward), {0}) ==
          -std::numeric_limits<double>::infinity());
    CHECK(failure([&] {
              made("expression,u=sqrt(x1+x2)", {2}).values(-normal(2, 1).cwiseAbs(), 16);
          }).starts_with("65 expression: sample 17, at (-"));
}

TEST_CASE("settings that do not fit the samples are refused before anything runs") {
    const auto failing = [](const std::string& words, const std::vector<Index>& shape) {
        return failure([&] { made(words, shape); });
    };
    CHECK(failing("expression,u=x1+x3", {2}) ==
          "64 expression: u: column 4: there is no x3; samples have x1 to x2");
    CHECK(failing("expression,u=x1+", {2}) ==
          "64 expression: u: column 4: expected a number, x1, x2, ..., a function or '(', got the "
          "end");
    CHECK(failing("expression", {2}) == "64 expression: give the formula: u=FORMULA");
    CHECK(failing("phi4,lattice=3:3", {4}) ==
          "64 phi4: lattice: its sites are not the 4 numbers of a sample");
    CHECK(failing("phi4,lattice=2:8", {4, 4}) ==
          "64 phi4: lattice: its sites are not the 16 numbers of a sample");
    CHECK(failing("lennard-jones,particles=4", {6}) ==
          "64 lennard-jones: particles: the 6 numbers of a sample are not those of 4 particles");
    CHECK(failing("many-well", {3}) ==
          "64 many-well: pairs of coordinates: samples have 3 numbers");
    CHECK(failing("mixture", {3}) == "64 mixture: give the density: file=FILE");
    CHECK(failing("double-well,kt=0", {1}).starts_with("64 "));
}
