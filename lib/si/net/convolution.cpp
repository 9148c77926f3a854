#include <algorithm>
#include <cmath>

#include "si/net/activation.hpp"
#include "si/net/gemm.hpp"
#include "si/net/op_of.hpp"
#include "si/net/ops.hpp"

namespace si {
namespace {

/// Memory for one op's work on one thread: grows once, is then reused.
template <class T>
T* work_space(Index size) {
    thread_local std::vector<T> memory;
    if (std::ssize(memory) < size) memory.resize(static_cast<std::size_t>(size));
    return memory.data();
}

/// 3 x 3, one position to one position: the sum of three matrix products, one for each line of the
/// neighbourhood. What they multiply is written out once: every pixel with its left and right
/// neighbour, so that the neighbours above and below are the same numbers some lines away.
struct ConvolveOp : OpOf<ConvolveOp> {
    Index height, width, in, out, weight, bias;
    bool circular;

    ConvolveOp(ImageSize size, Index in, Index out, Index weight, Index bias, bool circular)
        : height(size.height),
          width(size.width),
          in(in),
          out(out),
          weight(weight),
          bias(bias),
          circular(circular) {}

    /// Pixels of one image that are written out one after another and stay in the second-level
    /// cache, and those that are multiplied as soon as they are there, in the first: a line at
    /// least.
    static constexpr Index kTogether = 448, kAtOnce = 56;

    Index pixels() const { return height * width; }
    /// Lines in equal parts of about that many pixels.
    Index lines(Index some) const {
        const Index most = std::max<Index>(1, some / width), parts = (height + most - 1) / most;
        return (height + parts - 1) / parts;
    }
    Index room(Index channels) const { return 3 * channels * (lines(kTogether) + 2) * width; }
    Index products() const override { return 9 * in * out * pixels(); }

    // Weights are (out, 3 lines, 3, in). The products need them line by line, (3, out, 3 in), and
    // for what flows back turned round, (3, in, 3 out).
    Index packed_size() const override {
        return 3 * (si::packed_size(out, 3 * in) + si::packed_size(in, 3 * out));
    }
    void pack(const ProductKernels& products, const float* parameters,
              float* packed) const override {
        float* const lines = work_space<float>(9 * in * out);
        swap(out, 3, parameters + weight, lines);
        pack_lines(products, out, in, lines, packed);
        turn(parameters + weight, lines);
        pack_lines(products, in, out, lines, packed + 3 * si::packed_size(out, 3 * in));
    }
    static void pack_lines(const ProductKernels& products, Index to, Index from, const float* lines,
                           float* packed) {
        for (Index dy = 0; dy < 3; ++dy) {
            pack_matrix(products, to, 3 * from, lines + dy * to * 3 * from,
                        packed + dy * si::packed_size(to, 3 * from));
        }
    }

    /// From (out, 3, 3 in) to (3, out, 3 in), or with (3, out) for (out, 3) back.
    template <class T>
    void swap(Index outer, Index inner, const T* from, T* to) const {
        for (Index a = 0; a < outer; ++a) {
            for (Index b = 0; b < inner; ++b, from += 3 * in) {
                std::copy_n(from, 3 * in, to + (b * outer + a) * 3 * in);
            }
        }
    }
    /// From (out, 3, 3, in) to (3, in, 3, out), the nine from last to first.
    template <class T>
    void turn(const T* w, T* lines) const {
        for (Index o = 0; o < out; ++o) {
            for (Index k = 8; k >= 0; --k) {
                for (Index i = 0; i < in; ++i) {
                    lines[((k / 3 * in + i) * 3 + k % 3) * out + o] = *w++;
                }
            }
        }
    }

    /// Lines `first` .. `last` - 1 of an image, each pixel with its two neighbours: (lines, width,
    /// 3, channels). What is outside is zero, or comes in again on the other side.
    template <class T>
    void write_out(const T* image, Index channels, Index first, Index last, T* to) const {
        for (Index y = first; y < last; ++y, to += 3 * channels * width) {
            if ((y < 0 || y >= height) && !circular) {
                std::fill_n(to, 3 * channels * width, T(0));
                continue;
            }
            const T* const line = image + (y + height) % height * width * channels;
            const auto put = [&](Index x, Index dx) {
                T* const place = to + (3 * x + dx) * channels;
                const Index at = x + dx - 1;
                if ((at < 0 || at >= width) && !circular) {
                    std::fill_n(place, channels, T(0));
                } else {
                    std::copy_n(line + (at + width) % width * channels, channels, place);
                }
            };
            for (const Index x : {Index(0), width - 1}) {
                for (Index dx = 0; dx < 3; ++dx) put(x, dx);
            }
            for (Index x = 1; x + 1 < width; ++x) {
                std::copy_n(line + (x - 1) * channels, 3 * channels, to + 3 * x * channels);
            }
        }
    }

    /// body(the pixel where they begin, their number, what write_out() wrote of them and of the
    /// lines above and below) for `some` pixels of x, (channels, pixels, columns), at a time.
    template <class T, class Body>
    void by_lines(Index some, Index columns, const T* x, Index channels, T* room,
                  const Body& body) const {
        const Index part = lines(kTogether), step = lines(some), line = 3 * channels * width;
        for (Index j = 0; j < columns; ++j, x += pixels() * channels) {
            for (Index start = 0; start < height; start += part) {
                const Index end = std::min(start + part, height);
                Index written = start - 1;
                for (Index first = start; first < end; first += step) {
                    const Index last = std::min(first + step, end);
                    write_out(x, channels, written, last + 1, room + (written + 1 - start) * line);
                    written = last + 1;
                    body(j * pixels() + first * width, (last - first) * width,
                         room + (first - start) * line);
                }
            }
        }
    }

    /// Weights in lines, (3, to, 3 from): plain, or by pack_lines(); what there is not is null.
    template <class T>
    struct Lines {
        Index from, to;
        const T *plain, *packed;

        Multiplier<T> line(Index dy) const {
            return {.out = to,
                    .in = 3 * from,
                    .w = plain == nullptr ? nullptr : plain + dy * to * 3 * from,
                    .packed =
                        packed == nullptr ? nullptr : packed + dy * si::packed_size(to, 3 * from)};
        }
    };

    /// y (to, pixels, columns) = the convolution of x (from, pixels, columns) + keep y;
    /// finish(pixel, number) when some of y are done.
    template <class T, class Finish>
    void convolve(const ProductKernels& products, Index columns, const Lines<T>& weights,
                  const T* x, T keep, T* y, const Finish& finish) const {
        const Index from = weights.from;
        by_lines(kAtOnce, columns, x, from, work_space<T>(room(from)),
                 [&](Index at, Index n, const T* near) {
                     for (Index dy = 0; dy < 3; ++dy) {
                         multiply(products, weights.line(dy), n, near + dy * width * 3 * from,
                                  dy == 0 ? keep : T(1), y + at * weights.to);
                     }
                     finish(at, n);
                 });
    }

    template <class T>
    void run(const ForwardCall<T>& c) const {
        std::vector<T> lines;
        if (c.packed == nullptr) {
            lines.resize(static_cast<std::size_t>(9 * in * out));
            swap(out, 3, c.parameters + weight, lines.data());
        }
        const auto add_bias = activate<T>(activations().at("none"));
        convolve<T>(*c.products, c.columns,
                    {.from = in, .to = out, .plain = lines.data(), .packed = c.packed}, c.inputs[0],
                    T(0), c.output, [&](Index at, Index n) {
                        add_bias(out, n, c.parameters + bias, c.output + at * out, nullptr);
                    });
    }

    template <class T>
    void back(const BackwardCall<T>& c) const {
        if (c.d_parameters != nullptr) {
            T* const db = c.d_parameters + bias;
            if (c.keep_parameters == T(0)) std::fill_n(db, out, T(0));
            T* const lines = work_space<T>(9 * in * out + room(in));
            if (c.keep_parameters != T(0)) swap<T>(out, 3, c.d_parameters + weight, lines);
            by_lines(kTogether, c.columns, c.inputs[0], in, lines + 9 * in * out,
                     [&](Index at, Index n, const T* near) {
                         for (Index p = at; p < at + n; ++p) {
                             const T* dy = c.d_output + p * out;
                             for (Index o = 0; o < out; ++o) db[o] += dy[o];
                         }
                         for (Index dy = 0; dy < 3; ++dy) {
                             multiply_outer(*c.products, n, c.d_output + at * out,
                                            near + dy * width * 3 * in,
                                            {out, 3 * in, at == 0 ? c.keep_parameters : T(1),
                                             lines + dy * out * 3 * in});
                         }
                     });
            swap<T>(3, out, lines, c.d_parameters + weight);
        }
        if (c.d_inputs[0] == nullptr) return;
        std::vector<T> lines;
        if (c.packed == nullptr) {
            lines.resize(static_cast<std::size_t>(9 * in * out));
            turn(c.parameters + weight, lines.data());
        }
        const T* const packed =
            c.packed == nullptr ? nullptr : c.packed + 3 * si::packed_size(out, 3 * in);
        convolve<T>(*c.products, c.columns,
                    {.from = out, .to = in, .plain = lines.data(), .packed = packed}, c.d_output,
                    c.keep[0], c.d_inputs[0], [](Index, Index) {});
    }
};

}  // namespace

Var convolve(Graph& graph, Var x, ImageSize size, Index channels, const std::string& name,
             const ConvolveOptions& options) {
    const Index in = x.channels();
    const Index weight = graph.tensor(name + ".weight", {channels, 3, 3, in},
                                      {options.gain / std::sqrt(9.0 * static_cast<double>(in)), 0});
    const Index bias = graph.tensor(name + ".bias", {channels}, {});
    return graph.apply(
        std::make_shared<ConvolveOp>(size, in, channels, weight, bias, options.circular), {x},
        channels * size.pixels(), true, size.pixels());
}

}  // namespace si
