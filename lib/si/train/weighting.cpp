#include "si/train/weighting.hpp"

#include <array>
#include <cmath>

#include "si/base/error.hpp"
#include "si/solver/sde.hpp"

namespace si {
namespace {

struct CappedSpec {
    double cap = 100;
    static constexpr auto fields() {
        return std::tuple{
            field("cap", &CappedSpec::cap, "Largest weight, near the ends", kPositive)};
    }
};

/// Deviation of the Gaussian part of x_t.
double noise_at(const Setup& setup, double t) {
    const auto c = setup.interpolant.at(t);
    return setup.one_sided() ? c.alpha() : c.gamma;
}

/// How far b is off when `learned` is off by one. No row determines b alone at the very ends.
double into_velocity(const Setup& setup, const Quantity& learned, double t) {
    const std::array<const Quantity*, 1> one{&learned};
    return combine(setup, t, one, quantities().at("b"), false).of_learned.front();
}

Weighting uniform(const NoSettings&, const Setup&, const Quantity&) { return {}; }

Weighting noise(const NoSettings&, const Setup& setup, const Quantity& learned) {
    require(learned.flag == kS, Failure::usage, "--weighting noise is for --learn s");
    return [setup](double t) { return std::pow(noise_at(setup, t), 2); };
}

Weighting velocity(const CappedSpec& spec, const Setup& setup, const Quantity& learned) {
    require(setup.one_sided(), Failure::usage,
            "--weighting velocity is for one-sided interpolants");
    return [spec, setup, &learned](double t) {
        return std::min(std::pow(into_velocity(setup, learned, t), 2), spec.cap);
    };
}

Weighting likelihood(const CappedSpec& spec, const Setup& setup, const Quantity& learned) {
    require(setup.one_sided(), Failure::usage,
            "--weighting likelihood is for one-sided interpolants");
    return [spec, setup, &learned](double t) {
        const double weight = std::pow(into_velocity(setup, learned, t), 2) /
                              epsilon_of_one_network(setup.interpolant.at(t));
        return std::isfinite(weight) ? std::min(weight, spec.cap) : spec.cap;
    };
}

constexpr auto kWeightings = std::to_array<WeightingRow>({
    {"uniform", "the same at all times", spec_of<NoSettings>, from_json<uniform>},
    {"noise", "for the score: sigma(t)^2, so that errors of sigma s are learned",
     spec_of<NoSettings>, from_json<noise>},
    {"velocity", "weighs errors by the error of b that they cause", spec_of<CappedSpec>,
     from_json<velocity>},
    {"likelihood", "weighs errors by their contribution to the bound on KL", spec_of<CappedSpec>,
     from_json<likelihood>},
});

}  // namespace

Catalogue<WeightingRow> weightings() { return {"weighting", kWeightings}; }

}  // namespace si
