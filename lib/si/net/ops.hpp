#pragma once

#include "si/net/activation.hpp"
#include "si/net/graph.hpp"

// The vocabulary of networks. Each function records one op.

namespace si {

/// act(W x + b): W is the tensor `name`.weight (rows, x.rows), b is `name`.bias (rows).
/// W starts normal with deviation `gain` / sqrt(x.rows), b at zero.
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

/// The rows of all of `parts`, in order.
Var concat(Graph& graph, const std::vector<Var>& parts);

/// Sines of x above cosines: twice the rows.
Var sine_cosine(Graph& graph, Var x);

/// x itself, then sin(pi k x) and cos(pi k x) for k = 1 .. count, row by row.
Var harmonics(Graph& graph, Var x, Index count);

}  // namespace si
