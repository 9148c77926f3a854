#pragma once

#include "si/net/activation.hpp"
#include "si/net/graph.hpp"

// The ops that networks are made of. Each function records one on a graph.

namespace si {

/// act(W x + b) at each position: W is the tensor `name`.weight (rows, x.channels()), b is
/// `name`.bias (rows). W starts normal with deviation `gain` / sqrt(x.channels()), b at zero.
struct LinearOptions {
    std::string_view activation = "none";
    bool bias = true;
    double gain = 1;
    bool exact = false;  ///< products in float32 even where the others are in bf16
};
Var linear(Graph& graph, Var x, Index rows, const std::string& name,
           const LinearOptions& options = {});

/// act(x), elementwise.
Var activation(Graph& graph, Var x, std::string_view name);

/// a + b, of the same shape.
Var add(Graph& graph, Var a, Var b);

/// `factor` x.
Var scale(Graph& graph, Var x, double factor);

/// x with about the part `rate` of its numbers set to 0 and the others scaled up, in training; x
/// itself elsewhere (ForwardCall::chance). Numbers of a sample are dropped by its place in the
/// batch and the step alone, alike for z and -z.
Var dropout(Graph& graph, Var x, double rate);

/// The channels of all of `parts`, in order, at each position.
Var concat(Graph& graph, const std::vector<Var>& parts);

/// Sines of x above cosines: twice the rows.
Var sine_cosine(Graph& graph, Var x);

/// x itself, then sin(pi k x) and cos(pi k x) for k = 1 .. count, row by row.
Var harmonics(Graph& graph, Var x, Index count);

/// Cosines, then sines, of x (1 row) at `count` frequencies from 1 down to about 1 / longest.
Var sinusoids(Graph& graph, Var x, Index count, double longest);

/// Row `label` of the tensor `name`.weight (count, width), which starts normal. `label` is one
/// whole number a column, from 0.
Var embed(Graph& graph, Var label, Index count, Index width, const std::string& name,
          double deviation);

/// x in `parts` equal parts.
std::vector<Var> split(Graph& graph, Var x, Index parts);

/// x plus a number for each row.
Var add_constant(Graph& graph, Var x, std::vector<double> values);

// Images. In files, and at the ends of a network, an image is (channels, height, width); inside, it
// is (height, width, channels), so that a pixel is a position.

struct ImageSize {
    Index height = 0, width = 0;
    Index pixels() const { return height * width; }
};

Var channels_last(Graph& graph, Var x, Index channels);
Var channels_first(Graph& graph, Var x);

/// 3 x 3, to one position from each: the tensors `name`.weight (channels, 3, 3, x.channels()) and
/// `name`.bias (channels). Around the image there are zeros, or if circular the image again.
struct ConvolveOptions {
    bool circular = false;
    double gain = 1;
};
Var convolve(Graph& graph, Var x, ImageSize size, Index channels, const std::string& name,
             const ConvolveOptions& options = {});

/// Every `side` x `side` pixels become one position, which has all of their channels, line by line.
/// `size` is that of the image, of which they are a part without remainder.
Var patches(Graph& graph, Var x, ImageSize size, Index side);
Var from_patches(Graph& graph, Var x, ImageSize size, Index side);

/// Twice as high and wide: each pixel four times. `size` is that of x.
Var enlarge(Graph& graph, Var x, ImageSize size);

/// x (channels, pixels), times 1 - mask (pixels); exactly zero where the mask is 1.
Var hide(Graph& graph, Var x, Var mask);

/// Mean 0 and deviation 1 over all positions and the channels of each group, then a scale and a
/// shift of each channel: the tensors `name`.weight and `name`.bias.
Var group_norm(Graph& graph, Var x, Index groups, const std::string& name);

/// Mean 0 and deviation 1 over the channels of each position.
Var layer_norm(Graph& graph, Var x);

/// x (1 + scale) + shift; these have a row for each channel of x.
Var modulate(Graph& graph, Var x, Var shift, Var scale);

/// x + gate y; the gate has a row for each channel of x.
Var add_gated(Graph& graph, Var x, Var gate, Var y);

/// What each position sees in all of them: softmax(q k / sqrt(size)) v for each of `heads`. The
/// channels of `qkv` are the q of all heads, their k and their v.
Var attention(Graph& graph, Var qkv, Index heads);

}  // namespace si
