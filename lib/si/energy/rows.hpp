#pragma once

#include "si/density/written.hpp"
#include "si/energy/potential.hpp"

// What makes the rows of potentials(), each in a source of its own.

namespace si {

using MadeFunction = std::unique_ptr<const PointFunction>;
using SampleShape = std::vector<Index>;

struct GaussianPotentialSpec : GaussianSpec, ValueUnits {
    static constexpr auto fields() {
        return std::tuple_cat(GaussianSpec::fields(), ValueUnits::fields());
    }
};
MadeFunction make_gaussian_potential(const GaussianPotentialSpec& spec, const SampleShape& shape);

struct MixturePotentialSpec : ValueUnits {
    std::string file;
    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{field("file", &MixturePotentialSpec::file,
                             "JSON density: {\"kind\": \"mixture\", \"weights\", \"means\", "
                             "\"covariances\"}, or gaussian")
                           .value("FILE")},
            ValueUnits::fields());
    }
};
MadeFunction make_mixture_potential(const MixturePotentialSpec& spec, const SampleShape& shape);

struct Phi4Spec : ValueUnits {
    std::vector<Index> lattice;
    double m2 = -1, lambda = 0.8, umbrella = 0, centre = 0;
    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{
                field("lattice", &Phi4Spec::lattice, "Its sizes, as in 16:16", kPositive),
                field("m2", &Phi4Spec::m2, "Factor of phi^2"),
                field("lambda", &Phi4Spec::lambda, "Factor of phi^4", kNonNegative),
                field("umbrella", &Phi4Spec::umbrella,
                      "Strength of umbrella/2 (M - centre)^2, M the mean of phi", kNonNegative),
                field("centre", &Phi4Spec::centre, "Centre of the umbrella")},
            ValueUnits::fields());
    }
};
MadeFunction make_phi4(const Phi4Spec& spec, const SampleShape& shape);

struct LennardJonesSpec : ValueUnits {
    Index particles = 0;
    double epsilon = 1, sigma = 1, oscillator = 1;
    std::string pairs = "once";
    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{
                field("particles", &LennardJonesSpec::particles, "Number of particles", kPositive),
                field("epsilon", &LennardJonesSpec::epsilon, "Depth of a pair's well",
                      kNonNegative),
                field("sigma", &LennardJonesSpec::sigma, "Distance at which a pair's energy is 0",
                      kPositive),
                field("oscillator", &LennardJonesSpec::oscillator,
                      "k of the k/2 |x|^2 that holds each particle near the origin", kNonNegative),
                field("pairs", &LennardJonesSpec::pairs,
                      "How often each pair counts; twice is a published benchmark", one_of(+[] {
                          return std::vector<std::string>{"once", "twice"};
                      }))},
            ValueUnits::fields());
    }
};
MadeFunction make_lennard_jones(const LennardJonesSpec& spec, const SampleShape& shape);

struct WellSpec : ValueUnits {
    double quartic = 1, quadratic = -6, linear = -0.5;
    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{field("quartic", &WellSpec::quartic, "Factor of x1^4", kPositive),
                       field("quadratic", &WellSpec::quadratic, "Factor of x1^2"),
                       field("linear", &WellSpec::linear, "Factor of x1")},
            ValueUnits::fields());
    }
};
MadeFunction make_double_well(const WellSpec& spec, const SampleShape& shape);
MadeFunction make_many_well(const WellSpec& spec, const SampleShape& shape);

struct FormulaSpec : ValueUnits {
    std::string u;
    static constexpr auto fields() {
        return std::tuple_cat(
            std::tuple{field("u", &FormulaSpec::u,
                             "Formula in x1, x2, ..., with + - * / ^, sin cos tan exp log sqrt abs "
                             "tanh sinh cosh, pi and e")
                           .value("FORMULA")},
            ValueUnits::fields());
    }
};
MadeFunction make_formula(const FormulaSpec& spec, const SampleShape& shape);

/// The product of a shape.
Index dimension_of(const SampleShape& shape);

}  // namespace si
