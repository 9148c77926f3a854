#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "si/interpolant/exact.hpp"

// Densities and interpolants that several tests share.

namespace si::examples {

inline Interpolant interpolant(std::string_view path, std::string_view gamma) {
    return Interpolant({.path = path, .gamma = gamma});
}

inline GaussianMixture on_a_line(const std::vector<double>& weights,
                                 const std::vector<double>& means,
                                 const std::vector<double>& variances) {
    std::vector<Vector> centres;
    std::vector<Matrix> covariances;
    for (const double mean : means) centres.emplace_back(Vector::Constant(1, mean));
    for (const double variance : variances) {
        covariances.emplace_back(Matrix::Constant(1, 1, variance));
    }
    return {weights, centres, covariances};
}

/// The two ends of the paper's one-dimensional figures.
inline GaussianMixture two_modes() { return on_a_line({0.5, 0.5}, {-3, 3}, {0.25, 0.25}); }
inline GaussianMixture three_modes() {
    return on_a_line({1.0 / 3, 1.0 / 3, 1.0 / 3}, {-6, 0, 6}, {0.5, 0.33, 0.5});
}

/// Mixtures in three dimensions whose covariances do not commute.
inline GaussianMixture spatial_base() {
    Matrix a(3, 3), b(3, 3);
    a << 1.0, 0.3, -0.2, 0.3, 0.7, 0.1, -0.2, 0.1, 1.4;
    b << 0.5, -0.2, 0.0, -0.2, 1.2, 0.4, 0.0, 0.4, 0.8;
    return {{0.4, 0.6}, {Vector{{-1, 0.5, 0}}, Vector{{1, 0, -0.5}}}, {a, b}};
}
inline GaussianMixture spatial_target() {
    Matrix a(3, 3), b(3, 3), c(3, 3);
    a << 0.6, 0.2, 0.1, 0.2, 0.9, -0.3, 0.1, -0.3, 0.5;
    b << 1.1, -0.4, 0.2, -0.4, 0.6, 0.0, 0.2, 0.0, 0.7;
    c << 0.4, 0.0, 0.1, 0.0, 0.4, -0.1, 0.1, -0.1, 0.9;
    return {
        {0.3, 0.5, 0.2}, {Vector{{2, 1, -1}}, Vector{{-1, -2, 1}}, Vector{{0, 2, 2}}}, {a, b, c}};
}

/// The names of all rows, and spellings with settings that show what a row can do.
template <class Row>
std::vector<std::string> spellings(const Catalogue<Row>& rows, std::vector<std::string> more) {
    std::vector<std::string> list = rows.names();
    list.insert(list.end(), more.begin(), more.end());
    return list;
}

/// Calls visit(interpolant, its name) for every path with every latent that it accepts.
template <class Visit>
void for_each_interpolant(Visit&& visit) {
    for (const auto& path : spellings(
             paths(), {"polynomial,n=1.5", "fourier,alpha=0.2:-0.1,beta=-0.1:0.05:0.1",
                       "custom,alpha=sqrt(1-t^2),beta=sin(pi/2*t)",
                       "table,t=0:0.2:0.5:0.7:1,alpha=1:0.7:0.6:0.2:0,beta=0:0.1:0.4:0.8:1"})) {
        for (const auto& gamma :
             spellings(gammas(), {"quadratic,scale=2", "sigmoid,scale=0.5",
                                  "custom,gamma=sqrt(t*(1-t)*(1+t)^2)", "custom,gamma=sin(pi*t)/3",
                                  "table,t=0:0.3:0.6:1,variance=0:0.1:0.2:0"})) {
            std::optional<Interpolant> both;
            try {
                both = interpolant(path, gamma);
            } catch (const Error& error) {
                if (error.kind() != Failure::usage) throw;
                continue;
            }
            visit(*both, text(path, " with ", gamma));
        }
    }
}

/// The base that goes with a target: `base`, or with path mirror the target itself.
inline const GaussianMixture& base_for(const Interpolant& interpolant, const GaussianMixture& base,
                                       const GaussianMixture& target) {
    return interpolant.mirror() ? target : base;
}

inline FieldValues evaluate(const Field& field, double t, ConstMatrix x, unsigned want) {
    FieldValues out;
    (*field.evaluator())(Vector::Constant(x.cols(), t), x, want, out);
    return out;
}

/// f'(0) of a smooth f by the five-point rule, with error h^4 f^(5) / 30.
template <class F>
auto derivative(const F& f, double h) {
    using Value = decltype(f(h));
    const Value inner = f(h) - f(-h), outer = f(2 * h) - f(-2 * h);
    return Value((8 * inner - outer) / (12 * h));
}

}  // namespace si::examples
