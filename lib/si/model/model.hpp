#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "si/base/catalogue.hpp"
#include "si/coupling/coupling.hpp"
#include "si/density/grid.hpp"
#include "si/density/mixture.hpp"
#include "si/model/quantity.hpp"

// A model: everything needed to sample, to score and to make it again. Its JSON form is
// si-model(5); lib/si/io reads and writes it.

namespace si {

/// Data x and the model's own coordinates y: x = shift + scale y, coordinate by coordinate, or
/// x = shift + factor y with a lower triangular matrix. The latter makes a base N(shift, factor
/// factor^T) into the N(0, I) of a one-sided model.
struct Transform {
    Vector shift, scale;
    std::optional<Matrix> factor = {};  ///< in the place of scale, which is then all ones

    static Transform identity(Index dim);
    /// For a base N(mean, covariance). Throws Failure::data as cholesky() does.
    static Transform whitening(const Vector& mean, const Matrix& covariance);
    bool is_identity() const;
    Matrix to_data(ConstMatrix y) const;
    Matrix from_data(ConstMatrix x) const;
    /// log |det dx/dy|: log rho(x) = log rho(y) - this.
    double log_determinant() const;
};

/// What is known of the law of x0.
struct BaseRow {
    std::string_view name, summary;
    SpecInfo spec;
    std::optional<GaussianMixture> (*make)(const Json& settings, Index dim);
    bool units = true;   ///< it is said in the units of the data; N(0, I) is not
    bool given = false;  ///< x0 is what the fields are conditioned on
};

/// normal, gaussian, mixture, point, samples (known by its samples only), and given: x0 is what
/// the fields are conditioned on, so that a path is one from a point, and has its own x1.
Catalogue<BaseRow> bases();

/// How far learned fields are from exact ones, on a grid of times: estimates of E|b^ - b|^2 and
/// E|s^ - s|^2 at t (si-train makes them from held-out samples). Empty when nobody looked.
struct FieldErrors {
    std::vector<double> t, b, s;
    std::vector<double> b_stderr = {}, s_stderr = {};  ///< of the estimates; empty when exact
};

struct Model {
    Index dim = 0;
    std::vector<Index> shape;  ///< of one sample; its product is dim
    InterpolantSpec interpolant;
    Choice<bases> base{"normal"};
    bool independent = true;  ///< x0 and x1 were drawn apart; else there is no one-sided score
    /// For x0 that is made from x1: how.
    std::optional<Choice<couplings>> source;
    Json field;  ///< {"kind": ..., settings}, as field_kinds() reads it
    Transform transform;
    Eigen::VectorXf parameters;  ///< of a network field, flat; else empty
    /// The uniform noise that training added to the target (--dequantize).
    Grid dequantize;
    /// Why the law of the training set has no density, in the words of Degenerate::sentences().
    std::vector<std::string> no_density;
    /// Checksums (CRC-32C of the numbers as float64, as eight digits) of the sets of samples that
    /// training read, those it held out included.
    std::vector<std::string> trained_on;
    /// Part of the labels that training left out; nothing where no training is recorded.
    std::optional<double> label_dropout;
    /// The fields are those of a Schroedinger bridge, whose own noise is (gamma gamma')(0).
    bool bridge = false;
    FieldErrors errors;           ///< of the learned fields, in the model's coordinates
    Json about = Json::object();  ///< provenance: training spec, seed, command, history

    /// The base in the model's coordinates, where its density is known.
    std::optional<GaussianMixture> base_density() const;
    /// x0 is N(0, I), drawn apart from x1, and there is no latent.
    bool one_sided() const;
    /// The fields are conditioned on x0.
    bool given_start() const { return base.row().given; }
    /// Samples at t = 0 are N(0, I) in files too, whatever the units of the data.
    bool base_has_no_units() const { return one_sided() && !transform.factor; }
    Setup setup() const;
    /// How x0 is made from x1, in the model's coordinates; null where it is not.
    std::shared_ptr<const Corruption> corruption() const;
};

/// A kind of field. `make` copies what it needs of the model.
struct FieldRow {
    std::string_view name, summary;
    SpecInfo spec;
    std::function<std::shared_ptr<const Field>(const Json& settings, const Model& model)> make;
};

/// network, bridge, and the closed_fields().
Catalogue<FieldRow> field_kinds();

/// The fields of a model, in its own coordinates. Throws Failure::data with a JSON pointer.
std::shared_ptr<const Field> make_field(const Model& model);

/// Rewrites fields from the model's coordinates to the data's; div s has no such rule, and is
/// left alone. (eta is a property of z, which has no other coordinates, and so is x0 where the
/// base has no units.)
void to_data_coordinates(const Model& model, unsigned want, FieldValues& values);

}  // namespace si
