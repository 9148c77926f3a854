#pragma once

#include <string_view>

#include "si/base/catalogue.hpp"
#include "si/net/graph.hpp"

namespace si {

/// What a network is asked to be: a function of x (dim) and t (1) with `outputs` numbers.
/// Inputs of the graph, in order: x, t.
struct NetworkShape {
    Index dim = 1;
    Index outputs = 1;
};

/// A row records the graph of its network; all tensors get names such as "input.weight".
struct NetworkRow {
    std::string_view name, summary;
    SpecInfo spec;
    Graph (*make)(const Json& settings, NetworkShape shape);
};

Catalogue<NetworkRow> networks();

}  // namespace si
