#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "si/net/ops.hpp"
#include "si/net/tape.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

Matrix normals(Index rows, Index columns, std::uint32_t step) {
    Matrix z(rows, columns);
    fill_normal({17, Purpose::data, step}, 0, z);
    return z;
}

template <class T>
void give(Tape<T>& tape, const Matrix& x) {
    for (Index i = 0; i < x.size(); ++i) tape.input(0)[i] = static_cast<T>(x(i));
}

}  // namespace

TEST_CASE("a convolution is the sum over the neighbourhood") {
    const Index h = 5, w = 7, in = 3, out = 4, n = 2;
    for (const bool circular : {false, true}) {
        Graph g;
        const Var x = g.input(in * h * w);
        g.output(channels_first(
            g, convolve(g, channels_last(g, x, in), {h, w}, out, "c", {.circular = circular})));
        const Vector p = normals(g.parameters(), 1, 2).col(0);
        const Matrix images = normals(in * h * w, n, 3);
        Tape<double> tape(g, n, Tape<double>::Mode::forward_only);
        give(tape, images);
        const Eigen::Map<const Matrix> y(tape.forward(p.data(), n), out * h * w, n);
        const auto weight = [&](Index o, Index ky, Index kx, Index i) {
            return p[((o * 3 + ky) * 3 + kx) * in + i];
        };
        for (Index j = 0; j < n; ++j) {
            for (Index o = 0; o < out; ++o) {
                for (Index a = 0; a < h; ++a) {
                    for (Index b = 0; b < w; ++b) {
                        double sum = p[out * 9 * in + o];
                        for (Index ky = -1; ky <= 1; ++ky) {
                            for (Index kx = -1; kx <= 1; ++kx) {
                                Index r = a + ky, c = b + kx;
                                if (circular) {
                                    r = (r + h) % h, c = (c + w) % w;
                                } else if (r < 0 || r >= h || c < 0 || c >= w) {
                                    continue;
                                }
                                for (Index i = 0; i < in; ++i) {
                                    sum += weight(o, ky + 1, kx + 1, i) *
                                           images((i * h + r) * w + c, j);
                                }
                            }
                        }
                        CHECK(y((o * h + a) * w + b, j) == doctest::Approx(sum).epsilon(1e-12));
                    }
                }
            }
        }
    }
}

TEST_CASE("a convolution's derivatives are its transposes, on images of every size") {
    // Linear in the image and in the weights: <d, y - bias> = <dx, x> = <dw, w>. The widest images
    // are written out in several parts, of which the last is smaller.
    for (const auto& image : {std::pair<Index, Index>{1, 1}, {1, 6}, {4, 1}, {5, 190}, {3, 700}}) {
        const auto& h = std::get<0>(image);
        const auto& w = std::get<1>(image);
        for (const auto& channels : {std::pair<Index, Index>{1, 3}, {5, 18}, {7, 1}}) {
            const auto& in = std::get<0>(channels);
            const auto& out = std::get<1>(channels);
            for (const bool circular : {false, true}) {
                CAPTURE(h);
                CAPTURE(w);
                CAPTURE(in);
                CAPTURE(circular);
                const Index n = 3;
                Graph g;
                Var x = g.input(in * h * w);
                x.positions = h * w;
                g.output(convolve(g, x, {h, w}, out, "c", {.circular = circular}));
                const Eigen::VectorXf p = normals(g.parameters(), 1, 2).col(0).cast<float>();
                const Matrix images = normals(in * h * w, n, 3), d = normals(out * h * w, n, 4);
                Tape<float> tape(g, n, Tape<float>::Mode::differentiable);
                give(tape, images);
                const Matrix y =
                    Eigen::Map<const MatrixF>(tape.forward(p.data(), n), out * h * w, n)
                        .cast<double>();
                Eigen::Map<MatrixF>(tape.seed(), out * h * w, n) = d.cast<float>();
                Eigen::VectorXf dp = Eigen::VectorXf::Zero(p.size());
                tape.backward(p.data(), n, tape.seed(), dp.data(), true);
                const Matrix dx =
                    Eigen::Map<const MatrixF>(tape.d_input(0), in * h * w, n).cast<double>();
                Matrix linear = y;
                for (Index k = 0; k < linear.size(); ++k) linear(k) -= p[9 * in * out + k % out];
                const double want = (d.array() * linear.array()).sum();
                // Sums of up to so many products, whose errors add up as random ones do.
                const double unit =
                    5 * 0x1p-24 *
                    std::sqrt(static_cast<double>(std::max({9 * in, 9 * out, h * w * n})));
                const double off = unit * d.norm() * linear.norm();
                CHECK(std::abs((dx.array() * images.array()).sum() - want) < off);
                const auto weights = 9 * in * out;
                CHECK(std::abs(dp.head(weights).cast<double>().dot(p.head(weights).cast<double>()) -
                               want) < off);
                const Eigen::Map<const Matrix> by_channel(d.data(), out, h * w * n);
                CHECK((dp.tail(out).cast<double>() - by_channel.rowwise().sum()).norm() <
                      unit * d.norm() * std::sqrt(static_cast<double>(h * w * n)));
            }
        }
    }
}
