#include "si/train/settle.hpp"

#include <algorithm>
#include <cmath>

namespace si {
namespace {

/// Smaller pictures are as well learned by layers that see all pixels at once.
constexpr Index kLeastSide = 16;

/// How often both sides of a picture can be halved, as a U-Net does, at most twice; 0 for what is
/// none.
int halvings(const std::vector<Index>& shape) {
    if (shape.size() != 3 || std::min(shape[1], shape[2]) < kLeastSide) return 0;
    const auto whole = [&](Index parts) { return shape[1] % parts == 0 && shape[2] % parts == 0; };
    return whole(4) ? 2 : whole(2) ? 1 : 0;
}

/// More samples show more detail, more coordinates have more of it.
Choice<networks> network_for(double n, Index d, const std::vector<Index>& shape) {
    if (const int times = halvings(shape); times > 0) {
        return times > 1 ? "unet,width=16,multipliers=1:2:3,blocks=1"
                         : "unet,width=16,multipliers=1:2,blocks=1";
    }
    const int width = d > 128 ? 512 : d > 8 || n > 5e3 ? 256 : 128;
    // High frequencies are details of a plane, and noise where there are many coordinates.
    const double scale = d > 8 ? 0.3 : d <= 3 && n > 2e4 ? 3 : 1;
    return Choice<networks>(text("mlp,width=", width, ",fourier_scale=", scale));
}

Index steps_for(double n, bool images) {
    if (images) return 2000;
    const double steps = 2000 * std::sqrt(std::max(1.0, n / 500));
    return 500 * static_cast<Index>(std::lround(std::min(steps, 20e3) / 500));
}

}  // namespace

TrainSpec settled(TrainSpec spec, const TrainData& data) {
    const auto n = static_cast<double>(data.x1().n());
    if (!spec.net) spec.net = network_for(n, data.x1().samples.rows(), data.shape);
    const bool images = spec.net->row().images;
    if (!spec.batch) spec.batch = images ? 64 : 512;
    if (!spec.optimizer) spec.optimizer = images ? "adam,lr=1e-3" : "adam";
    if (!spec.steps) spec.steps = steps_for(n, images);
    return spec;
}

Index most_steps(const TrainSpec& settled, Index samples) {
    constexpr double kTimesThrough = 400;
    const double steps =
        kTimesThrough * static_cast<double>(samples) / static_cast<double>(*settled.batch);
    return std::max(*settled.steps, static_cast<Index>(steps));
}

}  // namespace si
