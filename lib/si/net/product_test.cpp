#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "si/net/gemm.hpp"
#include "si/net/product_kernels.hpp"
#include "si/random/draw.hpp"

using namespace si;

namespace {

MatrixF normals(Index rows, Index columns, std::uint32_t step) {
    Matrix x(rows, columns);
    fill_normal({4, Purpose::data, step}, 0, x);
    return x.cast<float>();
}

struct Shape {
    Index out, in, n;
};

/// Every remainder of a tile and of a panel, and sums longer than a block of either.
constexpr Shape kShapes[]{{1, 1, 16},   {2, 3, 1},     {3, 2, 16},  {5, 17, 32},  {33, 40, 48},
                          {70, 9, 300}, {7, 1100, 16}, {64, 3, 33}, {2, 256, 16}, {48, 31, 47}};

std::vector<float> packed(const ProductKernels& own, const MatrixF& w, bool transposed) {
    const Index out = w.rows(), in = w.cols();
    const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = w;
    std::vector<float> copy(
        static_cast<std::size_t>(transposed ? own.packed_size(out, in) : own.packed_size(in, out)));
    std::vector<float> room(
        static_cast<std::size_t>(std::max(pack_scratch(in, out), pack_scratch(out, in))));
    if (transposed) {
        own.pack(out, in, rows.data(), in, 1, copy.data(), room.data());
    } else {
        own.pack(in, out, rows.data(), 1, in, copy.data(), room.data());
    }
    return copy;
}

/// y = w x + keep y, of weights that were packed.
void multiply(const ProductKernels& own, const MatrixF& x, const std::vector<float>& weights,
              bool keep, MatrixF& y) {
    std::vector<float> room(static_cast<std::size_t>(column_scratch(x.rows(), x.cols())));
    own.columns({.n = x.cols(),
                 .wide = y.rows(),
                 .depth = x.rows(),
                 .x = x.data(),
                 .packed = weights.data(),
                 .keep = keep,
                 .y = y.data(),
                 .scratch = room.data()});
}

/// dw = dy x^T + keep dw, row-major.
void multiply_outer(const ProductKernels& own, const MatrixF& dy, const MatrixF& x, bool keep,
                    float* dw) {
    const Index out = dy.rows(), in = x.rows();
    std::vector<float> room(static_cast<std::size_t>(outer_scratch(out, in)));
    own.outer({.out = out,
               .in = in,
               .n = x.cols(),
               .dy = dy.data(),
               .x = x.data(),
               .keep = keep,
               .dw = dw,
               .scratch = room.data()});
}

}  // namespace

TEST_CASE("products agree with double precision on every instruction set") {
    for (const ProductKernels* own : product_kernels()) {
        if (!own->available()) continue;
        for (const auto& shape : kShapes) {
            const Index out = shape.out, in = shape.in, n = shape.n;
            CAPTURE(std::string(own->name));
            CAPTURE(out);
            CAPTURE(in);
            CAPTURE(n);
            const MatrixF w = normals(out, in, 1), x = normals(in, n, 2), dy = normals(out, n, 3),
                          before = normals(in, n, 4);
            const Matrix wd = w.cast<double>(), xd = x.cast<double>(), dyd = dy.cast<double>();
            // A sum of k products is off by at most about k units in the last place of the sum of
            // their sizes (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
            const auto close = [&](const MatrixF& got, const Matrix& want, const Matrix& sizes,
                                   Index terms) {
                // In bf16 each factor is off by up to 2^-8 of itself too.
                const double factors = own->precision == Precision::bf16 ? 2 * 0x1.01p-8 : 0;
                const double unit = factors + 0x1p-24 * static_cast<double>(terms + 1);
                return ((got.cast<double>() - want).array().abs() <= unit * sizes.array()).all();
            };
            MatrixF y(out, n);
            multiply(*own, x, packed(*own, w, false), false, y);
            CHECK(close(y, wd * xd, wd.cwiseAbs() * xd.cwiseAbs(), in));

            MatrixF dx = before;
            multiply(*own, dy, packed(*own, w, true), true, dx);
            const Matrix start = before.cast<double>();
            CHECK(close(dx, wd.transpose() * dyd + start,
                        wd.cwiseAbs().transpose() * dyd.cwiseAbs() + start.cwiseAbs(), out + 1));

            Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> dw = w;
            multiply_outer(*own, dy, x, true, dw.data());
            CHECK(close(dw, dyd * xd.transpose() + wd,
                        dyd.cwiseAbs() * xd.cwiseAbs().transpose() + wd.cwiseAbs(), n + 1));
            multiply_outer(*own, dy, x, false, dw.data());
            CHECK(close(dw, dyd * xd.transpose(), dyd.cwiseAbs() * xd.cwiseAbs().transpose(), n));
        }
    }
}

TEST_CASE("a column of a product does not depend on its place or its company") {
    for (const ProductKernels* own : product_kernels()) {
        if (!own->available()) continue;
        CAPTURE(std::string(own->name));
        const Index out = 45, in = 700, n = 61;
        const MatrixF w = normals(out, in, 1), x = normals(in, n, 2);
        const auto weights = packed(*own, w, false);
        MatrixF together(out, n);
        multiply(*own, x, weights, false, together);
        for (Index j = 0; j < n; ++j) {
            MatrixF alone(out, 1);
            multiply(*own, x.col(j), weights, false, alone);
            CHECK(alone == together.col(j));
        }
    }
}

TEST_CASE("AVX2 and AVX-512 agree to the bit") {
    std::vector<const ProductKernels*> fused;
    for (const ProductKernels* own : product_kernels()) {
        const bool has_fma = std::string_view(own->name).starts_with("avx");
        if (own->available() && own->precision == Precision::float32 && has_fma) {
            fused.push_back(own);
        }
    }
    if (fused.size() < 2) return;
    for (const auto& shape : kShapes) {
        const Index out = shape.out, in = shape.in, n = shape.n;
        CAPTURE(out);
        CAPTURE(in);
        CAPTURE(n);
        const MatrixF w = normals(out, in, 1), x = normals(in, n, 2), dy = normals(out, n, 3);
        MatrixF y[2], dw[2];
        for (std::size_t k = 0; k < 2; ++k) {
            y[k].setOnes(out, n);
            multiply(*fused[k], x, packed(*fused[k], w, false), true, y[k]);
            dw[k].setOnes(in, out);
            multiply_outer(*fused[k], dy, x, true, dw[k].data());
        }
        CHECK(y[0] == y[1]);
        CHECK(dw[0] == dw[1]);
    }
}

TEST_CASE("the last instruction set is always there") {
    REQUIRE(!product_kernels().empty());
    CHECK(product_kernels().back()->available());
    CHECK(std::string_view(product_kernels().back()->name) == "baseline");
    CHECK(chosen_kernels().available());
}
