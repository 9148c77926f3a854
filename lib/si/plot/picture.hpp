#pragma once

#include <string_view>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/plot/drawing.hpp"
#include "si/plot/source.hpp"

// The kinds of pictures as a table, and the choice of one for a file. A new kind is one row.

namespace si {

struct PictureRow {
    std::string_view name, summary;
    SpecInfo spec;
    /// At least one source. Throws Failure::data when they cannot be shown this way.
    plot::Drawing (*draw)(const Json& settings, const std::vector<plot::Source>& sources);
};

/// The kinds of pictures, on common scales.
Catalogue<PictureRow> pictures();

/// Whether samples are shown as images: their shape says so, or they are squares of 49 numbers or
/// more.
bool shown_as_images(const Samples& samples);

/// The kind that suits a file: flow for a model in one or two dimensions, curves for others and
/// logs, epsilon for what si-likelihood printed; of samples marginals for one dimension, density
/// for two, grid for images, pairs for the rest.
std::string_view suitable_picture(const plot::Source& source);

}  // namespace si
