#pragma once

#include <string>
#include <vector>

#include "si/base/types.hpp"
#include "si/plot/drawing.hpp"

namespace si::plot {

/// The distribution function of N(0, 1).
double normal_cdf(double z);

/// The distribution function of |z|^2 for z ~ N(0, I) in d dimensions, the regularised incomplete
/// gamma function P(d / 2, square / 2), to about 1e-12.
double chi_square_cdf(double square, Index d);

/// Where numbers should be uniform on [0, 1]: how many are in each of some bins, and how many of
/// these leave the band of two standard deviations around n / bins. One in twenty does by chance.
struct Uniformity {
    std::vector<Index> counts;
    Index n = 0, outside = 0;
    double expected() const;
    double deviation() const;  ///< of one count
};
Uniformity uniformity(const std::vector<double>& values, Index bins);

/// Histograms of latent coordinates (d, n) that should be N(0, I), through its distribution
/// function, and of their squared norms: flat where the model is right. Says in `verdict` what they
/// show.
Drawing latent_histograms(const Matrix& latents, std::string& verdict);

}  // namespace si::plot
