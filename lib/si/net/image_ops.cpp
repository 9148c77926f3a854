#include <algorithm>

#include "si/base/error.hpp"
#include "si/base/simd.hpp"
#include "si/net/gemm.hpp"
#include "si/net/op_of.hpp"
#include "si/net/ops.hpp"

// Ops on images and sequences. Inside a network an image is height x width positions, row by row,
// each with all of its channels: then what acts on every pixel is a product with all pixels of all
// columns at once.

namespace si {
namespace {

/// output block i is input block source[i]; a block may be wanted often, or never.
struct RearrangeOp : OpOf<RearrangeOp> {
    Index block, in;
    std::vector<Index> source;

    RearrangeOp(Index block, Index in, std::vector<Index> source)
        : block(block), in(in), source(std::move(source)) {}

    Index out() const { return block * std::ssize(source); }

    template <class T>
    void run(const ForwardCall<T>& c) const {
        for (Index j = 0; j < c.columns; ++j) {
            const T* from = c.inputs[0] + j * in;
            T* to = c.output + j * out();
            if (block == 1) {
                for (const Index k : source) *to++ = from[k];
                continue;
            }
            for (const Index k : source) to = std::copy_n(from + k * block, block, to);
        }
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        T* dx = c.d_inputs[0];
        if (dx == nullptr) return;
        if (c.keep[0] == T(0)) std::fill_n(dx, in * c.columns, T(0));
        for (Index j = 0; j < c.columns; ++j) {
            const T* from = c.d_output + j * out();
            for (const Index k : source) {
                T* to = dx + j * in + k * block;
                for (Index i = 0; i < block; ++i) to[i] += *from++;
            }
        }
    }
};

/// x + (a constant for each row).
struct AddConstantOp : OpOf<AddConstantOp> {
    std::vector<double> values;

    explicit AddConstantOp(std::vector<double> values) : values(std::move(values)) {}

    template <class T>
    void run(const ForwardCall<T>& c) const {
        const Index rows = std::ssize(values);
        for (Index j = 0; j < c.columns; ++j) {
            for (Index i = 0; i < rows; ++i) {
                c.output[j * rows + i] =
                    c.inputs[0][j * rows + i] + static_cast<T>(values[static_cast<std::size_t>(i)]);
            }
        }
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        pass(std::ssize(values) * c.columns, T(1), c.d_output, c.keep[0], c.d_inputs[0]);
    }
};

/// x (channels, pixels) times 1 - mask (pixels).
struct HideOp : OpOf<HideOp> {
    Index channels, pixels;

    HideOp(Index channels, Index pixels) : channels(channels), pixels(pixels) {}

    template <class T>
    void run(const ForwardCall<T>& c) const {
        hide(c.columns, c.inputs[0], c.inputs[1], T(0), c.output);
    }

    /// The mask is data: nobody asks for its derivative.
    template <class T>
    void back(const BackwardCall<T>& c) const {
        if (c.d_inputs[1] != nullptr && c.keep[1] == T(0)) {
            std::fill_n(c.d_inputs[1], pixels * c.columns, T(0));
        }
        if (c.d_inputs[0] != nullptr) {
            hide<T>(c.columns, c.d_output, c.inputs[1], c.keep[0], c.d_inputs[0]);
        }
    }

    template <class T>
    void hide(Index columns, const T* x, const T* mask, T keep, T* y) const {
        for (Index j = 0; j < columns; ++j, mask += pixels) {
            for (Index k = 0; k < channels; ++k, x += pixels, y += pixels) {
                for (Index p = 0; p < pixels; ++p) {
                    const T value = mask[p] == T(1) ? T(0) : x[p] * (T(1) - mask[p]);
                    y[p] = keep == T(0) ? value : y[p] + value;
                }
            }
        }
    }
};

Var rearrange(Graph& graph, Var x, Index block, std::vector<Index> source, Index positions) {
    auto op = std::make_shared<RearrangeOp>(block, x.rows, std::move(source));
    const Index rows = op->out();
    return graph.apply(std::move(op), {x}, rows, false, positions);
}

/// For each line of each patch, in order: the index of that line among all lines of the image,
/// which are side pixels long and counted row by row.
std::vector<Index> lines_of_patches(ImageSize size, Index side) {
    std::vector<Index> source;
    for (Index py = 0; py < size.height / side; ++py) {
        for (Index px = 0; px < size.width / side; ++px) {
            for (Index dy = 0; dy < side; ++dy) {
                source.push_back((py * side + dy) * (size.width / side) + px);
            }
        }
    }
    return source;
}

}  // namespace

Var channels_last(Graph& graph, Var x, Index channels) {
    const Index pixels = x.rows / channels;
    std::vector<Index> source;
    for (Index p = 0; p < pixels; ++p) {
        for (Index k = 0; k < channels; ++k) source.push_back(k * pixels + p);
    }
    return rearrange(graph, x, 1, std::move(source), pixels);
}

Var channels_first(Graph& graph, Var x) {
    std::vector<Index> source;
    for (Index k = 0; k < x.channels(); ++k) {
        for (Index p = 0; p < x.positions; ++p) source.push_back(p * x.channels() + k);
    }
    return rearrange(graph, x, 1, std::move(source), 1);
}

Var patches(Graph& graph, Var x, ImageSize size, Index side) {
    return rearrange(graph, x, side * x.channels(), lines_of_patches(size, side),
                     x.positions / (side * side));
}

Var from_patches(Graph& graph, Var x, ImageSize size, Index side) {
    const auto forward = lines_of_patches(size, side);
    std::vector<Index> source(forward.size());
    for (std::size_t i = 0; i < forward.size(); ++i) {
        source[static_cast<std::size_t>(forward[i])] = static_cast<Index>(i);
    }
    return rearrange(graph, x, x.channels() / side, std::move(source), size.pixels());
}

Var enlarge(Graph& graph, Var x, ImageSize size) {
    std::vector<Index> source;
    for (Index y = 0; y < 2 * size.height; ++y) {
        for (Index at = 0; at < 2 * size.width; ++at) {
            source.push_back(y / 2 * size.width + at / 2);
        }
    }
    return rearrange(graph, x, x.channels(), std::move(source), 4 * size.pixels());
}

std::vector<Var> split(Graph& graph, Var x, Index parts) {
    std::vector<Var> list;
    for (Index k = 0; k < parts; ++k) list.push_back(rearrange(graph, x, x.rows / parts, {k}, 1));
    return list;
}

Var add_constant(Graph& graph, Var x, std::vector<double> values) {
    require(std::ssize(values) == x.rows, Failure::internal, "add_constant: ", x.rows, " rows and ",
            values.size());
    return graph.apply(std::make_shared<AddConstantOp>(std::move(values)), {x}, x.rows, false,
                       x.positions);
}

Var hide(Graph& graph, Var x, Var mask) {
    require(x.rows % mask.rows == 0, Failure::internal, "hide: ", x.rows, " rows and ", mask.rows);
    return graph.apply(std::make_shared<HideOp>(x.rows / mask.rows, mask.rows), {x, mask}, x.rows);
}

}  // namespace si
