#include "si/density/written.hpp"

#include <array>

namespace si {

namespace {

GaussianMixture make_normal(const NoSettings&, Index dim) {
    return GaussianMixture::standard_normal(dim);
}

constexpr auto kDensities = std::to_array<DensityRow>({
    {"normal", "the standard normal N(0, I)", spec_of<NoSettings>, from_json<make_normal>},
    {"gaussian", "one Gaussian", spec_of<GaussianSpec>, from_json<make_gaussian>},
    {"mixture", "a weighted sum of Gaussians", spec_of<MixtureSpec>, from_json<make_mixture>},
    {"point", "one point, to start from", spec_of<PointSpec>, from_json<make_point>},
});

}  // namespace

Catalogue<DensityRow> densities() { return {"density", kDensities}; }

Vector vector_of(const std::vector<double>& numbers, Index dim) {
    const auto size = static_cast<Index>(numbers.size());
    require(size == dim, Failure::data, "must have ", dim, " numbers, has ", size);
    return Eigen::Map<const Vector>(numbers.data(), size);
}

Matrix square_matrix(const NumberRows& rows, Index dim) {
    const auto size = static_cast<Index>(rows.size());
    require(size == dim, Failure::data, "must have ", dim, " rows, has ", size);
    Matrix matrix(dim, dim);
    for (Index i = 0; i < dim; ++i) {
        in_context(text("/", i), [&] { matrix.row(i) = vector_of(rows[i], dim).transpose(); });
    }
    return matrix;
}

Matrix WrittenCovariance::matrix(Index dim) const {
    if (json.is_number()) return json.get<double>() * Matrix::Identity(dim, dim);
    require(json.is_array(), Failure::data, "expected a matrix, a list of variances, or a number");
    if (!json.empty() && json.front().is_array()) {
        return square_matrix(Setting<NumberRows>::from_json(json), dim);
    }
    return vector_of(Setting<std::vector<double>>::from_json(json), dim).asDiagonal();
}

WrittenCovariance Setting<WrittenCovariance>::from_text(std::string_view word) {
    if (const auto variance = parse_real(word)) return {*variance};
    return {Setting<std::vector<double>>::from_text(word)};
}

namespace {

Vector zero_or_vector(const char* place, const std::vector<double>& numbers, Index dim) {
    if (numbers.empty()) return Vector::Zero(dim);
    return in_context(place, [&] { return vector_of(numbers, dim); });
}

}  // namespace

GaussianMixture make_point(const PointSpec& spec, Index dim) {
    return GaussianMixture::point(zero_or_vector("/at", spec.at, dim));
}

GaussianMixture make_gaussian(const GaussianSpec& spec, Index dim) {
    const Vector mean = zero_or_vector("/mean", spec.mean, dim);
    const Matrix covariance = in_context("/covariance", [&] {
        Matrix matrix = spec.covariance.matrix(dim);
        cholesky(matrix);  // checked once more inside, as one of many
        return matrix;
    });
    return {{1.0}, {mean}, {covariance}};
}

GaussianMixture make_mixture(const MixtureSpec& spec, Index dim) {
    std::vector<Vector> means;
    std::vector<Matrix> covariances;
    for (std::size_t k = 0; k < spec.means.size(); ++k) {
        in_context(text("/means/", k), [&] { means.push_back(vector_of(spec.means[k], dim)); });
    }
    for (std::size_t k = 0; k < spec.covariances.size(); ++k) {
        in_context(text("/covariances/", k),
                   [&] { covariances.push_back(spec.covariances[k].matrix(dim)); });
    }
    return {spec.weights, std::move(means), std::move(covariances)};
}

}  // namespace si
