#pragma once

#include <string_view>
#include <utility>

#include "si/base/catalogue.hpp"
#include "si/net/graph.hpp"

// Networks as a table: a row records the ops of its architecture. A new one is one row.

namespace si {

/// What a network is asked to be: a function of x (dim), t (1), and of what x is conditioned on,
/// with `outputs` numbers. Inputs of the graph, in order: x, t, then, so far as there are any, the
/// label (1) and the condition.
struct NetworkShape {
    Index dim = 1;
    Index outputs = 1;
    std::vector<Index> shape = {};      ///< of x; its product is dim
    Index labels = 0;                   ///< a label is 0 .. labels - 1, or `labels`: none is given
    std::vector<Index> condition = {};  ///< of the numbers that x is conditioned on; {} is none
    /// Where the condition is 1 the output is 0: it is a mask of positions that are known. It has
    /// the shape of x, or one channel of it.
    bool masked = false;

    Index condition_rows() const;
};

/// A row records the graph of its network; all tensors get names such as "input.weight".
struct NetworkRow {
    std::string_view name, summary;
    SpecInfo spec;
    Graph (*make)(const Json& settings, const NetworkShape& shape);
    bool images = false;  ///< x must be (channels, height, width)
    /// A setting that came later, and what models have that were written without it, where that is
    /// not the default of today. An empty name is none.
    std::pair<std::string_view, std::string_view> in_old_files = {};
};

/// mlp, unet, sit.
Catalogue<NetworkRow> networks();

}  // namespace si
