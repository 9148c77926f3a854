#include "si/energy/potential.hpp"

#include <cmath>
#include <limits>

#include "si/energy/rows.hpp"

namespace si {
namespace {

constexpr double kNoDensity = std::numeric_limits<double>::infinity();

constexpr auto kPotentials = std::to_array<PotentialRow>({
    {.name = "gaussian",
     .summary = "a Gaussian, normalised",
     .spec = spec_of<GaussianPotentialSpec>,
     .nature = Nature::energy,
     .make = from_json<make_gaussian_potential>},
    {.name = "mixture",
     .summary = "a mixture of Gaussians from a file, normalised",
     .spec = spec_of<MixturePotentialSpec>,
     .nature = Nature::energy,
     .make = from_json<make_mixture_potential>},
    {.name = "phi4",
     .summary = "a scalar field on a periodic lattice: sum over x of sum over mu of (phi_{x+mu} - "
                "phi_x)^2 + m2 phi^2 + lambda phi^4",
     .spec = spec_of<Phi4Spec>,
     .nature = Nature::energy,
     .make = from_json<make_phi4>},
    {.name = "lennard-jones",
     .summary =
         "particles with 4 epsilon ((sigma/r)^12 - (sigma/r)^6) a pair, held near the origin",
     .spec = spec_of<LennardJonesSpec>,
     .nature = Nature::energy,
     .make = from_json<make_lennard_jones>},
    {.name = "double-well",
     .summary = "two wells along x1, and x_k^2/2 along the others",
     .spec = spec_of<WellSpec>,
     .nature = Nature::energy,
     .make = from_json<make_double_well>},
    {.name = "many-well",
     .summary = "a double well for each pair of coordinates",
     .spec = spec_of<WellSpec>,
     .nature = Nature::energy,
     .make = from_json<make_many_well>},
    {.name = "expression",
     .summary = "a formula in x1, x2, ...",
     .spec = spec_of<FormulaSpec>,
     .nature = Nature::neutral,
     .make = from_json<make_formula>},
});

std::string shown_point(ConstVector x) {
    constexpr Index kMost = 6;
    std::vector<std::string> words;
    for (Index i = 0; i < std::min(x.size(), kMost); ++i) words.push_back(rounded(x[i], 6));
    return text("(", join(words, ", "), x.size() > kMost ? ", ..." : "", ")");
}

}  // namespace

Catalogue<PotentialRow> potentials() { return {"potential", kPotentials}; }

Index dimension_of(const SampleShape& shape) {
    Index d = 1;
    for (const Index size : shape) d *= size;
    return d;
}

ScalarPotential::ScalarPotential(const Choice<potentials>& choice, const std::vector<Index>& shape,
                                 Meaning meaning)
    : name_(choice.kind()), meaning_(meaning) {
    const auto& row = choice.row();
    function_ = in_context(row.name, [&] { return choice.make(shape); });
    const Json settings = choice.settings();
    const ValueUnits units{settings.at("kt").get<double>(), settings.at("offset").get<double>()};
    const bool turned = (row.nature == Nature::energy && meaning == Meaning::reward) ||
                        (row.nature == Nature::log_probability && meaning == Meaning::energy);
    factor_ = (turned ? -1 : 1) / units.kt;
    offset_ = units.offset;
}

void ScalarPotential::finish(ConstMatrix x, Vector& values, Matrix* gradients, Index first) const {
    const double allowed = meaning_ == Meaning::energy ? kNoDensity : -kNoDensity;
    for (Index j = 0; j < values.size(); ++j) {
        double& value = values[j];
        value = factor_ * value + offset_;
        if (gradients != nullptr) gradients->col(j) *= factor_;
        if (std::isfinite(value)) continue;
        require(value == allowed, Failure::data, name_, ": sample ", first + j + 1, ", at ",
                shown_point(x.col(j)), ": is ", value);
        if (gradients != nullptr) gradients->col(j).setZero();
    }
}

Vector ScalarPotential::values(ConstMatrix x, Index first) const {
    Vector values(x.cols());
    function_->evaluate(x, values, nullptr);
    finish(x, values, nullptr, first);
    return values;
}

Vector ScalarPotential::values(ConstMatrix x, Matrix& gradients, Index first) const {
    require(has_gradient(), Failure::internal, name_, ": has no gradient");
    Vector values(x.cols());
    gradients.resize(x.rows(), x.cols());
    function_->evaluate(x, values, &gradients);
    finish(x, values, &gradients, first);
    return values;
}

}  // namespace si
