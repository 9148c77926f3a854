#include "si/task/calibration.hpp"

#include <algorithm>

#include "si/base/text.hpp"
#include "si/metric/uniformity.hpp"
#include "si/plot/axes.hpp"

namespace si {
namespace {

using namespace plot;

constexpr Index kMostCoordinates = 7;

void draw(Drawing& drawing, const Box& box, const Uniformity& found, const std::string& title,
          bool labelled) {
    const double n = std::max(found.expected(), 1e-300);
    double top = 1 + 3 * found.deviation() / n;
    for (const Index count : found.counts) top = std::max(top, static_cast<double>(count) / n);
    Axes frame(drawing, box, {{0, 1}, "distribution function"},
               {{0, 1.08 * top}, labelled ? "relative to flat" : ""}, title);
    const double band = 2 * found.deviation() / n;
    const Spot low = frame.at(0, std::max(1 - band, 0.0)), high = frame.at(1, 1 + band);
    drawing.add(Area{
        {{low.x, low.y}, {high.x, low.y}, {high.x, high.y}, {low.x, high.y}}, Ink::faint, 0.35});
    std::vector<Spot> outline;
    const double bins = static_cast<double>(found.counts.size());
    for (std::size_t k = 0; k < found.counts.size(); ++k) {
        const double height = static_cast<double>(found.counts[k]) / n;
        outline.push_back({static_cast<double>(k) / bins, height});
        outline.push_back({static_cast<double>(k + 1) / bins, height});
    }
    frame.line(outline, Ink::one, 1.6);
    frame.frame();
}

}  // namespace

plot::Drawing latent_histograms(const Matrix& latents, std::string& verdict) {
    const Index d = latents.rows(), n = latents.cols();
    const Index bins = std::clamp<Index>(n / 25, 4, 20), panels = std::min(d, kMostCoordinates) + 1;
    const Panels layout{panels, std::min<Index>(panels, 4), 180, 130};
    Drawing drawing = layout.sheet();
    drawing.title = "Latent coordinates of the data against N(0, 1)";
    Index outside = 0;
    std::vector<double> values(static_cast<std::size_t>(n));
    const auto panel = [&](Index k, const std::string& title) {
        const auto found = uniformity(values, bins);
        draw(drawing, layout.frame(k), found, title, k % layout.across == 0);
        outside += found.outside;
        drawing.description +=
            text(title, ": ", found.outside, " of ", bins, " bins outside of the band. ");
    };
    for (Index c = 0; c + 1 < panels; ++c) {
        for (Index j = 0; j < n; ++j) {
            values[static_cast<std::size_t>(j)] = normal_cdf(latents(c, j));
        }
        panel(c, text("z", c + 1));
    }
    for (Index j = 0; j < n; ++j) {
        values[static_cast<std::size_t>(j)] = chi_square_cdf(latents.col(j).squaredNorm(), d);
    }
    panel(panels - 1, "|z|^2, by its own law");
    const double mean = latents.mean();
    const double variance = (latents.array() - mean).square().mean();
    verdict = text("Of ", panels * bins, " bins ", outside,
                   " leave the band of two standard deviations; by chance about ",
                   short_number(0.05 * static_cast<double>(panels * bins), 2),
                   " would. All latent coordinates together have mean ", short_number(mean, 3),
                   " (0 is right) and variance ", short_number(variance, 3), " (1 is right).");
    return drawing;
}

}  // namespace si
