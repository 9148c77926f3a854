#include <cmath>

#include <doctest/doctest.h>

#include "si/net/backbones.hpp"
#include "si/net/tape.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normals(Index rows, Index columns, std::uint32_t step) {
    Matrix z(rows, columns);
    fill_normal({23, Purpose::data, step}, 0, z);
    return z;
}

/// What becomes of a column of ones, in double.
Matrix dropped(double rate, Index rows, Index columns, const Chance* chance) {
    Graph graph;
    graph.output(dropout(graph, graph.input(rows), rate));
    Tape<double> tape(graph, columns, Tape<double>::Mode::differentiable);
    std::fill_n(tape.input(0), rows * columns, 1.0);
    Weights<double> weights(graph);
    const Vector none(0);
    weights.set(none.data());
    return Eigen::Map<const Matrix>(tape.forward(weights, columns, chance), rows, columns);
}

}  // namespace

TEST_CASE("dropout drops its part, keeps the mean, and does nothing without chance") {
    constexpr Index kRows = 37, kColumns = 500;
    constexpr double kRate = 0.3;
    const Chance chance{5, 2, 0, kColumns, 0};
    const Matrix y = dropped(kRate, kRows, kColumns, &chance);
    const auto n = static_cast<double>(y.size());
    const auto zeros = static_cast<double>((y.array() == 0).count());
    // Binomial; the rate is rounded to a multiple of 2^-16.
    const double error = std::sqrt(kRate * (1 - kRate) / n);
    CHECK(std::abs(zeros / n - kRate) < 5 * error + 1.0 / 65536);
    for (Index i = 0; i < y.size(); ++i) {
        const double value = y.data()[i];
        CHECK((value == 0 || std::abs(value - 1 / (1 - kRate)) < 1e-4));
    }
    CHECK(dropped(kRate, kRows, kColumns, nullptr) == Matrix::Ones(kRows, kColumns));
    // Units, samples, steps, seeds and networks are dropped apart: they agree as often as
    // independent ones would, (1 - p)^2 + p^2 = 0.58.
    const auto apart = [&](const Matrix& a, const Matrix& b) {
        const auto size = static_cast<double>(a.size());
        const auto same = static_cast<double>(((a.array() == 0) == (b.array() == 0)).count());
        CHECK(std::abs(same / size - 0.58) < 5 * std::sqrt(0.58 * 0.42 / size) + 1e-4);
    };
    for (const Chance& other : {Chance{6, 2, 0, kColumns, 0}, Chance{5, 3, 0, kColumns, 0},
                                Chance{5, 2, 0, kColumns, 1}, Chance{5, 2, 700, kColumns, 0}}) {
        apart(y, dropped(kRate, kRows, kColumns, &other));
    }
    apart(y.topRows(kRows - 1), y.bottomRows(kRows - 1));
    apart(y.leftCols(kColumns - 1), y.rightCols(kColumns - 1));
}

TEST_CASE("what dropout drops of a sample does not depend on its chunk, nor on the sign of z") {
    const Chance whole{5, 2, 0, 12, 0}, part{5, 2, 8, 4, 0};
    const Matrix all = dropped(0.5, 9, 24, &whole);
    CHECK(all.leftCols(12) == all.rightCols(12));
    CHECK(all.middleCols(8, 4) == dropped(0.5, 9, 4, &part));
}

TEST_CASE("gradients of networks with dropout agree with differences") {
    const std::vector<std::pair<const char*, Graph>> graphs = [] {
        std::vector<std::pair<const char*, Graph>> all;
        const NetworkShape vector{2, 2, {2}}, image{32, 32, {2, 4, 4}};
        const auto made = [](const char* spelling, const NetworkShape& shape) {
            return Choice<networks>(spelling).make(shape);
        };
        all.emplace_back("mlp", made("mlp,width=8,depth=2,fourier=0,dropout=0.4", vector));
        all.emplace_back("unet", made("unet,width=4,multipliers=1:2,blocks=1,dropout=0.4", image));
        all.emplace_back("sit", made("sit,patch=2,width=8,depth=1,heads=2,dropout=0.4", image));
        return all;
    }();
    constexpr Index kColumns = 3;
    const Chance chance{5, 2, 0, kColumns, 0};
    for (const auto& network : graphs) {
        const auto& name = std::get<0>(network);
        const auto& graph = std::get<1>(network);
        CAPTURE(name);
        const Index d = graph.rows(graph.output());
        Tape<double> tape(graph, kColumns, Tape<double>::Mode::differentiable);
        Weights<double> weights(graph);
        const Matrix x = normals(d, kColumns, 0), seed = normals(d, kColumns, 1);
        // Away from the start, where gates are zero and nothing gets through.
        Vector parameters = graph.initial(3).cast<double>();
        parameters += 0.3 * normals(parameters.size(), 1, 2);
        const auto value = [&](const Vector& at, const Chance* with) {
            weights.set(at.data());
            std::copy_n(x.data(), x.size(), tape.input(0));
            std::fill_n(tape.input(1), kColumns, 0.4);
            const Eigen::Map<const Matrix> y(tape.forward(weights, kColumns, with), d, kColumns);
            return y.cwiseProduct(seed).sum();
        };
        const double plain = value(parameters, nullptr), random = value(parameters, &chance);
        CHECK(std::abs(plain - random) > 1e-6);
        Vector gradient = Vector::Zero(parameters.size());
        std::copy_n(seed.data(), seed.size(), tape.seed());
        tape.backward(weights, kColumns, tape.seed(), gradient.data(), true);
        const Vector direction = normals(parameters.size(), 1, 4).normalized();
        constexpr double kStep = 1e-5;
        const double slope = (value(parameters + kStep * direction, &chance) -
                              value(parameters - kStep * direction, &chance)) /
                             (2 * kStep);
        // Central differences are off by h^2 times a third derivative, and by rounding.
        CHECK(gradient.dot(direction) ==
              doctest::Approx(slope).epsilon(1e-6).scale(gradient.norm()));
    }
}
