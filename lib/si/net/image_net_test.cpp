#include <cmath>
#include <functional>

#include <doctest/doctest.h>

#include "si/net/backbones.hpp"
#include "si/net/tape.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normals(Index rows, Index columns, std::uint32_t step) {
    Matrix z(rows, columns);
    fill_normal({17, Purpose::data, step}, 0, z);
    return z;
}

/// An op at work, with one input of `rows` numbers.
struct Sample {
    const char* name;
    Index rows;
    std::function<void(Graph&, Var)> record;
};

constexpr ImageSize kSmall{4, 6};

/// An image of two channels, (2, 4, 6), as its graph begins.
Var image(Graph& g, Var x) { return channels_last(g, x, 2); }

/// Rows for conditions of an op under test, made from x.
Var few(Graph& g, Var x, Index rows, const char* name) {
    return linear(g, split(g, x, 8).front(), rows, name);
}

std::vector<Sample> samples() {
    return {
        {"channels last and first", 48,
         [](Graph& g, Var x) { g.output(channels_first(g, image(g, x))); }},
        {"patches", 48, [](Graph& g, Var x) { g.output(patches(g, image(g, x), kSmall, 2)); }},
        {"enlarge", 48, [](Graph& g, Var x) { g.output(enlarge(g, image(g, x), kSmall)); }},
        {"split", 48,
         [](Graph& g, Var x) {
             const auto parts = split(g, x, 3);
             g.output(concat(g, {parts[2], parts[0], parts[2]}));
         }},
        {"linear at each position", 48,
         [](Graph& g, Var x) { g.output(linear(g, image(g, x), 5, "l", {.activation = "silu"})); }},
        {"concat at each position", 48,
         [](Graph& g, Var x) {
             const Var i = image(g, x);
             g.output(concat(g, {linear(g, i, 3, "l"), i}));
         }},
        {"convolve", 48,
         [](Graph& g, Var x) { g.output(convolve(g, image(g, x), kSmall, 3, "c")); }},
        {"convolve a circle", 48,
         [](Graph& g, Var x) {
             const Var h = convolve(g, image(g, x), kSmall, 3, "c", {.circular = true});
             g.output(convolve(g, h, kSmall, 2, "d", {.circular = true}));
         }},
        {"group norm", 96,
         [](Graph& g, Var x) { g.output(group_norm(g, channels_last(g, x, 4), 2, "n")); }},
        {"layer norm", 96,
         [](Graph& g, Var x) { g.output(layer_norm(g, channels_last(g, x, 4))); }},
        {"modulate", 48,
         [](Graph& g, Var x) {
             g.output(modulate(g, image(g, x), few(g, x, 2, "shift"), few(g, x, 2, "scale")));
         }},
        {"add gated", 48,
         [](Graph& g, Var x) {
             const Var i = image(g, x);
             g.output(add_gated(g, i, few(g, x, 2, "gate"), linear(g, i, 2, "y")));
         }},
        {"attention", 48,
         [](Graph& g, Var x) { g.output(attention(g, linear(g, image(g, x), 18, "qkv"), 2)); }},
        {"attention of many", 300,
         [](Graph& g, Var x) { g.output(attention(g, channels_last(g, x, 3), 1)); }},
        {"constant", 48,
         [](Graph& g, Var x) { g.output(add_constant(g, x, std::vector<double>(48, 0.3))); }},
        {"sinusoids", 1, [](Graph& g, Var x) { g.output(sinusoids(g, x, 5, 100)); }},
    };
}

Graph record(const Sample& sample) {
    Graph g;
    const Var x = g.input(sample.rows);
    sample.record(g, x);
    return g;
}

/// What a graph is given: numbers, and for labels whole ones.
std::vector<Matrix> inputs_of(const Graph& g, Index n, Index labels = 0) {
    std::vector<Matrix> all;
    for (std::size_t k = 0; k < g.inputs().size(); ++k) {
        all.push_back(normals(g.rows(g.inputs()[k]), n, static_cast<std::uint32_t>(10 + k)));
    }
    if (labels > 0) {
        for (Index j = 0; j < n; ++j) all[2](0, j) = static_cast<double>(j % (labels + 1));
    }
    return all;
}

template <class T>
void fill(Tape<T>& tape, const std::vector<Matrix>& inputs) {
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        for (Index i = 0; i < inputs[k].size(); ++i) {
            tape.input(k)[i] = static_cast<T>(inputs[k].data()[i]);
        }
    }
}

/// Largest difference between derivatives of a linear functional of the output and fourth-order
/// differences, over at most `most` of the parameters and of the numbers of x and t.
double worst_gradient(const Graph& g, std::vector<Matrix> inputs, Index most) {
    const Index n = inputs[0].cols(), rows = g.rows(g.output());
    Vector w = g.initial(4).cast<double>();
    if (w.size() > 0) w += 0.1 * normals(w.size(), 1, 1).col(0);
    const Matrix weights = normals(rows, n, 4);
    Tape<double> tape(g, n, Tape<double>::Mode::differentiable);
    const auto objective = [&] {
        fill(tape, inputs);
        const double* y = tape.forward(w.data(), n);
        return Eigen::Map<const Matrix>(y, rows, n).cwiseProduct(weights).sum();
    };
    objective();
    Vector dw = Vector::Zero(w.size());
    for (int twice = 0; twice < 2; ++twice) {
        Eigen::Map<Matrix>(tape.seed(), rows, n) = weights;
        tape.backward(w.data(), n, tape.seed(), dw.data(), true);
    }
    dw /= 2;
    std::vector<Matrix> dx;
    for (std::size_t k = 0; k < std::min<std::size_t>(2, inputs.size()); ++k) {
        dx.emplace_back(Eigen::Map<const Matrix>(tape.d_input(k), inputs[k].rows(), n));
    }
    double worst = 0;
    const auto compare = [&](double exact, double& number) {
        const double h = 1e-3, at = number;
        const auto value = [&](double to) {
            number = to;
            const double result = objective();
            number = at;
            return result;
        };
        const double d =
            (8 * (value(at + h) - value(at - h)) - (value(at + 2 * h) - value(at - 2 * h))) /
            (12 * h);
        worst = std::max(worst, std::abs(exact - d) / (1 + std::abs(d)));
    };
    for (std::size_t k = 0; k < dx.size(); ++k) {
        const Index stride = std::max<Index>(1, dx[k].size() / most);
        for (Index i = 0; i < dx[k].size(); i += stride) {
            compare(dx[k].data()[i], inputs[k].data()[i]);
        }
    }
    const Index stride = std::max<Index>(1, w.size() / most);
    for (Index i = 0; i < w.size(); i += stride) compare(dw[i], w[i]);
    return worst;
}

/// Every image network with a label, and with channels or numbers as a condition.
struct NetworkSample {
    std::string name;
    Json settings;
    NetworkShape shape;
};

std::vector<NetworkSample> network_samples() {
    const NetworkShape plain{128, 128, {2, 8, 8}};
    NetworkShape with_channels{128, 128, {2, 8, 8}, 3, {1, 8, 8}, true};
    NetworkShape with_numbers{128, 128, {2, 8, 8}, 3, {5}, false};
    std::vector<NetworkSample> list;
    for (const NetworkRow& row : networks()) {
        const Json small =
            row.name == "unet"  ? Json::parse(R"({"width": 6, "multipliers": [1, 2], "groups": 3,
                                                 "blocks": 1, "heads": 2})")
            : row.name == "sit" ? Json::parse(R"({"width": 8, "depth": 2, "heads": 2, "patch": 2})")
                                : Json::parse(R"({"width": 9, "depth": 2, "fourier": 3})");
        for (const auto& shape : {plain, with_channels, with_numbers}) {
            NetworkShape own = shape;
            if (own.masked && !row.images) own.condition = {2, 8, 8};
            list.push_back({std::string(row.name), small, own});
        }
    }
    return list;
}

}  // namespace

TEST_CASE("gradients of image ops agree with differences in double") {
    for (const Sample& sample : samples()) {
        CAPTURE(std::string(sample.name));
        const Graph g = record(sample);
        CHECK(worst_gradient(g, inputs_of(g, 3), 400) < 1e-7);
    }
}

TEST_CASE("gradients of networks with labels and conditions agree with differences") {
    for (const auto& sample : network_samples()) {
        CAPTURE(sample.name);
        CAPTURE(sample.shape.labels);
        const Graph g = networks().at(sample.name).make(sample.settings, sample.shape);
        auto inputs = inputs_of(g, 2, sample.shape.labels);
        if (sample.shape.masked) inputs[3] = (inputs[3].array() > 0).cast<double>();
        CHECK(worst_gradient(g, inputs, 40) < 1e-6);
    }
}

TEST_CASE("image ops and networks in float agree with those in double") {
    const auto check = [](const Graph& g, const std::vector<Matrix>& inputs) {
        const Index n = inputs[0].cols(), rows = g.rows(g.output());
        const Eigen::VectorXf wf =
            g.initial(4) + 0.1F * normals(std::max<Index>(g.parameters(), 1), 1, 1)
                                      .cast<float>()
                                      .col(0)
                                      .head(g.parameters());
        const Vector wd = wf.cast<double>();
        Tape<double> exact(g, n, Tape<double>::Mode::differentiable);
        Tape<float> tape(g, n, Tape<float>::Mode::differentiable);
        Tape<float> lean(g, n, Tape<float>::Mode::forward_only);
        std::vector<Matrix> rounded;
        for (const Matrix& x : inputs) rounded.push_back(x.cast<float>().cast<double>());
        fill(exact, rounded);
        fill(tape, rounded);
        fill(lean, rounded);
        const Matrix y = Eigen::Map<const Matrix>(exact.forward(wd.data(), n), rows, n);
        const MatrixF yf = Eigen::Map<const MatrixF>(tape.forward(wf.data(), n), rows, n);
        CHECK(yf == Eigen::Map<const MatrixF>(lean.forward(wf.data(), n), rows, n));
        CHECK((yf.cast<double>() - y).cwiseAbs().maxCoeff() < 5e-5 * (1 + y.cwiseAbs().maxCoeff()));
        Eigen::VectorXf df = Eigen::VectorXf::Zero(wf.size());
        Vector dd = Vector::Zero(wd.size());
        const Matrix seed = normals(rows, n, 7).cast<float>().cast<double>();
        Eigen::Map<Matrix>(exact.seed(), rows, n) = seed;
        Eigen::Map<MatrixF>(tape.seed(), rows, n) = seed.cast<float>();
        exact.backward(wd.data(), n, exact.seed(), dd.data(), true);
        tape.backward(wf.data(), n, tape.seed(), df.data(), true);
        CHECK((df.cast<double>() - dd).norm() <= 5e-5 * (1 + dd.norm()));
        const Eigen::Map<const MatrixF> dxf(tape.d_input(0), inputs[0].rows(), n);
        const Eigen::Map<const Matrix> dx(exact.d_input(0), inputs[0].rows(), n);
        CHECK((dxf.cast<double>() - dx).norm() <= 5e-5 * (1 + dx.norm()));
    };
    for (const Sample& sample : samples()) {
        CAPTURE(std::string(sample.name));
        const Graph g = record(sample);
        check(g, inputs_of(g, 5));
    }
    for (const auto& sample : network_samples()) {
        CAPTURE(sample.name);
        const Graph g = networks().at(sample.name).make(sample.settings, sample.shape);
        auto inputs = inputs_of(g, 5, sample.shape.labels);
        if (sample.shape.masked) inputs[3] = (inputs[3].array() > 0).cast<double>();
        check(g, inputs);
    }
}

TEST_CASE("a column of an image network does not depend on the others") {
    for (const auto& sample : network_samples()) {
        CAPTURE(sample.name);
        const Graph g = networks().at(sample.name).make(sample.settings, sample.shape);
        const Eigen::VectorXf w =
            g.initial(2) + 0.05F * normals(g.parameters(), 1, 1).cast<float>();
        const Index n = 7, rows = g.rows(g.output());
        auto inputs = inputs_of(g, n, sample.shape.labels);
        Tape<float> tape(g, n, Tape<float>::Mode::forward_only);
        fill(tape, inputs);
        const MatrixF all = Eigen::Map<const MatrixF>(tape.forward(w.data(), n), rows, n);
        for (Matrix& x : inputs) x = x.rightCols(3).eval();
        fill(tape, inputs);
        CHECK(Eigen::Map<const MatrixF>(tape.forward(w.data(), 3), rows, 3) == all.rightCols(3));
    }
}

TEST_CASE("attention is the softmax of scaled products") {
    const Index tokens = 70, heads = 2, size = 3, width = heads * size, n = 2;
    Graph g;
    const Var x = g.input(3 * width * tokens);
    Var in = x;
    in.positions = tokens;
    g.output(attention(g, in, heads));
    const Matrix qkv = 2 * normals(3 * width * tokens, n, 5);
    Tape<double> tape(g, n, Tape<double>::Mode::forward_only);
    Tape<float> rough(g, n, Tape<float>::Mode::forward_only);
    fill(tape, {qkv});
    fill(rough, {qkv});
    const double none = 0;
    const float nothing = 0;
    const Eigen::Map<const Matrix> y(tape.forward(&none, n), width * tokens, n);
    const Eigen::Map<const MatrixF> yf(rough.forward(&nothing, n), width * tokens, n);
    for (Index j = 0; j < n; ++j) {
        for (Index head = 0; head < heads; ++head) {
            const auto part = [&](Index token, Index which) {
                return qkv.col(j).segment(token * 3 * width + which * width + head * size, size);
            };
            for (Index a = 0; a < tokens; ++a) {
                Vector shares(tokens);
                for (Index b = 0; b < tokens; ++b) {
                    shares[b] = std::exp(part(a, 0).dot(part(b, 1)) / std::sqrt(3.0));
                }
                Vector seen = Vector::Zero(size);
                for (Index b = 0; b < tokens; ++b) seen += shares[b] / shares.sum() * part(b, 2);
                for (Index i = 0; i < size; ++i) {
                    const Index row = a * width + head * size + i;
                    CHECK(y(row, j) == doctest::Approx(seen[i]).epsilon(1e-12));
                    CHECK(static_cast<double>(yf(row, j)) ==
                          doctest::Approx(seen[i]).epsilon(1e-5));
                }
            }
        }
    }
}

TEST_CASE("attention to one token alone finds it at every place, however high its logit") {
    // q is 1 everywhere, and the logit of one token is 400, of another beside it 300, of the rest
    // 0: without the largest taken away, exp() cannot tell the two apart.
    const Index tokens = 70, size = 3;
    Graph g;
    Var in = g.input(3 * size * tokens);
    in.positions = tokens;
    g.output(attention(g, in, 1));
    Tape<float> tape(g, 1, Tape<float>::Mode::forward_only);
    const float nothing = 0;
    for (Index place = 0; place < tokens; ++place) {
        Matrix qkv = normals(3 * size * tokens, 1, 5);
        for (Index token = 0; token < tokens; ++token) {
            qkv.col(0).segment(token * 3 * size, size).setOnes();
            qkv.col(0)
                .segment(token * 3 * size + size, size)
                .setConstant((token == place         ? 400
                              : token == (place ^ 1) ? 300
                                                     : 0) /
                             std::sqrt(3.0));
        }
        fill(tape, {qkv});
        const Eigen::Map<const MatrixF> y(tape.forward(&nothing, 1), size, tokens);
        const Eigen::Vector3f seen =
            qkv.col(0).segment(place * 3 * size + 2 * size, size).cast<float>();
        CAPTURE(place);
        CHECK((y.colwise() - seen).cwiseAbs().maxCoeff() < 1e-6F);
    }
}

TEST_CASE("patches come apart and together") {
    Graph g;
    const Var x = g.input(3 * 8 * 12);
    const Var i = channels_last(g, x, 3);
    g.output(channels_first(g, from_patches(g, patches(g, i, {8, 12}, 4), {8, 12}, 4)));
    const Matrix images = normals(3 * 8 * 12, 2, 6);
    Tape<double> tape(g, 2, Tape<double>::Mode::forward_only);
    fill(tape, {images});
    const double none = 0;
    CHECK(Eigen::Map<const Matrix>(tape.forward(&none, 2), 288, 2) == images);
}

TEST_CASE("what a mask knows does not move") {
    NetworkShape shape{32, 32, {2, 4, 4}, 0, {1, 4, 4}, true};
    const Graph g = networks().at("unet").make(
        Json::parse(R"({"width": 4, "multipliers": [1, 2], "groups": 2})"), shape);
    const Eigen::VectorXf w = normals(g.parameters(), 1, 1).cast<float>().col(0);
    auto inputs = inputs_of(g, 3);
    inputs[2] = (inputs[2].array() > 0).cast<double>();
    Tape<float> tape(g, 3, Tape<float>::Mode::forward_only);
    fill(tape, inputs);
    const float* y = tape.forward(w.data(), 3);
    for (Index j = 0; j < 3; ++j) {
        for (Index i = 0; i < 32; ++i) {
            const bool known = inputs[2](i % 16, j) == 1;
            CHECK((y[j * 32 + i] == 0) == known);
        }
    }
}

TEST_CASE("a transformer of the paper has its number of parameters, and is zero at the start") {
    // arXiv:2401.08740, Table 1, in millions, on latents (4, 32, 32) of 1000 classes with patch 2.
    const std::vector<std::pair<const char*, double>> published{
        {"s", 33}, {"b", 130}, {"l", 458}, {"xl", 675}};
    for (const auto& known : published) {
        const auto& size = std::get<0>(known);
        const auto& millions = std::get<1>(known);
        const Graph g = networks().at("sit").make({{"size", size}, {"patch", 2}},
                                                  {4096, 4096, {4, 32, 32}, 1000});
        CAPTURE(size);
        CHECK(std::abs(static_cast<double>(g.parameters()) / 1e6 - millions) < 0.01 * millions);
    }
    const Graph g = networks().at("sit").make(Json::object(), {64, 64, {1, 8, 8}, 2});
    Tape<float> tape(g, 2, Tape<float>::Mode::forward_only);
    fill(tape, inputs_of(g, 2, 2));
    const Eigen::VectorXf w = g.initial(1);
    CHECK(Eigen::Map<const MatrixF>(tape.forward(w.data(), 2), 64, 2).isZero(0));
}

/// Parameters by a name and a number, whatever else is in the graph.
Eigen::VectorXd by_name(const Graph& g, const Eigen::VectorXf& initial,
                        bool (*wild)(const Tensor&)) {
    Eigen::VectorXd w = initial.cast<double>();
    for (const Tensor& tensor : g.tensors()) {
        if (!wild(tensor)) continue;
        const auto hash = static_cast<std::uint32_t>(std::hash<std::string>()(tensor.name));
        w.segment(tensor.offset, tensor.size()) = 0.3 * normals(tensor.size(), 1, hash);
    }
    return w;
}

TEST_CASE("the blocks of a transformer do nothing at the start") {
    // With all else at work: one block or three, the answer is the same.
    Matrix answers[2];
    for (const Index depth : {1, 3}) {
        const Graph g = networks().at("sit").make({{"depth", depth}}, {64, 64, {1, 8, 8}, 2});
        const auto w =
            by_name(g, g.initial(1), [](const Tensor& t) { return !t.name.starts_with("block."); });
        Tape<double> tape(g, 2, Tape<double>::Mode::forward_only);
        fill(tape, inputs_of(g, 2, 2));
        answers[depth / 2] = Eigen::Map<const Matrix>(tape.forward(w.data(), 2), 64, 2);
    }
    CHECK(answers[0].norm() > 1);
    CHECK(answers[0] == answers[1]);
    const Graph g = networks().at("sit").make({{"depth", 1}}, {64, 64, {1, 8, 8}, 2});
    const auto w = by_name(g, g.initial(1), [](const Tensor&) { return true; });
    Tape<double> tape(g, 2, Tape<double>::Mode::forward_only);
    fill(tape, inputs_of(g, 2, 2));
    CHECK((Eigen::Map<const Matrix>(tape.forward(w.data(), 2), 64, 2) - answers[0]).norm() > 0.1);
}

TEST_CASE("a U-Net on a circle moves with its image") {
    const NetworkShape shape{128, 128, {2, 8, 8}, 3};
    const Graph g = networks().at("unet").make(
        Json::parse(
            R"({"width": 8, "multipliers": [1, 2], "groups": 2, "circular": true, "attention": 16})"),
        shape);
    const auto w = by_name(g, g.initial(1), [](const Tensor&) { return true; });
    auto inputs = inputs_of(g, 2, 3);
    Tape<double> tape(g, 2, Tape<double>::Mode::forward_only);
    fill(tape, inputs);
    const Matrix still = Eigen::Map<const Matrix>(tape.forward(w.data(), 2), 128, 2);
    // By two pixels down and four to the right: the coarser level moves by one and two.
    const auto moved = [](const Matrix& x) {
        Matrix to(x.rows(), x.cols());
        for (Index k = 0; k < 2; ++k) {
            for (Index y = 0; y < 8; ++y) {
                for (Index at = 0; at < 8; ++at) {
                    to.row(k * 64 + (y + 2) % 8 * 8 + (at + 4) % 8) = x.row(k * 64 + y * 8 + at);
                }
            }
        }
        return to;
    };
    for (Matrix& x : inputs) {
        if (x.rows() == 128) x = moved(x);
    }
    fill(tape, inputs);
    const Matrix after = Eigen::Map<const Matrix>(tape.forward(w.data(), 2), 128, 2);
    CHECK(still.norm() > 1);
    CHECK((after - moved(still)).norm() < 1e-12 * still.norm());
}

/// What a graph of one input makes of x.
Matrix outcome(const Matrix& x, const std::function<void(Graph&, Var)>& record,
               const Eigen::VectorXd& parameters = Eigen::VectorXd::Zero(1)) {
    Graph g;
    record(g, g.input(x.rows()));
    REQUIRE(g.parameters() <= parameters.size());
    Tape<double> tape(g, x.cols(), Tape<double>::Mode::forward_only);
    fill(tape, {x});
    return Eigen::Map<const Matrix>(tape.forward(parameters.data(), x.cols()), g.rows(g.output()),
                                    x.cols());
}

TEST_CASE("norms have mean 0 and deviation 1 over what they say") {
    // Six channels at five positions; a column is one image, positions one after another.
    const Index channels = 6, positions = 5, n = 2;
    const Matrix x = 3 * normals(channels * positions, n, 7).array() + 1;
    const auto at = [&](const Matrix& m, Index p, Index k, Index j) {
        return m(p * channels + k, j);
    };
    const auto placed = [&](Var v) {
        v.positions = positions;
        return v;
    };
    Eigen::VectorXd p(2 * channels);  // scales, then shifts
    p << 1, 2, 3, 4, 5, 6, -1, 0, 1, 2, 3, 4;
    const Matrix grouped = outcome(
        x, [&](Graph& g, Var v) { g.output(group_norm(g, placed(v), 2, "n")); }, p);
    const Matrix layered = outcome(x, [&](Graph& g, Var v) { g.output(layer_norm(g, placed(v))); });
    const auto standard = [](const std::vector<double>& values) {
        double mean = 0, square = 0;
        for (const double v : values) mean += v / static_cast<double>(values.size());
        for (const double v : values)
            square += std::pow(v - mean, 2) / static_cast<double>(values.size());
        std::vector<double> out;
        for (const double v : values) out.push_back((v - mean) / std::sqrt(square));
        return out;
    };
    for (Index j = 0; j < n; ++j) {
        for (Index group = 0; group < 2; ++group) {
            std::vector<double> values;
            for (Index a = 0; a < positions; ++a) {
                for (Index k = 0; k < 3; ++k) values.push_back(at(x, a, 3 * group + k, j));
            }
            const auto want = standard(values);
            for (Index i = 0; i < std::ssize(want); ++i) {
                const Index k = 3 * group + i % 3;
                // What keeps the root from zero is 1e-5 of a variance of about nine.
                CHECK(at(grouped, i / 3, k, j) ==
                      doctest::Approx(p[k] * want[static_cast<std::size_t>(i)] + p[channels + k])
                          .epsilon(1e-5));
            }
        }
        for (Index a = 0; a < positions; ++a) {
            std::vector<double> values;
            for (Index k = 0; k < channels; ++k) values.push_back(at(x, a, k, j));
            const auto want = standard(values);
            for (Index k = 0; k < channels; ++k) {
                CHECK(at(layered, a, k, j) ==
                      doctest::Approx(want[static_cast<std::size_t>(k)]).epsilon(1e-5));
            }
        }
    }
}

TEST_CASE("modulating, gating and enlarging do what they say") {
    // Of eleven twos of channels: four positions, then scale, shift, gate of the channels, the rest
    // y.
    const Index channels = 2, positions = 4;
    const Matrix x = normals(22, 1, 8);
    const auto part = [&](Graph& g, Var v, Index first, Index count) {
        const auto all = split(g, v, 11);
        std::vector<Var> some(all.begin() + first, all.begin() + first + count);
        Var joined = concat(g, some);
        joined.positions = count;
        return joined;
    };
    const Matrix modulated = outcome(x, [&](Graph& g, Var v) {
        g.output(modulate(g, part(g, v, 0, 4), part(g, v, 4, 1), part(g, v, 5, 1)));
    });
    const Matrix gated = outcome(x, [&](Graph& g, Var v) {
        g.output(add_gated(g, part(g, v, 0, 4), part(g, v, 6, 1), part(g, v, 7, 4)));
    });
    for (Index a = 0; a < positions; ++a) {
        for (Index k = 0; k < channels; ++k) {
            const Index i = a * channels + k;
            CHECK(modulated(i, 0) == doctest::Approx(x(i, 0) * (1 + x(10 + k, 0)) + x(8 + k, 0)));
            CHECK(gated(i, 0) == doctest::Approx(x(i, 0) + x(12 + k, 0) * x(14 + i, 0)));
        }
    }
    const Matrix small = normals(12, 1, 9);  // two by three pixels of two channels
    const Matrix large = outcome(small, [&](Graph& g, Var v) {
        v.positions = 6;
        g.output(enlarge(g, v, {2, 3}));
    });
    REQUIRE(large.rows() == 48);
    for (Index y = 0; y < 4; ++y) {
        for (Index at = 0; at < 6; ++at) {
            for (Index k = 0; k < 2; ++k) {
                CHECK(large((y * 6 + at) * 2 + k, 0) == small((y / 2 * 3 + at / 2) * 2 + k, 0));
            }
        }
    }
}

TEST_CASE("images that do not fit are refused") {
    const NetworkShape odd{49, 49, {1, 7, 7}};
    CHECK_THROWS_AS(networks().at("unet").make(Json::object(), odd), Error);
    CHECK_THROWS_AS(networks().at("sit").make(Json::object(), odd), Error);
    CHECK_THROWS_AS(networks().at("unet").make(Json::object(), {4, 4}), Error);
}
