#include <cmath>
#include <functional>
#include <numbers>

#include <doctest/doctest.h>

#include "si/net/gemm.hpp"
#include "si/net/network.hpp"
#include "si/net/ops.hpp"
#include "si/net/tape.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

/// Every op as a small graph with inputs x (3 rows) and t (1 row). A new op joins here, and is
/// then held to the laws below.
struct Sample {
    const char* name;
    std::function<void(Graph&, Var, Var)> record;
};

std::vector<Sample> samples() {
    std::vector<Sample> list{
        {"linear", [](Graph& g, Var x, Var) { g.output(linear(g, x, 5, "l")); }},
        {"linear without bias",
         [](Graph& g, Var x, Var) { g.output(linear(g, x, 5, "l", {.bias = false})); }},
        {"add", [](Graph& g, Var x, Var) { g.output(add(g, linear(g, x, 3, "l"), x)); }},
        {"add to itself", [](Graph& g, Var x, Var) { g.output(add(g, x, x)); }},
        {"scale", [](Graph& g, Var x, Var) { g.output(scale(g, linear(g, x, 2, "l"), -1.7)); }},
        {"concat",
         [](Graph& g, Var x, Var t) {
             g.output(linear(g, concat(g, {x, t, x}), 4, "l"));
         }},
        {"sine_cosine",
         [](Graph& g, Var x, Var) { g.output(sine_cosine(g, linear(g, x, 2, "l"))); }},
        {"harmonics",
         [](Graph& g, Var, Var t) { g.output(linear(g, harmonics(g, t, 3), 4, "l")); }},
        {"shared", [](Graph& g, Var x, Var) {
             const Var h = linear(g, x, 3, "a", {.activation = "tanh"});
             g.output(add(g, linear(g, h, 3, "b", {.activation = "silu"}), h));
         }}};
    for (const Activation& row : activations()) {
        list.push_back({row.name.data(), [&row](Graph& g, Var x, Var) {
                            const Var h =
                                linear(g, x, 6, "l", {.activation = row.name, .gain = 1.5});
                            g.output(activation(g, h, row.name));
                        }});
    }
    for (const NetworkRow& row : networks()) {
        if (row.images) continue;  // image_net_test.cpp
        list.push_back({row.name.data(), [&row](Graph& g, Var, Var) {
                            g = row.make(Json::object(), {3, 2});
                        }});
    }
    list.push_back(
        {"mlp with everything", [](Graph& g, Var, Var) {
             g = networks().at("mlp").make(
                 Json::parse(R"({"width": 7, "depth": 3, "fourier": 4, "residual": true})"),
                 {3, 2});
         }});
    return list;
}

Graph record(const Sample& sample) {
    Graph g;
    const Var x = g.input(3), t = g.input(1);
    sample.record(g, x, t);
    return g;
}

Matrix normals(Index rows, Index columns, std::uint32_t step) {
    Matrix z(rows, columns);
    fill_normal({11, Purpose::data, step}, 0, z);
    return z;
}

template <class T>
void put_inputs(Tape<T>& tape, const Matrix& x, const Matrix& t) {
    for (Index i = 0; i < x.size(); ++i) tape.input(0)[i] = static_cast<T>(x.data()[i]);
    for (Index i = 0; i < t.size(); ++i) tape.input(1)[i] = static_cast<T>(t.data()[i]);
}

}  // namespace

TEST_CASE("gradients of every op agree with differences in double") {
    for (const Sample& sample : samples()) {
        CAPTURE(std::string(sample.name));
        const Graph g = record(sample);
        const Index n = 4, rows = g.rows(g.output());
        // As a network starts, with biases that are not zero.
        Vector w = g.initial(4).cast<double>();
        if (w.size() > 0) w += 0.05 * normals(w.size(), 1, 1).col(0);
        Matrix x = normals(3, n, 2), t = normals(1, n, 3), weights = normals(rows, n, 4);
        Tape<double> tape(g, n, Tape<double>::Mode::differentiable);
        const auto objective = [&] {  // a linear functional of the outputs
            put_inputs(tape, x, t);
            const double* y = tape.forward(w.data(), n);
            return Eigen::Map<const Matrix>(y, rows, n).cwiseProduct(weights).sum();
        };
        objective();
        Vector dw = Vector::Zero(w.size());
        for (int twice = 0; twice < 2; ++twice) {  // a second backward adds the same again
            Eigen::Map<Matrix>(tape.seed(), rows, n) = weights;
            tape.backward(w.data(), n, tape.seed(), dw.data(), true);
        }
        dw /= 2;
        const Matrix dx = Eigen::Map<const Matrix>(tape.d_input(0), 3, n);
        const Matrix dt = Eigen::Map<const Matrix>(tape.d_input(1), 1, n);

        const auto difference = [&](double& number) {  // fourth order: error ~ h^4, 1e-13 / h
            const double h = 1e-3, at = number;
            const auto value = [&](double to) {
                number = to;
                const double result = objective();
                number = at;
                return result;
            };
            return (8 * (value(at + h) - value(at - h)) - (value(at + 2 * h) - value(at - 2 * h))) /
                   (12 * h);
        };
        double worst = 0;
        const auto compare = [&](double exact, double& number) {
            const double d = difference(number);
            worst = std::max(worst, std::abs(exact - d) / (1 + std::abs(d)));
        };
        for (Index i = 0; i < x.size(); ++i) compare(dx.data()[i], x.data()[i]);
        for (Index i = 0; i < t.size(); ++i) compare(dt.data()[i], t.data()[i]);
        const Index stride = std::max<Index>(1, g.parameters() / 400);
        for (Index i = 0; i < g.parameters(); i += stride) compare(dw[i], w[i]);
        CHECK(worst < 1e-7);
    }
}

TEST_CASE("float and double tapes agree, and forward-only is the same") {
    for (const Sample& sample : samples()) {
        CAPTURE(std::string(sample.name));
        const Graph g = record(sample);
        const Index n = 16, rows = g.rows(g.output());
        const Vector w = normals(std::max<Index>(g.parameters(), 1), 1, 1).col(0) * 0.3;
        const Eigen::VectorXf wf = w.cast<float>();
        const Vector wd = wf.cast<double>();
        const Matrix x = normals(3, n, 2).cast<float>().cast<double>();
        const Matrix t = normals(1, n, 3).cast<float>().cast<double>();
        Tape<double> exact(g, n, Tape<double>::Mode::differentiable);
        Tape<float> tape(g, n, Tape<float>::Mode::differentiable);
        Tape<float> lean(g, n, Tape<float>::Mode::forward_only);
        put_inputs(exact, x, t);
        put_inputs(tape, x, t);
        put_inputs(lean, x, t);
        const Matrix y = Eigen::Map<const Matrix>(exact.forward(wd.data(), n), rows, n);
        const MatrixF yf = Eigen::Map<const MatrixF>(tape.forward(wf.data(), n), rows, n);
        CHECK(yf == Eigen::Map<const MatrixF>(lean.forward(wf.data(), n), rows, n));
        CHECK((yf.cast<double>() - y).cwiseAbs().maxCoeff() < 2e-5 * (1 + y.cwiseAbs().maxCoeff()));

        Eigen::VectorXf df = Eigen::VectorXf::Zero(wf.size());
        Vector dd = Vector::Zero(w.size());
        Eigen::Map<Matrix>(exact.seed(), rows, n).setOnes();
        Eigen::Map<MatrixF>(tape.seed(), rows, n).setOnes();
        exact.backward(wd.data(), n, exact.seed(), dd.data(), false);
        tape.backward(wf.data(), n, tape.seed(), df.data(), false);
        CHECK((df.cast<double>() - dd).norm() <= 2e-5 * (1 + dd.norm()));
    }
}

TEST_CASE("a column's result does not depend on where it stands or who is with it") {
    for (const char* spec :
         {R"({"width": 64})", R"({"width": 100, "fourier": 5})", R"({"width": 3})"}) {
        for (const Index dim : {1, 2, 17}) {
            CAPTURE(spec);
            CAPTURE(dim);
            const Graph g = networks().at("mlp").make(Json::parse(spec), NetworkShape{dim, dim});
            const Eigen::VectorXf w = g.initial(4);
            const Index n = 256;
            const Matrix x = normals(dim, n, 2), t = normals(1, n, 3);
            Tape<float> tape(g, n, Tape<float>::Mode::differentiable);
            const auto run = [&](Index first, Index count) {
                put_inputs(tape, x.middleCols(first, count), t.middleCols(first, count));
                MatrixF both(2 * dim, count);
                both.topRows(dim) =
                    Eigen::Map<const MatrixF>(tape.forward(w.data(), count), dim, count);
                Eigen::Map<MatrixF>(tape.seed(), dim, count).setOnes();
                tape.backward(w.data(), count, tape.seed(), nullptr, true);
                both.bottomRows(dim) = Eigen::Map<const MatrixF>(tape.d_input(0), dim, count);
                return both;
            };
            const MatrixF all = run(0, n);
            for (const Index count : {16, 32, 48, 80, 128, 240}) {
                for (const Index first : {0, 1, 5, 16}) {
                    CHECK(run(first, count) == all.middleCols(first, count));
                }
            }
        }
    }
}

TEST_CASE("activations in float are good to a few units in the last place") {
    for (const Activation& row : activations()) {
        CAPTURE(std::string(row.name));
        double worst = 0;
        for (double x = -100; x <= 100; x += 0.01) {
            float y = static_cast<float>(x), slope = 0;
            double exact = static_cast<double>(y), exact_slope = 0;
            row.in_float(1, 1, nullptr, &y, &slope);
            row.in_double(1, 1, nullptr, &exact, &exact_slope);
            worst =
                std::max(worst, std::abs(static_cast<double>(y) - exact) / (1 + std::abs(exact)));
            worst = std::max(worst, std::abs(static_cast<double>(slope) - exact_slope));
        }
        CHECK(worst < 1e-6);
    }
    for (double x = -200; x <= 200; x += 0.013) {
        const auto at = static_cast<float>(x);
        std::array<float, 2> y{};
        sine_cosine<float>(1, 1, &at, y.data());
        CHECK(std::abs(static_cast<double>(y[0]) - std::sin(static_cast<double>(at))) < 2e-5);
        CHECK(std::abs(static_cast<double>(y[1]) - std::cos(static_cast<double>(at))) < 2e-5);
    }
}

TEST_CASE("gelu-tanh is the formula that transformers publish") {
    const Activation& row = activations().at("gelu-tanh");
    const double step = 1e-5;
    for (double x = -8; x <= 8; x += 0.37) {
        const auto published = [](double at) {
            const double u = std::sqrt(2 / std::numbers::pi) * (at + 0.044715 * at * at * at);
            return 0.5 * at * (1 + std::tanh(u));
        };
        double y = x, slope = 0;
        row.in_double(1, 1, nullptr, &y, &slope);
        CHECK(y == doctest::Approx(published(x)).epsilon(1e-12));
        CHECK(slope == doctest::Approx((published(x + step) - published(x - step)) / (2 * step))
                           .epsilon(1e-8));
    }
    for (const double far : {-1e30, 1e30}) {
        auto y = static_cast<float>(far), slope = 0.5F;
        row.in_float(1, 1, nullptr, &y, &slope);
        CHECK(y == doctest::Approx(std::max(far, 0.0)));
        CHECK(slope == doctest::Approx(far > 0 ? 1 : 0));
    }
    // Within 1e-3 of the exact one, and not the same.
    double y = 1, exact = 1;
    row.in_double(1, 1, nullptr, &y, nullptr);
    activations().at("gelu").in_double(1, 1, nullptr, &exact, nullptr);
    CHECK(std::abs(y - exact) > 1e-4);
    CHECK(std::abs(y - exact) < 1e-3);
}

TEST_CASE("tensors tile the flat vector and have distinct names") {
    for (const NetworkRow& row : networks()) {
        const Graph g = row.make(Json::object(), {64, 64, {1, 8, 8}});
        Index at = 0;
        std::vector<std::string> names;
        for (const Tensor& tensor : g.tensors()) {
            CHECK(tensor.offset == at);
            CHECK(std::find(names.begin(), names.end(), tensor.name) == names.end());
            names.push_back(tensor.name);
            at += tensor.size();
        }
        CHECK(at == g.parameters());
    }
}
