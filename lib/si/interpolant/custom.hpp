#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "si/interpolant/interpolant.hpp"

// Paths and latents that a user brings along, as formulas or as numbers at knots.
//
// Fields use alpha alpha' and gamma gamma', which stay finite where the slope of a square root
// does not. A formula that is sqrt(E) as a whole is therefore read as its square: the products
// are E'/2. A table of a latent holds gamma^2 for the same reason.

namespace si {

struct CustomPathSpec {
    std::string alpha = "1-t", beta = "t";
    static constexpr auto fields() {
        return std::tuple{
            field("alpha", &CustomPathSpec::alpha, "Formula for alpha, from 1 at t=0 to 0 at t=1")
                .value("FORMULA"),
            field("beta", &CustomPathSpec::beta, "Formula for beta, from 0 at t=0 to 1 at t=1")
                .value("FORMULA")};
    }
};

struct CustomGammaSpec {
    std::string gamma = "sqrt(t*(1-t))";
    static constexpr auto fields() {
        return std::tuple{
            field("gamma", &CustomGammaSpec::gamma,
                  "0 at t=0 and t=1, positive between; write sqrt(...) if it is steep there")
                .value("FORMULA")};
    }
};

struct TablePathSpec {
    std::vector<double> t{0, 0.5, 1}, alpha{1, 0.5, 0}, beta{0, 0.5, 1};
    static constexpr auto fields() {
        return std::tuple{
            field("t", &TablePathSpec::t, "Knots from 0 to 1"),
            field("alpha", &TablePathSpec::alpha, "Values of alpha at the knots, from 1 to 0"),
            field("beta", &TablePathSpec::beta, "Values of beta at the knots, from 0 to 1")};
    }
};

struct TableGammaSpec {
    std::vector<double> t{0, 0.5, 1}, variance{0, 0.25, 0};
    static constexpr auto fields() {
        return std::tuple{field("t", &TableGammaSpec::t, "Knots from 0 to 1"),
                          field("variance", &TableGammaSpec::variance,
                                "Values of gamma^2 at the knots, 0 at both ends")};
    }
};

/// These throw Failure::usage, naming what to write instead, unless the values at the ends hold
/// within 1e-12 (they are exact from then on), everything is finite that the fields need, and
/// gamma is positive inside. Columns count from 1: "path custom: alpha: column 3: expected ')'".
Path custom_path(const CustomPathSpec& spec);
Gamma custom_gamma(const CustomGammaSpec& spec);
Path table_path(const TablePathSpec& spec);
Gamma table_gamma(const TableGammaSpec& spec);

}  // namespace si
