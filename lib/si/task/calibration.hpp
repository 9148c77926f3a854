#pragma once

#include <string>

#include "si/base/types.hpp"
#include "si/plot/drawing.hpp"

// The picture of latents that should be normal, for reports.

namespace si {

/// Histograms of latent coordinates (d, n) that should be N(0, I), through its distribution
/// function, and of their squared norms: flat where the model is right. Says in `verdict` what they
/// show.
plot::Drawing latent_histograms(const Matrix& latents, std::string& verdict);

}  // namespace si
