#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/density/mixture.hpp"

// Densities and numbers as a person writes them in a JSON file.

namespace si {

using NumberRows = std::vector<std::vector<double>>;

/// A list of `dim` rows of `dim` numbers. Throws Failure::data: "/2: must have 3 numbers, has 2".
Matrix square_matrix(const NumberRows& rows, Index dim);

/// A list of `dim` numbers. Throws Failure::data.
Vector vector_of(const std::vector<double>& numbers, Index dim);

/// A covariance as written: a matrix [[...]...], a list of variances, or one variance for all.
struct WrittenCovariance {
    Json json = 1;

    /// Throws Failure::data when it does not fit `dim`.
    Matrix matrix(Index dim) const;
};

template <>
struct Setting<WrittenCovariance> {
    static std::string value() { return "MATRIX"; }
    static WrittenCovariance from_text(std::string_view word);
    static WrittenCovariance from_json(const Json& node) { return {node}; }
    static Json to_json(const WrittenCovariance& v) { return v.json; }
};

struct GaussianSpec {
    std::vector<double> mean;
    WrittenCovariance covariance;

    static constexpr auto fields() {
        return std::tuple{field("mean", &GaussianSpec::mean, "Mean; zero by default"),
                          field("covariance", &GaussianSpec::covariance,
                                "A matrix, a list of variances, or one variance")};
    }
};

struct MixtureSpec {
    std::vector<double> weights;
    NumberRows means;
    std::vector<WrittenCovariance> covariances;

    static constexpr auto fields() {
        return std::tuple{
            field("weights", &MixtureSpec::weights, "Weights, with sum 1"),
            field("means", &MixtureSpec::means, "Mean of each component"),
            field("covariances", &MixtureSpec::covariances,
                  "For each component a matrix, a list of variances, or one variance")};
    }
};

struct PointSpec {
    std::vector<double> at;

    static constexpr auto fields() {
        return std::tuple{field("at", &PointSpec::at, "The point; zero by default")};
    }
};

/// Throw Failure::data with the place: "/covariances/1: not positive definite".
GaussianMixture make_gaussian(const GaussianSpec& spec, Index dim);
GaussianMixture make_mixture(const MixtureSpec& spec, Index dim);
GaussianMixture make_point(const PointSpec& spec, Index dim);

struct DensityRow {
    std::string_view name, summary;
    SpecInfo spec;
    GaussianMixture (*make)(const Json& settings, Index dim);
};

/// Densities in closed form, in `dim` dimensions: normal, gaussian, mixture; and a point.
Catalogue<DensityRow> densities();

}  // namespace si
